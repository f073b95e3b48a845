//===- PlanCostTable.h - A plan's cost for people ---------------*- C++ -*-===//

#ifndef ACESO_COST_PLANCOSTTABLE_H
#define ACESO_COST_PLANCOSTTABLE_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/CostTables.h"
#include "aceso/Cost/LoweredMemory.h"
#include "aceso/Cost/ModelFacts.h"
#include "aceso/Cost/PlanCost.h"

#include <optional>

namespace aceso {

/// A header (model, tables, formula, cluster, batch), one row a stage, and the iteration. Times of
/// a row are those of one micro-batch; "binds" says what keeps the stage or the pipeline from being
/// faster or smaller: the resource that most of the slowest stage's time goes to, and memory where
/// a stage is over the limit or closer to it than 2 %. With `lowered` the program's memory stands
/// beside the formula's, or a line that says why there is none.
std::string planCostTable(const PlanCost &cost, const CompactPlan &plan, const ModelFacts &facts,
                          const CostTables &tables,
                          const std::optional<LoweredMemory> &lowered = std::nullopt);

} // namespace aceso

#endif // ACESO_COST_PLANCOSTTABLE_H
