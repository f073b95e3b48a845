//===- PlanCostAnalysis.cpp - What a plan costs ---------------------------===//

#include "aceso/Analysis/PlanCostAnalysis.h"

using namespace mlir;
using namespace aceso;

Result<std::shared_ptr<const CostTables>> aceso::loadTables(const CostOptions &options,
                                                            const ModelFacts &facts) {
  if (options.profiles.empty())
    return ErrorMessage{"needs the option 'profiles', the folder of the model's cost tables"};
  if (facts.tablePrefix.empty())
    return ErrorMessage{"@" + facts.name +
                        " names no cost tables: give its model file the key "
                        "\"profile\", the prefix of their names"};
  Result<CostTables> tables = CostTables::load(options.profiles, facts.tablePrefix);
  if (!tables)
    return tables.takeError();
  return std::make_shared<const CostTables>(std::move(*tables));
}

Result<PlanFormula> aceso::createFormula(const CostOptions &options, const ModelFacts &facts,
                                         const ClusterDesc &cluster) {
  Result<std::shared_ptr<const CostTables>> tables = loadTables(options, facts);
  if (!tables)
    return tables.takeError();
  return PlanFormula::create(options.formula, facts, *tables, cluster);
}

PlanCostAnalysis::PlanCostAnalysis(Operation *op)
    : facts(collectModelFacts(cast<par::PlanOp>(op))), plan(toCompactPlan(cast<par::PlanOp>(op))) {}

const Result<PlanFormula> &PlanCostAnalysis::getFormula(const CostOptions &options) {
  auto it = formulas.find(options);
  if (it == formulas.end())
    it = formulas.emplace(options, createFormula(options, facts, plan.cluster)).first;
  return it->second;
}

Result<PlanCost> PlanCostAnalysis::getCost(const CostOptions &options) {
  const Result<PlanFormula> &formula = getFormula(options);
  if (!formula)
    return ErrorMessage{formula.error()};
  return formula->evaluate(plan);
}
