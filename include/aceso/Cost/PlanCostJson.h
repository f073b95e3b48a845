//===- PlanCostJson.h - A plan's cost as JSON -------------------*- C++ -*-===//
//
// The names of the published golden results, so that reports can be compared with them.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_PLANCOSTJSON_H
#define ACESO_COST_PLANCOSTJSON_H

#include "aceso/Cost/PlanCost.h"

#include <nlohmann/json_fwd.hpp>

namespace aceso {

/// One object: num_batches, iteration_time_ms, ..., stages: [{in_cross_node, ...}]; the names stand
/// beside the members of PlanCost. Numbers keep all their digits.
nlohmann::ordered_json planCostToJson(const PlanCost &cost);

} // namespace aceso

#endif // ACESO_COST_PLANCOSTJSON_H
