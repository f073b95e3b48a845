//===- MoveChecks.h - What moves ask before they change ---------*- C++ -*-===//

#ifndef ACESO_LIB_SEARCH_MOVECHECKS_H
#define ACESO_LIB_SEARCH_MOVECHECKS_H

#include "aceso/Search/Moves.h"

#include <limits>

namespace aceso {

inline std::string checkStageIndex(const CompactPlan &plan, uint32_t stage) {
  if (stage < plan.stages.size())
    return "";
  return "has no stage " + std::to_string(stage) + ": its stages are 0 to " +
         std::to_string(plan.stages.size() - 1);
}

inline std::string checkOps(const CompactPlan &plan, const OpRanges &ops) {
  if (ops.empty())
    return "needs the option ops: positions and ranges, as in 0-12,20";
  if (uint32_t last = ops.getRanges().back().last; last >= plan.ops.size())
    return "has no op " + std::to_string(last) + ": its ops are 0 to " +
           std::to_string(plan.ops.size() - 1);
  return "";
}

/// A degree that a compact plan can hold.
inline std::string checkDegree(std::string_view name, int64_t value) {
  constexpr int64_t most = std::numeric_limits<decltype(OpPlan::tp)>::max();
  if (value >= 1 && value <= most)
    return "";
  return "cannot have " + std::string(name) + "=" + std::to_string(value) +
         ": a degree is at least 1 and at most " + std::to_string(most);
}

/// Whether any of `ops` lies in `stage`.
inline bool touchesStage(const CompactPlan &plan, const OpRanges &ops, uint32_t stage) {
  uint32_t first = plan.firstOp(stage), end = first + plan.stages[stage].numOps;
  for (const OpRanges::Range &range : ops.getRanges())
    if (range.first < end && range.last >= first)
      return true;
  return false;
}

} // namespace aceso

#endif // ACESO_LIB_SEARCH_MOVECHECKS_H
