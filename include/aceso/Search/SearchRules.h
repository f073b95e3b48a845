//===- SearchRules.h - Which plans a formula can price ----------*- C++ -*-===//
//
// What the verifier of `par` accepts is more than a formula's tables can price, and the published
// search had rules of its own. They are data, so that the search asks no formula's name.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_SEARCHRULES_H
#define ACESO_SEARCH_SEARCHRULES_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/CostTables.h"

#include <cstdint>
#include <string>
#include <vector>

namespace aceso {

struct SearchRules {
  /// Micro-batches to choose from, ascending.
  std::vector<int64_t> microBatches;
  /// What microBatch / dp may be: the samples for which there are tables.
  std::vector<int64_t> samplesPerReplica;
  /// Devices that a stage may have, ascending.
  std::vector<uint32_t> stageDevices;
  /// Degrees of tensor parallelism, ascending.
  std::vector<int64_t> tps;
  uint32_t maxStages = 16;
  /// Every node boundary is a stage boundary. Otherwise a stage may also consist of whole nodes.
  bool cutAtNodes = true;

  bool allowsDevices(uint32_t devices) const;
  bool allowsTp(int64_t tp) const;
  bool allowsDp(int64_t microBatch, int64_t dp) const;
  /// A stage of `devices` devices from `firstDevice` on.
  bool allowsPlace(uint32_t firstDevice, uint32_t devices, int64_t devicesPerNode) const;
};

/// The published rules (docs/rationale/Cost.md): micro-batch over dp is in the tables, stages
/// have 1, 2, 4 or 8 devices, tp is at most what the tables hold, at most 16 stages.
SearchRules acesoSearchRules(const OpTable &table, std::vector<int64_t> microBatches);

/// What formula `full` can price: whatever the tables hold. A stage lies inside one node or
/// consists of whole nodes.
SearchRules fullSearchRules(const OpTable &table, const ClusterDesc &cluster,
                            std::vector<int64_t> microBatches);

/// Why the rules do not allow `plan`; empty if they do. (Whether its ops can be split so is not
/// asked here.)
std::string checkSearchRules(const SearchRules &rules, const CompactPlan &plan);

} // namespace aceso

#endif // ACESO_SEARCH_SEARCHRULES_H
