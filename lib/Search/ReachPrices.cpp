//===- ReachPrices.cpp - What stages cost at least, by price ----*- C++ -*-===//

#include "ReachPrices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace aceso;

static constexpr double infinity = std::numeric_limits<double>::infinity();
/// Sums of doubles are trusted up to this; bounds stay on the safe side.
static constexpr double trust = 1e-9;

//===----------------------------------------------------------------------===//
// Potentials
//===----------------------------------------------------------------------===//

/// The shortest paths under all prices while they are walked op by op.
struct ReachPrices::Walk {
  const ReachPrices &prices;
  const Options &options;
  double inFlight;
  /// Of all ops so far, the last of which keeps what it gives; or is recomputed, and what it keeps
  /// not yet paid. By price.
  std::vector<double> done, open;
  std::vector<double> before, least, leastOpen;

  void step(uint32_t op) {
    const ModelBlocks &blocks = prices.blocks;
    uint32_t kind = blocks.opKind(op), count = prices.numPrices;
    bool alone = prices.model.dropsAlone();
    bool mayDrop = op > 0 && !alone && !prices.model.keepsInFrontOf(blocks.opKind(op - 1), kind);
    before = done;
    if (mayDrop)
      for (uint32_t p = 0; p < count; ++p)
        before[p] = std::min(done[p], open[p]);
    least.assign(count, neverNs);
    leastOpen.assign(count, neverNs);
    for (const BoundOption &option : options[kind])
      for (uint32_t p = 0; p < count; ++p) {
        double fixed = option.fixedUnits + (prices.countsMaximum(p) ? 0 : option.reserveSumUnits);
        double own = option.timeNs + prices.nsPerUnit[p] * fixed;
        double kept = prices.nsPerUnit[p] * option.keptUnits * inFlight;
        double flagged = before[p] + own + option.recomputeNs;
        least[p] = std::min({least[p], done[p] + own + kept, flagged + (alone ? 0 : kept)});
        leastOpen[p] = std::min(leastOpen[p], flagged);
      }
    done.swap(least);
    open.swap(leastOpen);
  }
};

/// Prices at which ops begin to be recomputed lie between these; and none.
void ReachPrices::choosePrices(const Options &options, int64_t inFlight) {
  constexpr unsigned count = 24;
  double low = infinity, high = 0;
  for (const auto &choices : options)
    for (const BoundOption &option : choices)
      if (option.recomputeNs > 0 && option.keptUnits > 0) {
        double price = double(option.recomputeNs) / (double(option.keptUnits) * inFlight);
        low = std::min(low, price);
        high = std::max(high, price);
      }
  std::vector<double> once{0};
  for (unsigned i = 0; i < count && high > 0; ++i)
    once.push_back(low / 2 * std::pow(high * 8 / low, double(i) / (count - 1)));
  for (unsigned half = 0; half < 2; ++half)
    nsPerUnit.insert(nsPerUnit.end(), once.begin(), once.end());
  for (double ns : nsPerUnit)
    msPerUnit.push_back(ns / 1e6);
  numPrices = nsPerUnit.size();
}

/// Equal blocks that are entered alike are walked once.
void ReachPrices::walkBlocks(const Options &options, int64_t inFlight, std::vector<Walked> &walked,
                             std::vector<uint32_t> &walkedOf) const {
  std::map<std::vector<double>, uint32_t> gapIds;
  std::map<std::array<uint32_t, 3>, uint32_t> walkedIds;
  std::vector<uint32_t> gapOf; // by entry of `walked`
  uint32_t gap = gapIds.try_emplace(std::vector<double>(numPrices, 0), 0).first->second;
  for (uint32_t block = 0; block < blocks.numBlocks(); ++block) {
    uint32_t first = blocks.firstOp(block);
    uint32_t front = block == 0 ? ~0u : blocks.opKind(first - 1);
    auto [it, isNew] = walkedIds.try_emplace({blocks.kindOf(block), front, gap}, walked.size());
    if (isNew) {
      Walk walk{*this, options, double(inFlight), {}, {}, {}, {}, {}};
      walk.done.assign(numPrices, 0);
      for (double less : block == 0 ? walk.done : walked[walkedOf.back()].gap)
        walk.open.push_back(-less);
      Walked made;
      made.done = walk.done;
      for (uint32_t op = first; op < blocks.firstOp(block + 1); ++op) {
        walk.step(op);
        made.done.insert(made.done.end(), walk.done.begin(), walk.done.end());
      }
      for (uint32_t p = 0; p < numPrices; ++p) {
        made.minimum.push_back(std::min(walk.done[p], walk.open[p]));
        made.gap.push_back(walk.done[p] - walk.open[p]);
      }
      gapOf.push_back(gapIds.try_emplace(made.gap, gapIds.size()).first->second);
      walked.push_back(std::move(made));
    }
    walkedOf.push_back(it->second);
    gap = gapOf[it->second];
  }
}

