//===- ParSetRule.cpp - Pass par-set-rule ----------------------------------===//

#include "MoveOptions.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

namespace aceso::par {
#define GEN_PASS_DEF_PARSETRULEPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParSetRulePass : par::impl::ParSetRulePassBase<ParSetRulePass> {
  using ParSetRulePassBase::ParSetRulePassBase;

  void runOnOperation() override {
    PlanOp plan = getOperation();
    std::optional<OpRanges> ranges = toOpRanges(plan, ops);
    std::optional<uint32_t> number = toPosition(plan, "rule", rule);
    if (!ranges || !number || failed(applyMove(plan, SetRule(*ranges, *number))))
      signalPassFailure();
  }
};

} // namespace
