//===- Search.h - The best plan for a model and a cluster -------*- C++ -*-===//
//
// From one start for each stage count, bottlenecks are alleviated in two rounds: first with the
// cheap remedies and hops, each start for itself; then, with what the best of them has reached as
// the plan to beat, also with remedies that work on the whole plan. Deterministic: budgets count
// candidates, each start has its own, and threads only share what does not change an answer.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_SEARCH_H
#define ACESO_SEARCH_SEARCH_H

#include "aceso/Search/Alleviation.h"

#include <functional>

namespace aceso {

struct SearchOptions {
  /// Stage counts to start from; empty: all that the cluster and the rules allow.
  std::vector<uint32_t> stageCounts;
  /// Candidates to judge from each start, in each of the two rounds.
  uint64_t budget = 30'000;
  uint32_t maxHops = 3;
  unsigned numThreads = 1;
  /// Wall clock; 0: none. A search that it cuts short says so.
  double timeLimitS = 0;
};

/// A part of the search: what came of one start.
struct StartReport {
  uint32_t numStages = 0;
  /// Why there is no start with so many stages; empty if there is.
  std::string whyNot;
  CompactPlan start;
  Prediction startPredicted, reached;
  /// No plan with so many stages is faster. Infinite: none fits.
  double leastIterationMs = 0;
  uint64_t numJudged = 0;
  std::vector<AlleviationStep> steps; ///< that were taken, in order
  /// Compact plans behind each of `steps`.
  std::vector<CompactPlan> plans;
  /// The step that found nothing better, if the search ended so.
  std::vector<Trial> lastTrials;
};

struct SearchResult {
  std::vector<StartReport> starts;
  /// The start that led to the best plan.
  uint32_t best = 0;
  bool feasible = false;
  /// If feasible the fastest, else the one with the least memory.
  CompactPlan plan;
  PlanCost cost;
  /// No plan is faster, whatever its stages (of those searched).
  double leastIterationMs = 0;
  uint64_t numJudged = 0;
  bool wasCutByClock = false;

  const StartReport &bestStart() const { return starts[best]; }
  /// By how much the plan is slower than the bound, at most: 0.02 for 2 %.
  double gap() const { return cost.iterationMs / leastIterationMs - 1; }
};

/// Makes a stage model: one for each thread.
using StageModelFactory = std::function<Result<std::unique_ptr<StageModel>>()>;

/// `start`, if given, is the only start. Errors: there is no start at all; what the factory
/// reports; a start that the rules do not allow or whose cost the tables do not hold.
Result<SearchResult> searchPlan(const StageModelFactory &makeModel, const SearchOptions &options,
                                const CompactPlan *start = nullptr);

} // namespace aceso

#endif // ACESO_SEARCH_SEARCH_H
