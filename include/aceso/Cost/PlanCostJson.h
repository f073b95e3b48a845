//===- PlanCostJson.h - A plan's cost as JSON -------------------*- C++ -*-===//
//
// The names of the published golden results, so that reports can be compared with them.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_PLANCOSTJSON_H
#define ACESO_COST_PLANCOSTJSON_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/LoweredMemory.h"
#include "aceso/Cost/PlanCost.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace aceso {

/// One object: num_batches, iteration_time_ms, ..., stages: [{in_cross_node, ...}]; the names stand
/// beside the members of PlanCost. Numbers keep all their digits. With `lowered` each stage also
/// has program_memory_mb, or the object program_memory_problem; with `plan` each has its ops and
/// devices; with `chosen`, the plan with the flags of the recompute chooser, these as
/// chosen_recompute, one digit an op.
nlohmann::ordered_json planCostToJson(const PlanCost &cost,
                                      const std::optional<LoweredMemory> &lowered = std::nullopt,
                                      const CompactPlan *plan = nullptr,
                                      const CompactPlan *chosen = nullptr);

} // namespace aceso

#endif // ACESO_COST_PLANCOSTJSON_H
