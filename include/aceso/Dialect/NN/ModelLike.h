//===- ModelLike.h - What nn.model, par.plan and exec.graph share -*- C++ -*-===//
//
// All three are functions from the inputs of a step to its loss, with parameters by value. Here are
// their syntax and the invariants that hold for more than one of them.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_DIALECT_NN_MODELLIKE_H
#define ACESO_DIALECT_NN_MODELLIKE_H

#include "aceso/Dialect/NN/NNInterfaces.h"

#include "mlir/Interfaces/FunctionImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace aceso::nn {

/// `@name(%x: type {nn.name = "x"}) -> type attributes {...} { ... }`.
template <typename Op>
mlir::ParseResult parseModelLike(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  auto buildType = [](mlir::Builder &builder, llvm::ArrayRef<mlir::Type> arguments,
                      llvm::ArrayRef<mlir::Type> results,
                      mlir::function_interface_impl::VariadicFlag,
                      std::string &) { return builder.getFunctionType(arguments, results); };
  return mlir::function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, Op::getFunctionTypeAttrName(result.name), buildType,
      Op::getArgAttrsAttrName(result.name), Op::getResAttrsAttrName(result.name));
}
template <typename Op> void printModelLike(Op op, mlir::OpAsmPrinter &printer) {
  mlir::function_interface_impl::printFunctionOp(
      printer, op, /*isVariadic=*/false, op.getFunctionTypeAttrName(), op.getArgAttrsAttrName(),
      op.getResAttrsAttrName());
}

/// The name of an input: the argument attribute nn.name, else "input<index>".
std::string inputName(mlir::FunctionOpInterface model, unsigned index);
/// Prints the inputs that have one under their nn.name.
void nameInputs(mlir::FunctionOpInterface model, mlir::Region &region,
                mlir::OpAsmSetValueNameFn setNameFn);

/// M3 (C9): paths are unique among units and among parameters, and no parameter is called like an
/// input.
mlir::LogicalResult verifyPaths(mlir::FunctionOpInterface model);
/// M4 (C12): every parameter and every result of a unit is used.
mlir::LogicalResult verifyUses(mlir::FunctionOpInterface model);
/// M6 (C13, G5): inputs are tensors of different names.
mlir::LogicalResult verifyInputs(mlir::FunctionOpInterface model);
/// M7 (C14): the batch of every unit is dynamic.
mlir::LogicalResult verifyBatchIsDynamic(mlir::FunctionOpInterface model);

} // namespace aceso::nn

#endif // ACESO_DIALECT_NN_MODELLIKE_H
