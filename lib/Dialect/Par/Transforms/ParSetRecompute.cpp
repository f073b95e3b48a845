//===- ParSetRecompute.cpp - Pass par-set-recompute ------------------------===//

#include "MoveOptions.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

namespace aceso::par {
#define GEN_PASS_DEF_PARSETRECOMPUTEPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParSetRecomputePass : par::impl::ParSetRecomputePassBase<ParSetRecomputePass> {
  using ParSetRecomputePassBase::ParSetRecomputePassBase;

  void runOnOperation() override {
    std::optional<OpRanges> ranges = toOpRanges(getOperation(), ops);
    if (!ranges ||
        failed(applyMove(getOperation(), SetRecompute(*ranges, value == RecomputeKind::Recompute))))
      signalPassFailure();
  }
};

} // namespace
