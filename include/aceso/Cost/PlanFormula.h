//===- PlanFormula.h - A cost formula by name -------------------*- C++ -*-===//
//
// For those who take the formula from a user and do not care which it is.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_PLANFORMULA_H
#define ACESO_COST_PLANFORMULA_H

#include "aceso/Cost/AcesoFormula.h"
#include "aceso/Cost/FullFormula.h"

#include <variant>

namespace aceso {

/// Formula `aceso` or `full` for one model, one set of tables, one cluster. Like FullFormula it is
/// not for several threads at once.
class PlanFormula {
public:
  /// Errors: another name; what the formula's own create() reports.
  static Result<PlanFormula> create(std::string_view name, const ModelFacts &facts,
                                    std::shared_ptr<const CostTables> tables,
                                    const ClusterDesc &cluster);

  /// "aceso" or "full".
  std::string_view getName() const;
  const CostTables &getTables() const { return *tables; }

  /// Null if it is the other one.
  const AcesoFormula *getAceso() const { return std::get_if<AcesoFormula>(&formula); }
  const FullFormula *getFull() const { return std::get_if<FullFormula>(&formula); }

  Result<PlanCost> evaluate(const CompactPlan &plan) const;
  /// Chooses anew which ops are recomputed (RecomputeChooser.h), and gives how many are.
  /// `reserveUnits` stay free in each stage; formula `full` takes none (an error if it is not 0).
  Result<uint32_t> chooseRecompute(CompactPlan &plan, int64_t reserveUnits = 0) const;

private:
  using Formula = std::variant<AcesoFormula, FullFormula>;
  PlanFormula(Formula formula, std::shared_ptr<const CostTables> tables)
      : formula(std::move(formula)), tables(std::move(tables)) {}

  Formula formula;
  std::shared_ptr<const CostTables> tables;
};

} // namespace aceso

#endif // ACESO_COST_PLANFORMULA_H
