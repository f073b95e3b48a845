//===- PlanFormula.cpp - A cost formula by name -----------------*- C++ -*-===//

#include "aceso/Cost/PlanFormula.h"

#include "aceso/Cost/RecomputeChooser.h"

using namespace aceso;

Result<PlanFormula> PlanFormula::create(std::string_view name, const ModelFacts &facts,
                                        std::shared_ptr<const CostTables> tables,
                                        const ClusterDesc &cluster) {
  if (name == "aceso") {
    Result<AcesoFormula> formula = AcesoFormula::create(facts, tables);
    if (!formula)
      return formula.takeError();
    return PlanFormula(std::move(*formula), std::move(tables));
  }
  if (name == "full") {
    Result<FullFormula> formula = FullFormula::create(facts, tables, cluster);
    if (!formula)
      return formula.takeError();
    return PlanFormula(std::move(*formula), std::move(tables));
  }
  return ErrorMessage{"formula=" + std::string(name) + ": there are the formulas aceso and full"};
}

std::string_view PlanFormula::getName() const { return getAceso() ? "aceso" : "full"; }

Result<PlanCost> PlanFormula::evaluate(const CompactPlan &plan) const {
  return std::visit([&](const auto &formula) { return formula.evaluate(plan); }, formula);
}

Result<uint32_t> PlanFormula::chooseRecompute(CompactPlan &plan, int64_t reserveUnits) const {
  if (const AcesoFormula *aceso = getAceso())
    return aceso::chooseRecompute(*aceso, plan, reserveUnits);
  if (reserveUnits != 0)
    return ErrorMessage{
        "formula full keeps no reserve when it chooses what to recompute; lower the "
        "memory limit instead"};
  return aceso::chooseRecompute(*getFull(), plan);
}
