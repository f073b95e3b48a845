//===- CompactPlan.h - A plan as dense arrays -------------------*- C++ -*-===//
//
// The copy of a `par.plan` that formulas evaluate and the search changes. No IR.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_COMPACTPLAN_H
#define ACESO_COST_COMPACTPLAN_H

#include <cstdint>
#include <string>
#include <vector>

namespace aceso {

struct ClusterDesc {
  int64_t nodes = 1;
  int64_t devicesPerNode = 1;
  int64_t memoryLimitMiB = 0;
  std::string device; ///< label only
  int64_t numDevices() const { return nodes * devicesPerNode; }
  bool operator==(const ClusterDesc &) const = default;
};

/// How one op is split; tp * dp = devices of its stage.
struct OpPlan {
  uint16_t tp = 1, dp = 1;
  uint8_t rule = 0;
  bool recompute = false;
  bool operator==(const OpPlan &) const = default;
};

struct StagePlan {
  uint32_t numOps = 0;
  uint32_t devices = 1;
  bool operator==(const StagePlan &) const = default;
};

struct CompactPlan {
  ClusterDesc cluster;
  int64_t globalBatch = 1;
  /// Aggregate over data-parallel replicas: an op sees microBatch / dp samples on each.
  int64_t microBatch = 1;
  std::vector<StagePlan> stages;
  std::vector<OpPlan> ops; ///< of all stages, in execution order

  int64_t numMicroBatches() const { return globalBatch / microBatch; }
  /// Index of the first op of `stage`; of one past the last op for stage = stages.size().
  uint32_t firstOp(uint32_t stage) const;
  /// Devices of all stages before `stage`.
  uint32_t firstDevice(uint32_t stage) const;
  bool operator==(const CompactPlan &) const = default;
};

} // namespace aceso

#endif // ACESO_COST_COMPACTPLAN_H
