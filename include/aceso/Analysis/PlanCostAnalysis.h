//===- PlanCostAnalysis.h - What a plan costs -------------------*- C++ -*-===//
//
// The cost of a par.plan as an MLIR analysis: facts and compact plan are read off the IR once, a
// formula is made and evaluated when it is asked for. Never changes the plan.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_ANALYSIS_PLANCOSTANALYSIS_H
#define ACESO_ANALYSIS_PLANCOSTANALYSIS_H

#include "aceso/Analysis/PlanFacts.h"
#include "aceso/Cost/PlanFormula.h"

#include <map>
#include <memory>

namespace aceso {

/// What a user says about how to price.
struct CostOptions {
  std::string profiles; ///< folder of cost tables
  std::string formula = "full";
  auto operator<=>(const CostOptions &) const = default;
};

/// Reads the tables that the model names. Errors name option, file or attribute.
Result<std::shared_ptr<const CostTables>> loadTables(const CostOptions &options,
                                                     const ModelFacts &facts);

/// Reads the tables that the model names, and makes the formula for them. Errors name option, file
/// or attribute.
Result<PlanFormula> createFormula(const CostOptions &options, const ModelFacts &facts,
                                  const ClusterDesc &cluster);

class PlanCostAnalysis {
public:
  /// `plan` must be a par.plan.
  explicit PlanCostAnalysis(mlir::Operation *plan);

  const ModelFacts &getFacts() const { return facts; }
  const CompactPlan &getPlan() const { return plan; }

  /// Made on the first call with these options and kept; so are errors.
  const Result<PlanFormula> &getFormula(const CostOptions &options);
  Result<PlanCost> getCost(const CostOptions &options);

private:
  ModelFacts facts;
  CompactPlan plan;
  std::map<CostOptions, Result<PlanFormula>> formulas;
};

} // namespace aceso

#endif // ACESO_ANALYSIS_PLANCOSTANALYSIS_H