/// Starts from above, ends from below, looking one block ahead: farther ends cost at least what the
/// path costs behind that block without what it keeps.
ReachPrices::Inside ReachPrices::potentialsInside(const Options &options, int64_t inFlight,
                                                  uint32_t block, const Walked &here,
                                                  const Walked *next) const {
  // What receiving in front of an op, and sending behind it, costs at least.
  auto leastReceive = [&](uint32_t op, uint32_t p) {
    double least = neverNs;
    for (const BoundOption &option : options[blocks.opKind(op)])
      least = std::min(least, option.receiveMs * 1e6 +
                                  nsPerUnit[p] * option.inputUnits * double(inFlight));
    return least;
  };
  auto leastSend = [&](uint32_t op) {
    double least = neverNs;
    for (const BoundOption &option : options[blocks.opKind(op)])
      least = std::min(least, option.sendMs * 1e6);
    return least;
  };
  Inside inside;
  uint32_t first = blocks.firstOp(block), size = blocks.sizeOf(block);
  inside.start.resize(size * numPrices);
  inside.end.resize(size * numPrices);
  for (uint32_t p = 0; p < numPrices; ++p) {
    double most = -infinity;
    for (uint32_t i = 0; i < size; ++i) {
      most = std::max(most, (here.done[i * numPrices + p] - leastReceive(first + i, p)) / 1e6);
      inside.start[i * numPrices + p] = most;
    }
    double least = infinity, whole = here.done[size * numPrices + p];
    if (next) {
      least = next->minimum[p];
      for (uint32_t i = 0; i < blocks.sizeOf(block + 1); ++i)
        least = std::min(least, next->done[(i + 1) * numPrices + p] + leastSend(first + size + i));
      least = (whole + least) / 1e6;
    }
    for (uint32_t i = size; i-- > 0;) {
      // Behind the model nothing is sent.
      double send = !next && i + 1 == size ? 0 : leastSend(first + i);
      least = std::min(least, (here.done[(i + 1) * numPrices + p] + send) / 1e6);
      inside.end[i * numPrices + p] = least;
    }
  }
  return inside;
}

