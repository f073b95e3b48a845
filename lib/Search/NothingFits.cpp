//===- NothingFits.cpp - When no plan fits in memory ------------*- C++ -*-===//

#include "aceso/Search/NothingFits.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

using namespace aceso;

namespace {

/// The plan that needs least memory so far.
struct LeastMemory {
  uint32_t stage = 0, numStages = 0;
  double neededMiB = std::numeric_limits<double>::infinity();

  void consider(const SearchResult &result) {
    if (result.cost.maxMemoryMiB >= neededMiB)
      return;
    neededMiB = result.cost.maxMemoryMiB;
    numStages = result.cost.stages.size();
    stage = std::max_element(
                result.cost.stages.begin(), result.cost.stages.end(),
                [](const StageCost &a, const StageCost &b) { return a.memoryMiB < b.memoryMiB; }) -
            result.cost.stages.begin();
  }
};

class Trials {
public:
  Trials(const StageModelMaker &makeModel, const ClusterDesc &cluster,
         const std::vector<int64_t> &microBatches, const SearchOptions &options)
      : makeModel(makeModel), cluster(cluster), microBatches(microBatches), options(options) {
    // Only whether there is a plan is asked.
    this->options.budget = std::max<uint64_t>(options.budget / 8, 1000);
    this->options.maxHops = 1;
  }

  std::optional<SearchResult> find(const ClusterDesc &tried,
                                   const std::vector<int64_t> &sizes) const {
    return find(tried, sizes, options);
  }

  bool fits(const ClusterDesc &tried, const std::vector<int64_t> &sizes) const {
    std::optional<SearchResult> result = find(tried, sizes);
    return result && result->feasible;
  }

  /// The least limit at which a plan is found, to 1 %; `least` hears of all plans found.
  std::optional<int64_t> memoryMiB(LeastMemory &least) const {
    auto fitsIn = [&](int64_t limitMiB) {
      ClusterDesc tried = cluster;
      tried.memoryLimitMiB = limitMiB;
      std::optional<SearchResult> result = find(tried, microBatches);
      if (result)
        least.consider(*result);
      return result && result->feasible;
    };
    const int64_t first = std::ceil(least.neededMiB);
    int64_t tooLittle = cluster.memoryLimitMiB, enough = first;
    while (!fitsIn(enough)) {
      if (enough > first * 4)
        return std::nullopt;
      tooLittle = enough;
      enough += std::max<int64_t>(enough / 4, 1);
    }
    while (enough - tooLittle > std::max<int64_t>(enough / 100, 1)) {
      int64_t middle = tooLittle + (enough - tooLittle) / 2;
      (fitsIn(middle) ? enough : tooLittle) = middle;
    }
    return enough;
  }

  std::optional<ClusterDesc> moreDevices() const {
    constexpr int64_t mostNodes = 8;
    ClusterDesc tried = cluster;
    for (tried.nodes = cluster.nodes + 1; tried.nodes <= cluster.nodes * mostNodes; ++tried.nodes)
      if (fits(tried, microBatches))
        return tried;
    return std::nullopt;
  }

  std::optional<int64_t> smallerMicroBatch(int64_t globalBatch) const {
    for (int64_t size = microBatches.front() - 1; size >= 1; --size)
      if (globalBatch % size == 0 && fits(cluster, {size}))
        return size;
    return std::nullopt;
  }

  /// Where only some stage counts were asked for: another one.
  std::optional<size_t> otherStages() const {
    if (options.stageCounts.empty())
      return std::nullopt;
    SearchOptions all = options;
    all.stageCounts.clear();
    std::optional<SearchResult> result = find(cluster, microBatches, all);
    if (!result || !result->feasible)
      return std::nullopt;
    return result->plan.stages.size();
  }

private:
  std::optional<SearchResult> find(const ClusterDesc &tried, const std::vector<int64_t> &sizes,
                                   const SearchOptions &how) const {
    Result<SearchResult> result = searchPlan([&] { return makeModel(tried, sizes); }, how);
    if (!result)
      return std::nullopt;
    return std::move(*result);
  }

  const StageModelMaker &makeModel;
  const ClusterDesc &cluster;
  const std::vector<int64_t> &microBatches;
  SearchOptions options;
};

} // namespace

NothingFits aceso::explainNothingFits(const SearchResult &result, const StageModelMaker &makeModel,
                                      const std::vector<int64_t> &microBatches,
                                      const SearchOptions &options) {
  const CompactPlan &plan = result.plan;
  NothingFits answer;
  answer.limitMiB = plan.cluster.memoryLimitMiB;
  LeastMemory least;
  least.consider(result);
  std::vector<int64_t> sizes = microBatches;
  std::sort(sizes.begin(), sizes.end());
  Trials trials(makeModel, plan.cluster, sizes, options);
  if (std::optional<int64_t> memory = trials.memoryMiB(least))
    answer.remedies.push_back("memory-mb=" + std::to_string(*memory));
  // The search went for speed; the trials near the least limit had to save memory.
  answer.stage = least.stage;
  answer.numStages = least.numStages;
  answer.neededMiB = least.neededMiB;
  if (std::optional<size_t> count = trials.otherStages())
    answer.remedies.push_back("stages=" + std::to_string(*count));
  if (std::optional<int64_t> size = trials.smallerMicroBatch(plan.globalBatch))
    answer.remedies.push_back("micro-batches=" + std::to_string(*size));
  if (std::optional<ClusterDesc> cluster = trials.moreDevices())
    answer.remedies.push_back("nodes=" + std::to_string(cluster->nodes) + " (" +
                              std::to_string(cluster->numDevices()) + " devices)");
  return answer;
}

std::string NothingFits::toString() const {
  char text[256];
  if (neededMiB <= limitMiB) {
    std::snprintf(text, sizeof text,
                  "found no plan that fits in memory-mb=%.0f, but there is one of %u stage%s that "
                  "needs %.1f MiB; a larger budget may find it",
                  limitMiB, numStages, numStages == 1 ? "" : "s", neededMiB);
    return text;
  }
  std::snprintf(text, sizeof text,
                "no plan fits in memory-mb=%.0f: in the one that needs least, of %u stage%s, "
                "stage %u needs %.1f MiB, %.1f MiB too much",
                limitMiB, numStages, numStages == 1 ? "" : "s", stage, neededMiB,
                neededMiB - limitMiB);
  std::string message = text;
  if (remedies.empty())
    return message + "; neither more memory, nor smaller micro-batches, nor more nodes were "
                     "found to help";
  message += "; a plan was found with ";
  for (size_t i = 0; i < remedies.size(); ++i)
    message += (i == 0 ? "" : i + 1 == remedies.size() ? " or with " : ", with ") + remedies[i];
  return message;
}
