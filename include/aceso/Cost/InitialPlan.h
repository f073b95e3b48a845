//===- InitialPlan.h - Where a search starts --------------------*- C++ -*-===//
//
// The published balanced start: as many ops in each stage, few devices in the last ones.
// (docs/rationale/Cost.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_INITIALPLAN_H
#define ACESO_COST_INITIALPLAN_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Support/Result.h"

namespace aceso {

struct InitialPlanOptions {
  uint32_t numStages = 1;
  ClusterDesc cluster;
  int64_t globalBatch = 1, microBatch = 1;
  /// Most devices of a stage.
  int64_t maxTp = 8;
};

/// floor(numOps / stages) ops in each stage, the rest in the last; every stage starts with one
/// device and doubles, from the left, until all are given out; tp = devices, dp = 1, rule 0,
/// nothing recomputed. Error: the devices cannot be given out this way, or there are fewer ops than
/// stages.
Result<CompactPlan> balancedInitialPlan(uint32_t numOps, const InitialPlanOptions &options);

} // namespace aceso

#endif // ACESO_COST_INITIALPLAN_H
