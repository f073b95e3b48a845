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

#include "aceso/Search/StageModel.h"

#include <array>

namespace aceso {

class ReachBound {
public:
  ReachBound(StageModel &model, int64_t microBatch);

  /// The largest end of a stage from `first` on that may take at most `ms`.
  uint32_t reach(uint32_t first, uint32_t devices, uint32_t behind, double ms) const;
  /// The least begin of a stage that ends at `end`.
  uint32_t reachBack(uint32_t end, uint32_t devices, uint32_t behind, double ms) const;

  /// A stage takes at least this.
  double stageMs(uint32_t first, uint32_t end, uint32_t devices, uint32_t behind) const;

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
  /// Least costs under one price, as potentials: a stage [s, e) costs at least end(e) - start(s).
  /// Both rise with the position. They are the length of the shortest path through all ops up to
  /// there (a node for each op, recomputed or not), with what receiving (sending) there costs, made
  /// monotone.
  struct Price {
    double msPerUnit;
    std::vector<double> blockStart; ///< by block, and the end
    /// Blocks of one class have the same potentials inside, from their start on.
    std::vector<uint32_t> classOf;
    struct Inside {
      std::vector<double> start; ///< by offset of the first op
      std::vector<double> end;   ///< by offset of the last op
    };
    std::vector<Inside> classes;
    double total; ///< end potential of the model's end
  };
  /// For one number of devices, one number of micro-batches in flight.
  struct Prices {
    /// The reserve of a stage is at least a sum over its ops, and at least a maximum; a bound can
    /// count one of them.
    std::vector<Price> withMaxima, withSums;
  };
  /// What does not depend on the micro-batches in flight.
  struct Devices {
    uint32_t count;
    std::vector<std::vector<BoundOption>> options; ///< by op kind
    /// By op kind: least of the two maxima that make up a reserve.
    std::vector<std::array<int64_t, 2>> reserves;
    std::vector<Prices> prices; ///< by micro-batches in flight
  };
  const Devices &devicesOf(uint32_t count) const;
  double startOf(const Price &price, uint32_t position) const;
  double endOf(const Price &price, uint32_t position) const;
  uint32_t lastWithin(const Price &price, double sum) const;
  uint32_t firstAtLeast(const Price &price, double sum) const;
  void addPrices(Devices &devices, int64_t inFlight);
  std::vector<Price> makePrices(const Devices &devices, int64_t inFlight, bool withSums) const;
  struct Walk;
  Price makePrice(const Devices &devices, int64_t inFlight, bool withSums, double nsPerUnit) const;
  /// Largest reserve that ops [first, end) are sure to need.
  int64_t leastReserve(const Devices &devices, uint32_t first, uint32_t end) const;

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
