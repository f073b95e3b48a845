//===- ExecSchedule.cpp - Pass exec-schedule, 1F1B --------------*- C++ -*-===//

#include "aceso/Dialect/Exec/Transforms/Passes.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECSCHEDULEPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

/// Runs `phases` in turn, `count` times.
static void repeat(OpBuilder &builder, Location loc, int64_t count, ArrayRef<Phase> phases) {
  if (count == 0)
    return;
  OpBuilder::InsertionGuard guard(builder);
  if (count > 1) {
    auto loop = RepeatOp::create(builder, loc, count);
    builder.setInsertionPointToStart(&loop.getBody().emplaceBlock());
  }
  for (Phase phase : phases)
    RunOp::create(builder, loc, phase);
}

namespace {

struct ExecSchedulePass : aceso::exec::impl::ExecSchedulePassBase<ExecSchedulePass> {
  void runOnOperation() override {
    ProgramOp program = getOperation();
    auto stages = llvm::to_vector(program.getBody().front().getOps<StageOp>());
    int64_t numStages = stages.size(), numMicroBatches = program.numMicroBatches();
    for (StageOp stage : stages) {
      int64_t index = stage.getIndex(), warmUp = std::min(numStages - index - 1, numMicroBatches);
      OpBuilder builder = OpBuilder::atBlockEnd(&stage.getBody().front());
      auto schedule = ScheduleOp::create(builder, stage.getLoc());
      builder.setInsertionPointToStart(&schedule.getBody().emplaceBlock());
      Location loc = stage.getLoc();
      if (stage.getSegment(Phase::Read))
        RunOp::create(builder, loc, Phase::Read);
      repeat(builder, loc, warmUp, {Phase::Forward});
      repeat(builder, loc, numMicroBatches - warmUp, {Phase::Forward, Phase::Backward});
      repeat(builder, loc, warmUp, {Phase::Backward});
      if (stage.getSegment(Phase::Update))
        RunOp::create(builder, loc, Phase::Update);

      // With a steady loop the forward of one more micro-batch comes before the first backward.
      int64_t inFlight = std::min(warmUp + 1, numMicroBatches);
      for (auto slot : stage.getBody().front().getOps<SlotOp>())
        if (slot.getRole() == SlotRole::Activation)
          slot.setDepth(inFlight);
    }
  }
};

} // namespace
