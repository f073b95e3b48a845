//===- ExecRecompute.cpp - Pass exec-recompute ------------------*- C++ -*-===//
//
// Clones of dropped forward values in front of their backward use. (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#include "aceso/Cost/ModelFacts.h"
#include "aceso/Dialect/Exec/Transforms/Passes.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECRECOMPUTEPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

namespace {

struct ExecRecomputePass : aceso::exec::impl::ExecRecomputePassBase<ExecRecomputePass> {
  void runOnOperation() override {
    clones.clear();
    dropped.clear();
    llvm::SmallVector<Operation *> backward;
    for (Operation &op : getOperation().getBody().front())
      if (AtAttr at = getAt(&op); at && at.getPhase() == Phase::Backward && !at.getRecomputed())
        backward.push_back(&op);
    for (Operation *op : backward) {
      OpBuilder builder(op);
      for (OpOperand &operand : op->getOpOperands())
        if (isDropped(operand.get()))
          operand.set(recompute(operand.get(), builder));
    }
  }

private:
  /// Whether a forward value is not kept for backward.
  bool isDropped(Value value) {
    auto [it, isNew] = dropped.try_emplace(value, false);
    if (isNew)
      it->second = decideDropped(value);
    return dropped[value];
  }

  static bool decideDropped(Value value) {
    auto producer = dyn_cast_if_present<nn::NNOp>(value.getDefiningOp());
    if (!producer || isa<nn::SumOp>(producer))
      return false;
    AtAttr at = getAt(producer);
    par::ShardAttr shard = par::getShard(producer);
    if (!at || at.getPhase() != Phase::Forward || !shard || !shard.isRecomputed())
      return false;
    std::string_view block = blockOfPath(producer.getPath());
    for (Operation *user : value.getUsers()) {
      if (getAt(user).getStage() != at.getStage())
        continue; // a copy to another stage: sent in forward
      auto unit = dyn_cast<nn::NNOp>(user);
      if (!unit || blockOfPath(unit.getPath()) != block)
        return false;
    }
    return true;
  }

  Value recompute(Value value, OpBuilder &builder) {
    if (Value clone = clones.lookupOrNull(value))
      return clone;
    Operation *op = value.getDefiningOp();
    IRMapping operands;
    for (Value operand : op->getOperands())
      if (isDropped(operand))
        operands.map(operand, recompute(operand, builder));
    Operation *clone = builder.clone(*op, operands);
    clone->setAttr(AtAttr::attrName, AtAttr::get(op->getContext(), getAt(op).getStage(),
                                                 Phase::Backward, /*recomputed=*/true));
    clones.map(op->getResults(), clone->getResults());
    return clones.lookup(value);
  }

  llvm::DenseMap<Value, bool> dropped;
  IRMapping clones;
};

} // namespace
