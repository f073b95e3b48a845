//===- NNModel.cpp - nn.model and nn.parameter ------------------*- C++ -*-===//

#include "aceso/Dialect/NN/ModelLike.h"
#include "aceso/Dialect/NN/NN.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

ParseResult ModelOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseModelLike<ModelOp>(parser, result);
}

void ModelOp::print(OpAsmPrinter &printer) { printModelLike(*this, printer); }

void ModelOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setNameFn) {
  nameInputs(*this, region, setNameFn);
}

/// M6, as far as it is said by an attribute: a name is a string.
LogicalResult NNDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index,
                                                  NamedAttribute attribute) {
  if (attribute.getName() != getInputNameAttrName())
    return op->emitOpError("gives argument ") << index << " the attribute " << attribute.getName()
                                              << ", but nn knows only " << getInputNameAttrName();
  auto name = dyn_cast<StringAttr>(attribute.getValue());
  if (!name || name.empty())
    return op->emitOpError("names argument ")
           << index << " " << attribute.getValue() << ", which must be a string that is not empty";
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
    if (!isa<ParameterOp>(op) && !isUnit(&op))
      return op.emitOpError("stands in a model, which holds parameters and units of planning only");
  return success();
}

LogicalResult ModelOp::verifyRegions() {
  return success(succeeded(verifyReturn(*this)) && succeeded(verifyInputs(*this)) &&
                 succeeded(verifyContents(*this)) && succeeded(verifyPaths(*this)) &&
                 succeeded(verifyUses(*this)) && succeeded(verifyBatchIsDynamic(*this)));
}

/// M5: a parameter has a path and a static shape.
LogicalResult ParameterOp::verify() {
  if (getPath().empty())
    return emitOpError("needs a path: it names the parameter in checkpoints");
  auto type = cast<RankedTensorType>(getValue().getType());
  if (!type.hasStaticShape())
    return emitOpError("has a dynamic shape; a parameter's is static");
  // Far from where sums over all parameters would overflow.
  constexpr int64_t mostElements = int64_t(1) << 48;
  int64_t elements = 1;
  for (int64_t size : type.getShape())
    if (__builtin_mul_overflow(elements, size, &elements) || elements > mostElements)
      return emitOpError("has more than 2^48 elements");
  return success();
}
