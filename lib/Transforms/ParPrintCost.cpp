//===- ParPrintCost.cpp - Pass par-print-cost -----------------------------===//

#include "aceso/Analysis/PlanCostAnalysis.h"
#include "aceso/Cost/PlanCostJson.h"
#include "aceso/Cost/PlanCostTable.h"
#include "aceso/Cost/Units.h"
#include "aceso/Support/OutputFiles.h"
#include "aceso/Transforms/LoweredMemory.h"
#include "aceso/Transforms/Passes.h"

#include "llvm/Support/raw_ostream.h"

#include <nlohmann/json.hpp>

namespace aceso {
#define GEN_PASS_DEF_PARPRINTCOSTPASS
#include "aceso/Transforms/Passes.h.inc"
} // namespace aceso

using namespace mlir;
using namespace aceso;

namespace {

struct ParPrintCostPass : aceso::impl::ParPrintCostPassBase<ParPrintCostPass> {
  using ParPrintCostPassBase::ParPrintCostPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    Location loc = getOperation().getLoc();
    if (format != "table" && format != "json") {
      emitError(loc) << "format=" << format.getValue() << " must be table or json";
      return signalPassFailure();
    }
    if (recomputeReserveMiB < 0 || (recomputeReserveMiB > 0 && formula != "aceso")) {
      emitError(loc) << "recompute-reserve-mb=" << recomputeReserveMiB.getValue()
                     << ": must not be negative, and is for formula=aceso";
      return signalPassFailure();
    }
    SmallVector<par::PlanOp> plans = llvm::to_vector(getOperation().getOps<par::PlanOp>());
    if (plans.empty()) {
      emitError(loc) << "holds no par.plan; convert-nn-to-par makes one from a model";
      return signalPassFailure();
    }
    if (format == "json" && plans.size() > 1) {
      emitError(loc) << "holds " << plans.size()
                     << " plans, but format=json writes one object; take format=table, or a module "
                        "for each plan";
      return signalPassFailure();
    }
    std::string text;
    for (par::PlanOp plan : plans) {
      std::optional<std::string> report = reportOn(plan);
      if (!report)
        return signalPassFailure();
      text += *report;
    }
    if (file == "-") {
      llvm::outs() << text;
    } else if (std::string problem = tryWriteWhole(file, text); !problem.empty()) {
      emitError(loc) << "file=" << problem;
      return signalPassFailure();
    }
  }

private:
  std::optional<std::string> reportOn(par::PlanOp plan) {
    auto &analysis = getChildAnalysis<PlanCostAnalysis>(plan);
    CostOptions options{profiles, formula};
    Result<PlanCost> cost = analysis.getCost(options);
    if (!cost) {
      emitError(plan.getLoc()) << cost.error();
      return std::nullopt;
    }
    std::optional<LoweredMemory> lowered;
    if (programMemory && formula == "full")
      lowered = computeLoweredMemory(plan);
    if (format == "json") {
      CompactPlan chosen = analysis.getPlan();
      if (formula == "aceso") {
        Result<uint32_t> count = analysis.getFormula(options)->chooseRecompute(
            chosen, recomputeReserveMiB * unitsPerMiB);
        if (!count) {
          emitError(plan.getLoc()) << count.error();
          return std::nullopt;
        }
      }
      return planCostToJson(*cost, lowered, &analysis.getPlan(),
                            formula == "aceso" ? &chosen : nullptr)
                 .dump(2) +
             "\n";
    }
    return planCostTable(*cost, analysis.getPlan(), analysis.getFacts(),
                         analysis.getFormula(options)->getTables(), lowered);
  }
};

} // namespace
