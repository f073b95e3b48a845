//===- ParMoveDevices.cpp - Pass par-move-devices --------------------------===//

#include "MoveOptions.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

namespace aceso::par {
#define GEN_PASS_DEF_PARMOVEDEVICESPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParMoveDevicesPass : par::impl::ParMoveDevicesPassBase<ParMoveDevicesPass> {
  using ParMoveDevicesPassBase::ParMoveDevicesPassBase;

  void runOnOperation() override {
    PlanOp plan = getOperation();
    auto givers = toPositions(plan, "from", *from);
    auto giverAxes = toAxes(plan, "from-axes", *fromAxes);
    std::optional<uint32_t> taker = toPosition(plan, "to", to);
    auto takerAxes = toAxes(plan, "to-axis", {toAxis});
    if (!givers || !giverAxes || !taker || !takerAxes ||
        failed(applyMove(plan, MoveDevices(*givers, *giverAxes, *taker, takerAxes->front()))))
      signalPassFailure();
  }
};

} // namespace
