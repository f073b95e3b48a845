//===- ParSetStages.cpp - Pass par-set-stages ------------------------------===//

#include "MoveOptions.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

namespace aceso::par {
#define GEN_PASS_DEF_PARSETSTAGESPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParSetStagesPass : par::impl::ParSetStagesPassBase<ParSetStagesPass> {
  using ParSetStagesPassBase::ParSetStagesPassBase;

  void runOnOperation() override {
    PlanOp plan = getOperation();
    auto counts = toPositions(plan, "ops", *ops),
         stageDevices = toPositions(plan, "devices", *devices),
         stageTp = toPositions(plan, "tp", *tp);
    if (!counts || !stageDevices || !stageTp ||
        failed(applyMove(plan, SetStages(*counts, *stageDevices, *stageTp))))
      signalPassFailure();
  }
};

} // namespace
