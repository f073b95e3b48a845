//===- ParAlleviate.cpp - Pass par-alleviate ------------------------------===//

#include "SearchInput.h"

#include "aceso/Dialect/Par/Transforms/Moves.h"
#include "aceso/Search/StepMoves.h"
#include "aceso/Transforms/Search/Passes.h"

#include "mlir/IR/OwningOpRef.h"

namespace aceso {
#define GEN_PASS_DEF_PARALLEVIATEPASS
#include "aceso/Transforms/Search/Passes.h.inc"
} // namespace aceso

using namespace mlir;
using namespace aceso;

namespace {

struct ParAlleviatePass : aceso::impl::ParAlleviatePassBase<ParAlleviatePass> {
  using ParAlleviatePassBase::ParAlleviatePassBase;

  void runOnOperation() override {
    if (std::string error = relieve(getOperation()); !error.empty()) {
      emitError(getOperation().getLoc()) << error;
      signalPassFailure();
    }
  }

private:
  std::string relieve(par::PlanOp plan) {
    if (budget < 1)
      return "budget must be at least 1";
    auto &analysis = getAnalysis<PlanCostAnalysis>();
    const CompactPlan before = analysis.getPlan();
    Result<SearchInput> input = SearchInput::create(
        analysis.getFacts(), {profiles, formula}, before.cluster, before.globalBatch,
        std::vector<int64_t>(microBatches.begin(), microBatches.end()), before.microBatch);
    if (!input)
      return input.error();
    Result<std::unique_ptr<StageModel>> model = input->makeModel();
    if (!model)
      return model.error();
    if (std::string error = checkSearchRules((*model)->getRules(), before); !error.empty())
      return "formula " + formula + " cannot search from this plan: " + error;
    Result<PlanCost> cost = analysis.getCost(input->cost);
    if (!cost)
      return cost.error();
    Result<SearchPlan> compact = (*model)->fromCompact(before);
    if (!compact)
      return compact.error();

    // Every candidate is written to a copy of the IR, and what the analysis finds there counts.
    OwningOpRef<par::PlanOp> copy = cast<par::PlanOp>(plan->clone());
    const Result<PlanFormula> &planFormula = analysis.getFormula(input->cost);
    std::string failure;
    auto judge = [&](const SearchPlan &candidate) {
      applyCompactPlan(*copy, (*model)->toCompact(candidate));
      Result<PlanCost> found = planFormula->evaluate(toCompactPlan(*copy));
      if (found)
        return *found;
      failure = found.error();
      return PlanCost{};
    };
    Budget limit(**model, budget);
    Workshop workshop(**model);
    AlleviationStep step =
        Alleviation(workshop, judge, limit).step(*compact, *cost, /*thorough=*/true, 0);
    if (!failure.empty())
      return failure;
    for (const Trial &trial : step.trials)
      remarkOn(plan.getLoc(), "par-alleviate", trial, step.bottleneck);
    if (step.plan.stages.empty()) {
      markAllAnalysesPreserved();
      return "";
    }
    Result<MoveList> moves =
        movesOfStep(before, (*model)->toCompact(step.plan), analysis.getFacts());
    if (!moves)
      return moves.error();
    if (failed(par::applyMoves(plan, *moves)))
      return "the step was refused";
    return "";
  }
};

} // namespace