ReachPrices::ReachPrices(const StageModel &model, const Options &options, int64_t inFlight)
    : model(model), blocks(model.getBlocks()) {
  choosePrices(options, inFlight);
  std::vector<Walked> walked;
  std::vector<uint32_t> walkedOf;
  walkBlocks(options, inFlight, walked, walkedOf);
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> classIds;
  blockStart.assign(numPrices, 0);
  blockStart.reserve((blocks.numBlocks() + 1) * size_t(numPrices));
  for (uint32_t block = 0; block < blocks.numBlocks(); ++block) {
    const Walked &here = walked[walkedOf[block]];
    bool isLast = block + 1 == blocks.numBlocks();
    auto [it, isNew] =
        classIds.try_emplace({walkedOf[block], isLast ? ~0u : walkedOf[block + 1]}, classes.size());
    if (isNew)
      classes.push_back(potentialsInside(options, inFlight, block, here,
                                         isLast ? nullptr : &walked[walkedOf[block + 1]]));
    classOf.push_back(it->second);
    const double *whole = &here.done[blocks.sizeOf(block) * size_t(numPrices)];
    for (uint32_t p = 0; p < numPrices; ++p)
      blockStart.push_back(blockStart[block * size_t(numPrices) + p] + whole[p] / 1e6);
  }
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

ReachPrices::Row ReachPrices::startsAt(uint32_t position) const {
  uint32_t block = blocks.blockOf(position);
  return {&blockStart[block * size_t(numPrices)],
          &classes[classOf[block]].start[blocks.offsetOf(position) * numPrices]};
}

ReachPrices::Row ReachPrices::endsAt(uint32_t position) const {
  uint32_t block = blocks.blockOf(position - 1);
  return {&blockStart[block * size_t(numPrices)],
          &classes[classOf[block]].end[blocks.offsetOf(position - 1) * numPrices]};
}

double ReachPrices::allowedMs(uint32_t price, const Allowance &allowance) const {
  int64_t reserveUnits = countsMaximum(price) ? allowance.reserveUnits : 0;
  return (allowance.ms + msPerUnit[price] * (model.getLimitUnits() - reserveUnits)) * (1 + trust);
}

/// The last position > 0 whose end potential is at most `sum`; 0 if there is none.
uint32_t ReachPrices::lastWithin(uint32_t price, double sum) const {
  uint32_t low = 0, high = blocks.numBlocks() + 1;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (blockStart[middle * size_t(numPrices) + price] <= sum)
      low = middle + 1;
    else
      high = middle;
  }
  // The potentials of a block's ends may lie a little below those of its start.
  for (uint32_t block = std::min(low + 1, blocks.numBlocks()); block-- > 0;) {
    const std::vector<double> &inside = classes[classOf[block]].end;
    double left = sum - blockStart[block * size_t(numPrices) + price];
    for (uint32_t i = blocks.sizeOf(block); i-- > 0;)
      if (inside[i * numPrices + price] <= left)
        return blocks.firstOp(block) + i + 1;
  }
  return 0;
}

/// The first position whose start potential is at least `sum`; the number of ops if there is none.
uint32_t ReachPrices::firstAtLeast(uint32_t price, double sum) const {
  uint32_t low = 0, high = blocks.numBlocks() + 1;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (blockStart[middle * size_t(numPrices) + price] < sum)
      low = middle + 1;
    else
      high = middle;
  }
  for (uint32_t block = low - std::min(low, 2u); block < blocks.numBlocks(); ++block) {
    const std::vector<double> &inside = classes[classOf[block]].start;
    double left = sum - blockStart[block * size_t(numPrices) + price];
    for (uint32_t i = 0; i < blocks.sizeOf(block); ++i)
      if (inside[i * numPrices + price] >= left)
        return blocks.firstOp(block) + i;
  }
  return blocks.numOps();
}

// Of the many prices few shorten the reach: whether one does is a comparison with its potential at
// what is left of it, and only then it is asked how far.

uint32_t ReachPrices::reach(uint32_t first, const Allowance &allowance) const {
  uint32_t end = blocks.numOps();
  if (first == end)
    return end;
  Row starts = startsAt(first), ends = endsAt(end);
  for (uint32_t p = 0; p < numPrices; ++p) {
    uint32_t least = countsMaximum(p) ? allowance.sure : first;
    double sum = starts[p] + allowedMs(p, allowance);
    if (end <= least || ends[p] <= sum)
      continue;
    uint32_t reached = std::max(lastWithin(p, sum), least);
    if (reached >= end)
      continue;
    end = reached;
    if (end <= first)
      return first;
    ends = endsAt(end);
  }
  return end;
}

uint32_t ReachPrices::reachBack(uint32_t end, const Allowance &allowance, uint32_t stopAt) const {
  uint32_t first = 0;
  if (end == 0)
    return first;
  Row starts = startsAt(first), ends = endsAt(end);
  for (uint32_t p = 0; p < numPrices && first < stopAt; ++p) {
    uint32_t most = countsMaximum(p) ? allowance.sure : end;
    double sum = ends[p] - allowedMs(p, allowance);
    if (first >= most || starts[p] >= sum)
      continue;
    uint32_t reached = std::min(firstAtLeast(p, sum), most);
    if (reached <= first)
      continue;
    first = reached;
    if (first >= end)
      return end;
    starts = startsAt(first);
  }
  return first;
}
