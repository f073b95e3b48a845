//===- NNModel.cpp - nn.model and nn.parameter ------------------*- C++ -*-===//

#include "aceso/Dialect/NN/NN.h"

#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

ParseResult ModelOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> arguments, ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag,
                      std::string &) { return builder.getFunctionType(arguments, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void ModelOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false,
                                           getFunctionTypeAttrName(), getArgAttrsAttrName(),
                                           getResAttrsAttrName());
}

void nn::nameInputs(FunctionOpInterface model, Region &region, OpAsmSetValueNameFn setNameFn) {
  for (BlockArgument argument : region.getArguments())
    if (auto name = model.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                       NNDialect::getInputNameAttrName()))
      setNameFn(argument, name);
}

void ModelOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setNameFn) {
  nameInputs(*this, region, setNameFn);
}

LogicalResult NNDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index,
                                                  NamedAttribute attribute) {
  if (attribute.getName() != getInputNameAttrName())
    return op->emitOpError("gives argument ")
           << index << " the attribute " << attribute.getName()
           << ", which nn does not know; it knows " << getInputNameAttrName();
  auto name = dyn_cast<StringAttr>(attribute.getValue());
  if (!name || name.empty())
    return op->emitOpError("names argument ")
           << index << " " << attribute.getValue() << ", which must be a string that is not empty";
  auto model = cast<FunctionOpInterface>(op);
  for (unsigned earlier = 0; earlier < index; ++earlier)
    if (model.getArgAttr(earlier, attribute.getName()) == name)
      return op->emitOpError("names arguments ") << earlier << " and " << index << " " << name;
  return success();
}

/// M1: the body ends in nn.return of the declared loss type. M2: every nn op and parameter has a
/// path of its own, parameters apart from ops.
LogicalResult ModelOp::verifyRegions() {
  Block &body = getBody().front();
  auto ret = dyn_cast<ReturnOp>(body.getTerminator());
  if (!ret)
    return emitOpError("must end in nn.return");
  if (getResultTypes().size() != 1 || getResultTypes().front() != ret.getLoss().getType())
    return ret.emitOpError("returns ")
           << ret.getLoss().getType() << ", but the model declares " << getFunctionType();
  llvm::StringMap<Operation *> opPaths, parameterPaths;
  for (Operation &op : body) {
    auto parameter = dyn_cast<ParameterOp>(op);
    auto unit = dyn_cast<NNOp>(op);
    if (!parameter && !unit)
      continue;
    StringRef path = parameter ? parameter.getPath() : unit.getPath();
    auto [it, inserted] = (parameter ? parameterPaths : opPaths).try_emplace(path, &op);
    if (inserted)
      continue;
    InFlightDiagnostic diag = op.emitOpError("has the path \"")
                              << path << "\" of an earlier " << (parameter ? "parameter" : "op")
                              << "; paths are unique in a model";
    diag.attachNote(it->second->getLoc()) << "the earlier one is here";
    return diag;
  }
  return success();
}

LogicalResult ParameterOp::verify() {
  if (getPath().empty())
    return emitOpError("needs a path: it names the parameter in checkpoints");
  if (!cast<RankedTensorType>(getValue().getType()).hasStaticShape())
    return emitOpError("has a dynamic shape; a parameter's is static");
  return success();
}
