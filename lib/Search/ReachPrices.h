//===- ReachPrices.h - What stages cost at least, by price ------*- C++ -*-===//

#ifndef ACESO_LIB_SEARCH_REACHPRICES_H
#define ACESO_LIB_SEARCH_REACHPRICES_H

#include "aceso/Search/StageModel.h"

namespace aceso {

/// Least costs of stages of so many devices with so many micro-batches in flight, under several
/// prices of memory, as potentials: a stage [s, e) costs at least end(e) - start(s). They are the
/// length of the shortest path through all ops up to there (a node for each op, recomputed or not),
/// with what receiving (sending) there costs, made monotone inside each block.
///
/// Every price comes twice, because the reserve of a stage is at least a maximum over its ops, and
/// at least a sum, and a bound can count one of them: in the first half of the prices the maximum,
/// which the caller gives, in the second half the sum, which is in the potentials.
///
/// What all prices say of one position lies together, because that is what is asked.
class ReachPrices {
public:
  /// Ways to run an op, by op kind.
  using Options = std::vector<std::vector<BoundOption>>;
  /// Time of an op that cannot run on so many devices; finite, so that sums can be subtracted.
  static constexpr double neverNs = 1e18;

  ReachPrices(const StageModel &model, const Options &options, int64_t inFlight);

  /// What a stage may take.
  struct Allowance {
    double ms;
    /// Ops from one end of the stage on up to `sure` reserve at least so much together.
    int64_t reserveUnits;
    uint32_t sure;
  };
  /// The largest end of a stage from `first` on.
  uint32_t reach(uint32_t first, const Allowance &allowance) const;
  /// The least begin of a stage that ends at `end`; where it is `stopAt` or more, only that it is.
  uint32_t reachBack(uint32_t end, const Allowance &allowance, uint32_t stopAt) const;

private:
  struct Walk;
  /// How paths go through a block; by offset, then price, where not said otherwise.
  struct Walked {
    std::vector<double> done;    ///< up to the block's size
    std::vector<double> minimum; ///< by price: of all that can come behind it, seen from its start
    std::vector<double> gap;     ///< by price: done - open at its end
  };
  /// Potentials inside a block, from its start on; by offset, then price.
  struct Inside {
    std::vector<double> start; ///< of the first op
    std::vector<double> end;   ///< of the last op
  };

  void choosePrices(const Options &options, int64_t inFlight);
  void walkBlocks(const Options &options, int64_t inFlight, std::vector<Walked> &walked,
                  std::vector<uint32_t> &walkedOf) const;
  /// `next`: the block behind it; null for the last one.
  Inside potentialsInside(const Options &options, int64_t inFlight, uint32_t block,
                          const Walked &here, const Walked *next) const;

  /// Potentials at one position, by price.
  struct Row {
    const double *block, *inside;
    double operator[](uint32_t price) const { return block[price] + inside[price]; }
  };
  Row startsAt(uint32_t position) const;
  Row endsAt(uint32_t position) const;
  /// Whether the price leaves the maximum of a reserve to the caller.
  bool countsMaximum(uint32_t price) const { return price < numPrices / 2; }
  /// How much the potentials at the ends of a stage may differ.
  double allowedMs(uint32_t price, const Allowance &allowance) const;
  uint32_t lastWithin(uint32_t price, double sum) const;
  uint32_t firstAtLeast(uint32_t price, double sum) const;

  const StageModel &model;
  const ModelBlocks &blocks;
  uint32_t numPrices = 0; ///< in both halves together
  std::vector<double> nsPerUnit, msPerUnit;
  std::vector<double> blockStart; ///< by block, and the end; then price
  std::vector<uint32_t> classOf;  ///< by block: its entry of `classes`
  std::vector<Inside> classes;
};

} // namespace aceso

#endif // ACESO_LIB_SEARCH_REACHPRICES_H
