//===- ParExchangeAxes.cpp - Pass par-exchange-axes ------------------------===//

#include "MoveOptions.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

namespace aceso::par {
#define GEN_PASS_DEF_PAREXCHANGEAXESPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParExchangeAxesPass : par::impl::ParExchangeAxesPassBase<ParExchangeAxesPass> {
  using ParExchangeAxesPassBase::ParExchangeAxesPassBase;

  void runOnOperation() override {
    PlanOp plan = getOperation();
    std::optional<uint32_t> index = toPosition(plan, "stage", stage);
    std::optional<OpRanges> ranges = toOpRanges(plan, ops);
    auto axes = toAxes(plan, "to", {to});
    if (!index || !ranges || !axes ||
        failed(applyMove(plan, ExchangeAxes(*index, *ranges, axes->front()))))
      signalPassFailure();
  }
};

} // namespace
