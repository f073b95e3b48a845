//===- NothingFits.h - When no plan fits in memory --------------*- C++ -*-===//

#ifndef ACESO_SEARCH_NOTHINGFITS_H
#define ACESO_SEARCH_NOTHINGFITS_H

#include "aceso/Search/Search.h"

namespace aceso {

/// Makes a stage model for another cluster or other micro-batches.
using StageModelMaker = std::function<Result<std::unique_ptr<StageModel>>(
    const ClusterDesc &cluster, const std::vector<int64_t> &microBatches)>;

struct NothingFits {
  /// The stage that needs most in the plan that needs least of all that were found, here and by the
  /// search that found none. Not more than the limit, if a search with a larger limit came upon a
  /// plan that fits after all.
  uint32_t stage = 0, numStages = 0;
  double neededMiB = 0, limitMiB = 0;
  /// The smallest changes of one thing each with which a plan was found; one line each.
  std::vector<std::string> remedies;

  /// By how much, where, and what would help: for an error message.
  std::string toString() const;
};

/// Searches again, with a part of the budget, for the least memory limit, another stage count where
/// only some were asked for, the largest micro-batch below those asked for, and the least number of
/// nodes, with which a plan fits. `result` is that of the search that found none.
NothingFits explainNothingFits(const SearchResult &result, const StageModelMaker &makeModel,
                               const std::vector<int64_t> &microBatches,
                               const SearchOptions &options);

} // namespace aceso

#endif // ACESO_SEARCH_NOTHINGFITS_H
