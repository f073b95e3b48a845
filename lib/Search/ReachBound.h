//===- ReachBound.h - How far stages can reach ------------------*- C++ -*-===//
//
// A lower bound on every plan. Memory gets a price: for any price p >= 0, a stage that keeps within
// the limit takes at least the sum over its ops of the least (time + p * memory), minus p * limit.
// Every op may choose its own degrees, rule and recomputation, conversions cost nothing and
// transfers as little as anywhere, so plans of every kind are covered. For one bound on the stage
// time the ops that a stage can hold from a position on are then an interval, and where k stages on
// u devices can end at best follows by a small table: no plan with that bottleneck exists if they
// do not reach the end of the model.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_SEARCH_REACHBOUND_H
#define ACESO_LIB_SEARCH_REACHBOUND_H

#include "ReachPrices.h"

namespace aceso {

class ReachBound {
public:
  ReachBound(StageModel &model, int64_t microBatch);

  /// The largest end of a stage from `first` on that may take at most `ms`.
  uint32_t reach(uint32_t first, uint32_t devices, uint32_t behind, double ms) const {
    return reach(devicesOf(devices), first, behind, ms);
  }

  // Pipelines of `numStages` stages. `devices` fixes the devices of each; empty: any that the rules
  // allow.

  /// By stages left, then devices left: the first position from which they may still reach the end
  /// when each takes at most `ms`; numOps + 1 where they cannot be placed.
  std::vector<std::vector<uint32_t>> earliestStarts(uint32_t numStages, double ms,
                                                    std::span<const uint32_t> devices = {}) const;
  /// By stages placed, then devices used: the last position that they may have reached; 0 where
  /// they cannot be placed.
  std::vector<std::vector<uint32_t>> latestEnds(uint32_t numStages, double ms,
                                                std::span<const uint32_t> devices = {}) const;

  /// No plan has a smaller bottleneck. Infinite if there is none at all; above `stopMs` no longer
  /// exact.
  double leastBottleneckMs(uint32_t numStages, double stopMs,
                           std::span<const uint32_t> devices = {}) const;
  /// No iteration is shorter.
  double leastIterationMs(uint32_t numStages, double stopMs) const;
  /// No iteration is longer that is not absurd: everything on one device, recomputed.
  double longestIterationMs() const;
  /// The sum of all stages' times is at least this when the largest is `ms`.
  double leastSumMs(uint32_t numStages, double ms) const;
  /// The largest bottleneck with which an iteration can still be shorter than `iterationMs`.
  double largestBottleneckMs(uint32_t numStages, double iterationMs) const;

private:
  /// Stages of so many devices.
  struct Devices {
    uint32_t count;
    ReachPrices::Options options;
    /// What the ops of a stage are sure to reserve, of those that a stage has from (up to) an op.
    std::vector<int64_t> reserveFrom, reserveUpTo;
    std::vector<std::unique_ptr<ReachPrices>> prices; ///< by micro-batches in flight
  };
  void addReserves(Devices &devices) const;
  const Devices &devicesOf(uint32_t count) const;
  uint32_t reach(const Devices &devices, uint32_t first, uint32_t behind, double ms) const;
  uint32_t reachBack(const Devices &devices, uint32_t end, uint32_t behind, double ms,
                     uint32_t stopAt) const;

  const StageModel &model;
  const ModelBlocks &blocks;
  int64_t microBatch, numMicroBatches;
  uint32_t numDevices;
  std::vector<Devices> stageDevices;
  double workMs = 0;    ///< of one device, if it did everything alone
  double fastestMs = 0; ///< of all ops, each as fast as it can be
  double slowestMs = 0; ///< each as slow, recomputed, sent and received
};

} // namespace aceso

#endif // ACESO_LIB_SEARCH_REACHBOUND_H
