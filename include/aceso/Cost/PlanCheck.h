//===- PlanCheck.h - Whether a compact plan can run -------------*- C++ -*-===//
//
// The invariants of par.plan (ParOps.td, C3 to C11) on the compact plan: what par's verifier
// accepts and only that. What a formula's tables or a search can do is not asked here.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_PLANCHECK_H
#define ACESO_COST_PLANCHECK_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/ModelFacts.h"

#include <optional>

namespace aceso {

/// The invariants of par.plan that a compact plan can break, by their number there.
enum class PlanInvariant : uint8_t {
  StageHasOps = 3,
  ShardsFillTheirStage = 4,
  StagesFillTheCluster = 5,
  StagesKeepToNodes = 6,
  OneFactorisation = 7,
  Batches = 8,
  DegreesDivide = 11,
};

struct PlanViolation {
  PlanInvariant invariant;
  /// Where, as far as the invariant has a place; `op` is a position in the plan.
  uint32_t stage = 0, op = 0;
  /// To follow the name of what has the plan: "would give its stages 3 devices, but ...".
  std::string message;
};

/// The first invariant that `plan` breaks; none if it can run. The plan must have as many ops as
/// the model. Costs little for each op beyond the first of a kind with the same degrees.
std::optional<PlanViolation> checkPlan(const CompactPlan &plan, const ModelFacts &facts);

/// Whether devices first .. first + devices - 1 lie inside one node or are whole nodes (C6).
bool keepsToNodes(int64_t first, int64_t devices, int64_t devicesPerNode);

} // namespace aceso

#endif // ACESO_COST_PLANCHECK_H
