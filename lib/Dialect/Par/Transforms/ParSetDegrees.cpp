//===- ParSetDegrees.cpp - Pass par-set-degrees ----------------------------===//

#include "MoveOptions.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

namespace aceso::par {
#define GEN_PASS_DEF_PARSETDEGREESPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParSetDegreesPass : par::impl::ParSetDegreesPassBase<ParSetDegreesPass> {
  using ParSetDegreesPassBase::ParSetDegreesPassBase;

  void runOnOperation() override {
    PlanOp plan = getOperation();
    std::optional<OpRanges> ranges = toOpRanges(plan, ops);
    std::optional<uint32_t> newTp = toPosition(plan, "tp", tp), newDp = toPosition(plan, "dp", dp);
    if (!ranges || !newTp || !newDp || failed(applyMove(plan, SetDegrees(*ranges, *newTp, *newDp))))
      signalPassFailure();
  }
};

} // namespace
