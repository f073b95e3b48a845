//===- ExecRelease.cpp - Pass exec-release ----------------------*- C++ -*-===//

#include "aceso/Dialect/Exec/Transforms/Passes.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECRELEASEPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

/// Slots that live from step to step.
static bool isState(SlotRole role) {
  return role == SlotRole::Parameter || role == SlotRole::Moment1 || role == SlotRole::Moment2;
}

/// Each value of the segment is released behind its last use (behind its definition if it has
/// none).
static void releaseValues(SegmentOp segment) {
  Block &body = segment.getBody().front();
  llvm::DenseMap<Operation *, llvm::SmallVector<Value>> lastUses;
  for (Operation &op : body)
    for (Value result : op.getResults()) {
      Operation *last = &op;
      for (Operation *user : result.getUsers())
        if (last->isBeforeInBlock(user))
          last = user;
      lastUses[last].push_back(result);
    }
  OpBuilder builder(segment);
  for (Operation &op : llvm::make_early_inc_range(body))
    if (auto it = lastUses.find(&op); it != lastUses.end()) {
      builder.setInsertionPointAfter(&op);
      ReleaseOp::create(builder, op.getLoc(), it->second);
    }
}

/// A slot that does not live on is emptied behind its last load of the step or micro-batch.
static void releaseSlots(StageOp stage) {
  // Activations are loaded by backward only; what is read before (weights) is used until the last
  // backward and emptied by update.
  llvm::StringMap<Operation *> lastLoads;
  for (Phase phase : {Phase::Forward, Phase::Backward, Phase::Update})
    if (SegmentOp segment = stage.getSegment(phase))
      for (auto load : segment.getBody().front().getOps<LoadOp>())
        lastLoads[load.getSlot()] = load;
  for (auto slot : stage.getBody().front().getOps<SlotOp>()) {
    if (isState(slot.getRole()))
      continue;
    Operation *last = lastLoads.lookup(slot.getSymName());
    OpBuilder builder(slot);
    bool onceAStep = slot.getRole() != SlotRole::Activation;
    SegmentOp update = stage.getSegment(Phase::Update);
    if (onceAStep && update && (!last || last->getParentOp() != update)) {
      builder.setInsertionPointToStart(&update.getBody().front());
    } else if (last) {
      builder.setInsertionPointAfter(last);
    } else {
      continue;
    }
    ReleaseSlotOp::create(builder, slot.getLoc(), slot.getSymName());
  }
}

namespace {

struct ExecReleasePass : aceso::exec::impl::ExecReleasePassBase<ExecReleasePass> {
  void runOnOperation() override {
    for (auto stage : getOperation().getBody().front().getOps<StageOp>()) {
      releaseSlots(stage);
      for (auto segment : stage.getBody().front().getOps<SegmentOp>())
        releaseValues(segment);
    }
  }
};

} // namespace
