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

/// M6: inputs have different names.
LogicalResult NNDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index,
                                                  NamedAttribute attribute) {
  if (attribute.getName() != getInputNameAttrName())
    return op->emitOpError("gives argument ") << index << " the attribute " << attribute.getName()
                                              << ", but nn knows only " << getInputNameAttrName();
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

/// M1: a model ends in nn.return of the loss type that it declares.
static LogicalResult verifyReturn(ModelOp model) {
  auto ret = dyn_cast<ReturnOp>(model.getBody().front().getTerminator());
  if (!ret)
    return model.emitOpError("must end in nn.return");
  Type loss = ret.getLoss().getType();
  if (model.getResultTypes().size() != 1 || model.getResultTypes().front() != loss)
    return ret.emitOpError("returns ")
           << loss << ", but the model declares results " << model.getResultTypes();
  return success();
}

/// M2: a model holds parameters and units of planning, nothing else.
static LogicalResult verifyContents(ModelOp model) {
  for (Operation &op : model.getBody().front().without_terminator())
    if (!isa<ParameterOp>(op) && (!isa<NNOp>(op) || op.hasTrait<GradientOp>()))
      return op.emitOpError("stands in a model, which holds parameters and units of planning only");
  return success();
}

/// M3: paths are unique among units and among parameters.
static LogicalResult verifyPaths(ModelOp model) {
  llvm::StringMap<Operation *> unitPaths, parameterPaths;
  for (Operation &op : model.getBody().front().without_terminator()) {
    auto parameter = dyn_cast<ParameterOp>(op);
    StringRef path = parameter ? parameter.getPath() : cast<NNOp>(op).getPath();
    auto [it, inserted] = (parameter ? parameterPaths : unitPaths).try_emplace(path, &op);
    if (inserted)
      continue;
    InFlightDiagnostic diag = op.emitOpError("has the path \"")
                              << path << "\" of an earlier " << (parameter ? "parameter" : "unit")
                              << "; paths are unique in a model";
    diag.attachNote(it->second->getLoc()) << "the earlier one is here";
    return diag;
  }
  return success();
}

/// M4: every parameter and every unit is used. One that is not would be dropped by any cleanup, and
/// its path would silently be missing from checkpoints.
static LogicalResult verifyUses(ModelOp model) {
  for (Operation &op : model.getBody().front().without_terminator())
    if (op.use_empty())
      return op.emitOpError("is not used: nothing that it gives reaches the loss");
  return success();
}

LogicalResult ModelOp::verifyRegions() {
  return success(succeeded(verifyReturn(*this)) && succeeded(verifyContents(*this)) &&
                 succeeded(verifyPaths(*this)) && succeeded(verifyUses(*this)));
}

/// M5: a parameter has a path and a static shape.
LogicalResult ParameterOp::verify() {
  if (getPath().empty())
    return emitOpError("needs a path: it names the parameter in checkpoints");
  if (!cast<RankedTensorType>(getValue().getType()).hasStaticShape())
    return emitOpError("has a dynamic shape; a parameter's is static");
  return success();
}
