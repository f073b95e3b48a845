//===- SearchInput.h - What a search is about -------------------*- C++ -*-===//

#ifndef ACESO_LIB_TRANSFORMS_SEARCH_SEARCHINPUT_H
#define ACESO_LIB_TRANSFORMS_SEARCH_SEARCHINPUT_H

#include "aceso/Analysis/PlanCostAnalysis.h"
#include "aceso/Search/Alleviation.h"

#include "mlir/IR/Location.h"

namespace aceso {

/// A model, its tables, a cluster and batches.
struct SearchInput {
  ModelFacts facts;
  CostOptions cost;
  std::shared_ptr<const CostTables> tables;
  ClusterDesc cluster;
  int64_t globalBatch = 1;
  std::vector<int64_t> microBatches;
  int64_t reserveUnits = 0;

  Result<std::unique_ptr<StageModel>> makeModel() const { return makeModel(cluster, microBatches); }
  Result<std::unique_ptr<StageModel>> makeModel(const ClusterDesc &forCluster,
                                                const std::vector<int64_t> &sizes) const;

  /// Reads the tables. `microBatches` empty: the samples for which there are tables, and `own`, if
  /// it is not 0. Errors name option or file.
  static Result<SearchInput> create(ModelFacts facts, const CostOptions &cost,
                                    const ClusterDesc &cluster, int64_t globalBatch,
                                    std::vector<int64_t> microBatches, int64_t own);
};

/// Says a trial as a remark at `loc`: passed if it was accepted, else missed with the reason.
void remarkOn(mlir::Location loc, llvm::StringRef pass, const Trial &trial,
              const Bottleneck &bottleneck);

} // namespace aceso

#endif // ACESO_LIB_TRANSFORMS_SEARCH_SEARCHINPUT_H
