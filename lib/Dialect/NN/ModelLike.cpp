//===- ModelLike.cpp - What nn.model, par.plan and exec.graph share -*- C++ -*-===//

#include "aceso/Dialect/NN/ModelLike.h"

#include "aceso/Dialect/NN/NN.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

static StringAttr givenName(FunctionOpInterface model, unsigned index) {
  return model.getArgAttrOfType<StringAttr>(index, NNDialect::getInputNameAttrName());
}

std::string nn::inputName(FunctionOpInterface model, unsigned index) {
  StringAttr name = givenName(model, index);
  return name ? name.str() : "input" + std::to_string(index);
}

void nn::nameInputs(FunctionOpInterface model, Region &region, OpAsmSetValueNameFn setNameFn) {
  for (BlockArgument argument : region.getArguments())
    if (StringAttr name = givenName(model, argument.getArgNumber()))
      setNameFn(argument, name);
}

LogicalResult nn::verifyPaths(FunctionOpInterface model) {
  llvm::StringMap<Operation *> unitPaths, parameterPaths;
  llvm::StringMap<unsigned> inputs;
  for (unsigned index = 0; index < model.getNumArguments(); ++index)
    inputs.try_emplace(inputName(model, index), index);
  for (Operation &op : model.getFunctionBody().front()) {
    auto parameter = dyn_cast<ParameterOp>(op);
    auto unit = dyn_cast<NNOp>(op);
    if (!parameter && !unit)
      continue;
    StringRef path = parameter ? parameter.getPath() : unit.getPath();
    if (auto input = inputs.find(path); parameter && input != inputs.end())
      return op.emitOpError("has the path \"") << path << "\", which is the name of argument "
                                               << input->second << "; give one another name";
    auto [it, isNew] = (parameter ? parameterPaths : unitPaths).try_emplace(path, &op);
    if (isNew)
      continue;
    InFlightDiagnostic diag = op.emitOpError("has the path \"")
                              << path << "\" of an earlier " << (parameter ? "parameter" : "unit")
                              << "; paths are unique";
    diag.attachNote(it->second->getLoc()) << "the earlier one is here";
    return diag;
  }
  return success();
}

/// What is not used would be dropped by any clean-up, and a path be missing from checkpoints; and a
/// result that does not reach the loss has no gradient.
LogicalResult nn::verifyUses(FunctionOpInterface model) {
  for (Operation &op : model.getFunctionBody().front())
    for (OpResult result : op.getResults()) {
      if (!result.use_empty())
        continue;
      if (op.getNumResults() == 1)
        return op.emitOpError("is not used: nothing that it gives reaches the loss");
      return op.emitOpError("gives a result ")
             << result.getResultNumber() << " that is not used: it does not reach the loss";
    }
  return success();
}

static bool isNumber(Type type) {
  return type.isF16() || type.isBF16() || type.isF32() || type.isF64() ||
         type.isSignlessInteger(32) || type.isSignlessInteger(64);
}

LogicalResult nn::verifyInputs(FunctionOpInterface model) {
  llvm::StringMap<unsigned> names;
  for (auto [index, type] : llvm::enumerate(model.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getEncoding() || !isNumber(tensor.getElementType()))
      return model->emitOpError("takes argument ")
             << index << " of type " << type
             << "; an input is a tensor of f16, bf16, f32, f64, i32 or i64";
    std::string name = inputName(model, index);
    if (auto [earlier, isNew] = names.try_emplace(name, index); !isNew)
      return model->emitOpError("names arguments ")
             << earlier->second << " and " << index << " \"" << name << "\"";
  }
  return success();
}

/// A plan sets the micro-batch: what is fixed before could contradict it.
LogicalResult nn::verifyBatchIsDynamic(FunctionOpInterface model) {
  for (auto unit : model.getFunctionBody().front().getOps<NNOp>()) {
    Signature signature = unit.getSignature();
    if (auto batch = signature.extents.find(batchLetter);
        batch != signature.extents.end() && batch->second != dynamicExtent)
      return unit.emitOpError("\"")
             << unit.getPath() << "\" has a batch (letter " << batchLetter << ") of "
             << batch->second << "; it must be dynamic (?), for the plan sets it";
  }
  return success();
}
