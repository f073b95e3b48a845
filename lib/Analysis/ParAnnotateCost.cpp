//===- ParAnnotateCost.cpp - Pass par-annotate-cost -----------------------===//

#include "aceso/Analysis/Passes.h"
#include "aceso/Analysis/PlanCostAnalysis.h"

namespace aceso {
#define GEN_PASS_DEF_PARANNOTATECOSTPASS
#include "aceso/Analysis/Passes.h.inc"
} // namespace aceso

using namespace mlir;
using namespace aceso;

static DictionaryAttr planAttribute(Builder &b, const PlanCost &cost) {
  return b.getDictionaryAttr({
      b.getNamedAttr("formula", b.getStringAttr(cost.formula)),
      b.getNamedAttr("iteration_ms", b.getF64FloatAttr(cost.iterationMs)),
      b.getNamedAttr("max_memory_mb", b.getF64FloatAttr(cost.maxMemoryMiB)),
      b.getNamedAttr("feasible", b.getBoolAttr(cost.feasible)),
  });
}

static DictionaryAttr stageAttribute(Builder &b, const StageCost &cost) {
  return b.getDictionaryAttr({
      b.getNamedAttr("stage_ms", b.getF64FloatAttr(cost.stageMs)),
      b.getNamedAttr("time_ms", b.getF64FloatAttr(cost.timeMs)),
      b.getNamedAttr("memory_mb", b.getF64FloatAttr(cost.memoryMiB)),
      b.getNamedAttr("within_limit", b.getBoolAttr(cost.withinLimit)),
  });
}

namespace {

struct ParAnnotateCostPass : aceso::impl::ParAnnotateCostPassBase<ParAnnotateCostPass> {
  using ParAnnotateCostPassBase::ParAnnotateCostPassBase;

  void runOnOperation() override {
    par::PlanOp plan = getOperation();
    Result<PlanCost> cost = getAnalysis<PlanCostAnalysis>().getCost({profiles, formula});
    if (!cost) {
      emitError(plan.getLoc()) << cost.error();
      return signalPassFailure();
    }
    Builder builder(&getContext());
    plan->setAttr(par::ParDialect::getCostAttrName(), planAttribute(builder, *cost));
    for (auto [marker, stage] : llvm::zip_equal(par::getStages(plan), cost->stages))
      marker->setAttr(par::ParDialect::getCostAttrName(), stageAttribute(builder, stage));
    markAnalysesPreserved<PlanCostAnalysis>();
  }
};

} // namespace
