//===- Partitioner.h - All boundaries at once -------------------*- C++ -*-===//
//
// Moves every stage boundary at once, and with them, if asked, the devices: dynamic programming
// over (stages left, devices left, position), each stage at its best uniform degrees and
// recomputation. ReachBound says which positions can lie on a plan that is fast enough, which
// leaves few. Models with very many ops are cut at the begins of blocks first, then the boundaries
// are refined in shrinking strides.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_SEARCH_PARTITIONER_H
#define ACESO_LIB_SEARCH_PARTITIONER_H

#include "ReachBound.h"

#include "aceso/Search/Budget.h"

namespace aceso {

/// Where stages begin and end, with their patterns.
struct Partition {
  std::vector<uint32_t> cuts; ///< begin of each stage, and the end
  std::vector<PatternId> patterns;
  double bottleneckMs = 0, sumMs = 0;

  bool found() const { return !patterns.empty(); }
  double iterationMs(int64_t numMicroBatches) const {
    return bottleneckMs * double(numMicroBatches - 1) + sumMs;
  }
};

/// For one micro-batch.
class Partitioner {
public:
  Partitioner(StageModel &model, int64_t microBatch);

  const ReachBound &getBound() const { return bound; }

  struct Request {
    uint32_t numStages = 1;
    /// Devices of each stage; empty: any that the rules allow.
    std::vector<uint32_t> devices;
    /// Only an iteration shorter than this is of interest.
    double belowMs = 0;
  };
  /// Nearly the best partition; not found if there is none, or the budget is used up before.
  Partition partition(const Request &request, const Budget &budget);

private:
  /// A stage with the best of all uniform patterns.
  struct Stage {
    double ms; ///< of a micro-batch, with its share of what happens once an iteration
    PatternId pattern;
  };
  /// `belowMs`: a slower stage need not be told from an impossible one.
  Stage stage(uint32_t first, uint32_t end, uint32_t firstDevice, uint32_t devices, uint32_t behind,
              double belowMs);

  enum class Goal { Bottleneck, Sum };
  /// One pass of dynamic programming with stages of at most `ms`, boundaries among `positions`
  /// (by boundary, or the same for all).
  Partition solve(const Request &request, double ms, Goal goal,
                  const std::vector<std::vector<uint32_t>> &positions);
  Partition bestAmong(const Request &request, double leastMs,
                      const std::vector<std::vector<uint32_t>> &positions);
  Partition refine(const Request &request, Partition partition, uint32_t stride);
  bool isSpent() const { return budget->isSpent(); }

  StageModel &model;
  const ModelBlocks &blocks;
  int64_t microBatch, numMicroBatches;
  uint32_t numDevices;
  ReachBound bound;
  const Budget *budget = nullptr; ///< of the call that is running

  /// A range as one stage, as far as it matters where and on what it stands.
  struct Key {
    uint32_t first = 0, end = 0; ///< end = 0: none
    uint32_t behind = 0, devices = 0, place = 0;
    bool operator==(const Key &) const = default;
  };
  struct Entry {
    Key key;
    double ms = 0; ///< infinite: not known but to be at least leastMs
    double leastMs = 0;
    PatternId pattern = noPattern;
  };
  Entry &lookUp(const Key &key);
  std::vector<Entry> memo;
  size_t memoUsed = 0;
};

} // namespace aceso

#endif // ACESO_LIB_SEARCH_PARTITIONER_H
