//===- ReachBound.cpp - How far stages can reach ----------------*- C++ -*-===//

#include "ReachBound.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>

using namespace aceso;

static constexpr double infinity = std::numeric_limits<double>::infinity();
/// Of an op that cannot run on so many devices; finite, so that sums can be subtracted.
static constexpr double neverNs = 1e18;
/// Sums of doubles are trusted up to this; bounds stay on the safe side.
static constexpr double trust = 1e-9;

//===----------------------------------------------------------------------===//
// Prices
//===----------------------------------------------------------------------===//

ReachBound::ReachBound(StageModel &model, int64_t microBatch)
    : model(model), blocks(model.getBlocks()), microBatch(microBatch),
      numMicroBatches(model.getGlobalBatch() / microBatch),
      numDevices(model.getCluster().numDevices()) {
  uint32_t numKinds = blocks.numOpKinds();
  uint32_t mostStages = std::min(numDevices, model.getRules().maxStages);
  std::vector<double> work(numKinds, neverNs), fastest(numKinds, neverNs), slowest(numKinds, 0);
  for (uint32_t count : model.getRules().stageDevices) {
    if (count > numDevices)
      continue;
    Devices &devices = stageDevices.emplace_back();
    devices.count = count;
    devices.options.resize(numKinds);
    for (uint32_t kind = 0; kind < numKinds; ++kind) {
      model.boundOptions(kind, microBatch, count, devices.options[kind]);
      constexpr int64_t most = std::numeric_limits<int64_t>::max();
      std::array<int64_t, 2> reserve = {most, most};
      for (const BoundOption &option : devices.options[kind]) {
        work[kind] = std::min(work[kind], double(option.timeNs) * count);
        fastest[kind] = std::min(fastest[kind], double(option.timeNs));
        slowest[kind] = std::max(slowest[kind], double(option.timeNs + option.recomputeNs) +
                                                    (option.receiveMs + option.sendMs) * 1e6);
        for (unsigned i : {0u, 1u})
          reserve[i] = std::min(reserve[i], option.reserveUnits[i]);
      }
      devices.reserves.push_back(devices.options[kind].empty() ? std::array<int64_t, 2>{0, 0}
                                                               : reserve);
    }
    devices.prices.resize(model.inFlight(mostStages - 1, microBatch) + 1);
    for (uint32_t behind = 0; behind < mostStages; ++behind)
      addPrices(devices, model.inFlight(behind, microBatch));
  }
  for (uint32_t op = 0; op < blocks.numOps(); ++op) {
    workMs += work[blocks.opKind(op)] / 1e6;
    fastestMs += fastest[blocks.opKind(op)] / 1e6;
    slowestMs += slowest[blocks.opKind(op)] / 1e6;
  }
}

void ReachBound::addPrices(Devices &devices, int64_t inFlight) {
  Prices &prices = devices.prices[inFlight];
  if (!prices.withMaxima.empty())
    return;
  prices.withMaxima = makePrices(devices, inFlight, false);
  prices.withSums = makePrices(devices, inFlight, true);
}

std::vector<ReachBound::Price> ReachBound::makePrices(const Devices &devices, int64_t inFlight,
                                                      bool withSums) const {
  constexpr unsigned numPrices = 24;
  // Prices at which ops begin to be recomputed lie between these.
  double low = infinity, high = 0;
  for (const auto &choices : devices.options)
    for (const BoundOption &option : choices)
      if (option.recomputeNs > 0 && option.keptUnits > 0) {
        double price = double(option.recomputeNs) / (double(option.keptUnits) * inFlight);
        low = std::min(low, price);
        high = std::max(high, price);
      }
  std::vector<double> nsPerUnit{0};
  for (unsigned i = 0; i < numPrices && high > 0; ++i)
    nsPerUnit.push_back(low / 2 * std::pow(high * 8 / low, double(i) / (numPrices - 1)));

  std::vector<Price> prices;
  for (double ns : nsPerUnit)
    prices.push_back(makePrice(devices, inFlight, withSums, ns));
  return prices;
}

/// The shortest path while it is walked op by op.
struct ReachBound::Walk {
  const ReachBound &bound;
  const Devices &devices;
  double inFlight, nsPerUnit;
  bool withSums;
  /// Of all ops so far, the last of which keeps what it gives; or is recomputed, and what it keeps
  /// not yet paid.
  double done = 0, open = 0;

  void step(uint32_t op) {
    const ModelBlocks &blocks = bound.blocks;
    uint32_t kind = blocks.opKind(op);
    bool alone = bound.model.dropsAlone();
    bool mayDrop = op > 0 && !alone && !bound.model.keepsInFrontOf(blocks.opKind(op - 1), kind);
    double before = mayDrop ? std::min(done, open) : done;
    double least = neverNs, leastOpen = neverNs;
    for (const BoundOption &option : devices.options[kind]) {
      double fixed = option.fixedUnits + (withSums ? option.reserveSumUnits : 0);
      double own = option.timeNs + nsPerUnit * fixed,
             kept = nsPerUnit * option.keptUnits * inFlight;
      double flagged = before + own + option.recomputeNs;
      least = std::min({least, done + own + kept, flagged + (alone ? 0 : kept)});
      leastOpen = std::min(leastOpen, flagged);
    }
    done = least;
    open = leastOpen;
  }
};

ReachBound::Price ReachBound::makePrice(const Devices &devices, int64_t inFlight, bool withSums,
                                        double nsPerUnit) const {
  Price price;
  price.msPerUnit = nsPerUnit / 1e6;
  // Equal blocks that are entered alike are walked once.
  struct Walked {
    std::vector<double> done; ///< by offset, up to the size
    double minimum;           ///< of all that can come behind it, seen from its start
    double gap;               ///< done - open at its end
  };
  std::vector<Walked> walked;
  std::map<std::pair<uint32_t, double>, uint32_t> walkedIds;
  std::vector<uint32_t> walkedOf;
  double gap = 0;
  for (uint32_t block = 0; block < blocks.numBlocks(); ++block) {
    // What stands in front of an equal block may still differ where runs begin.
    uint32_t key =
        blocks.kindOf(block) * 2 + (block > 0 && blocks.kindOf(block - 1) == blocks.kindOf(block));
    key = key * 2 +
          (block + 1 < blocks.numBlocks() && blocks.kindOf(block + 1) == blocks.kindOf(block));
    auto [it, isNew] = walkedIds.try_emplace({block == 0 ? ~0u : key, gap}, walked.size());
    if (isNew) {
      Walk walk{*this, devices, double(inFlight), nsPerUnit, withSums};
      walk.open = -gap;
      Walked &made = walked.emplace_back();
      made.done.push_back(0);
      for (uint32_t op = blocks.firstOp(block); op < blocks.firstOp(block + 1); ++op) {
        walk.step(op);
        made.done.push_back(walk.done);
      }
      made.minimum = std::min(walk.done, walk.open);
      made.gap = walk.done - walk.open;
    }
    walkedOf.push_back(it->second);
    gap = walked[it->second].gap;
  }

  // What receiving in front of an op, and sending behind it, costs at least.
  std::vector<double> receive, send;
  for (const auto &choices : devices.options) {
    double leastReceive = neverNs, leastSend = neverNs;
    for (const BoundOption &option : choices) {
      leastReceive = std::min(leastReceive, option.receiveMs * 1e6 +
                                                nsPerUnit * option.inputUnits * double(inFlight));
      leastSend = std::min(leastSend, option.sendMs * 1e6);
    }
    receive.push_back(leastReceive);
    send.push_back(leastSend);
  }

  // Monotone: starts from above, ends from below, looking one block ahead. Farther ends cost at
  // least what the path costs behind that block without what it keeps.
  price.blockStart.push_back(0);
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> classIds;
  for (uint32_t block = 0; block < blocks.numBlocks(); ++block) {
    const Walked &here = walked[walkedOf[block]];
    bool isLast = block + 1 == blocks.numBlocks();
    auto [it, isNew] = classIds.try_emplace({walkedOf[block], isLast ? ~0u : walkedOf[block + 1]},
                                            price.classes.size());
    if (isNew) {
      Price::Inside &inside = price.classes.emplace_back();
      uint32_t first = blocks.firstOp(block), size = blocks.sizeOf(block);
      double most = -infinity;
      for (uint32_t i = 0; i < size; ++i) {
        most = std::max(most, (here.done[i] - receive[blocks.opKind(first + i)]) / 1e6);
        inside.start.push_back(most);
      }
      double least = infinity;
      if (!isLast) {
        const Walked &next = walked[walkedOf[block + 1]];
        least = next.minimum;
        for (uint32_t i = 0; i < blocks.sizeOf(block + 1); ++i)
          least = std::min(least, next.done[i + 1] + send[blocks.opKind(first + size + i)]);
        least = (here.done.back() + least) / 1e6;
      }
      inside.end.resize(size);
      for (uint32_t i = size; i-- > 0;) {
        double own =
            here.done[i + 1] + (isLast && i + 1 == size ? 0 : send[blocks.opKind(first + i)]);
        inside.end[i] = least = std::min(least, own / 1e6);
      }
    }
    price.classOf.push_back(it->second);
    price.blockStart.push_back(price.blockStart.back() + here.done.back() / 1e6);
  }
  price.total = price.blockStart.back();
  return price;
}

const ReachBound::Devices &ReachBound::devicesOf(uint32_t count) const {
  auto it = std::find_if(stageDevices.begin(), stageDevices.end(),
                         [&](const Devices &devices) { return devices.count == count; });
  assert(it != stageDevices.end());
  return *it;
}

double ReachBound::startOf(const Price &price, uint32_t position) const {
  uint32_t block = blocks.blockOf(position);
  return price.blockStart[block] +
         price.classes[price.classOf[block]].start[position - blocks.firstOp(block)];
}

double ReachBound::endOf(const Price &price, uint32_t position) const {
  uint32_t block = blocks.blockOf(position - 1);
  return price.blockStart[block] +
         price.classes[price.classOf[block]].end[position - 1 - blocks.firstOp(block)];
}

/// The last position > 0 whose end potential is at most `sum`; 0 if there is none.
uint32_t ReachBound::lastWithin(const Price &price, double sum) const {
  auto behind = std::upper_bound(price.blockStart.begin(), price.blockStart.end(), sum);
  uint32_t block = behind - price.blockStart.begin();
  // The potentials of a block's ends may lie a little below those of its start.
  for (block = std::min(block + 1, blocks.numBlocks()); block-- > 0;) {
    const std::vector<double> &inside = price.classes[price.classOf[block]].end;
    auto it = std::upper_bound(inside.begin(), inside.end(), sum - price.blockStart[block]);
    if (it != inside.begin())
      return blocks.firstOp(block) + (it - inside.begin());
  }
  return 0;
}

/// The first position whose start potential is at least `sum`; the number of ops if there is none.
uint32_t ReachBound::firstAtLeast(const Price &price, double sum) const {
  auto it = std::lower_bound(price.blockStart.begin(), price.blockStart.end(), sum);
  uint32_t block = it - price.blockStart.begin();
  for (block -= std::min(block, 2u); block < blocks.numBlocks(); ++block) {
    const std::vector<double> &inside = price.classes[price.classOf[block]].start;
    auto inner = std::lower_bound(inside.begin(), inside.end(), sum - price.blockStart[block]);
    if (inner != inside.end())
      return blocks.firstOp(block) + (inner - inside.begin());
  }
  return blocks.numOps();
}

int64_t ReachBound::leastReserve(const Devices &devices, uint32_t first, uint32_t end) const {
  int64_t largest[2] = {0, 0};
  for (uint32_t op = first; op < end; ++op)
    for (unsigned i : {0u, 1u})
      largest[i] = std::max(largest[i], devices.reserves[blocks.opKind(op)][i]);
  return largest[0] + largest[1];
}

//===----------------------------------------------------------------------===//
// One stage
//===----------------------------------------------------------------------===//

/// Ops at one end of a stage that are asked for their reserves: about a layer has them all.
static constexpr uint32_t reserveOps = 16;

uint32_t ReachBound::reach(uint32_t first, uint32_t count, uint32_t behind, double ms) const {
  const Devices &devices = devicesOf(count);
  const Prices &prices = devices.prices[model.inFlight(behind, microBatch)];
  uint32_t numOps = blocks.numOps(), end = numOps;
  if (first == numOps)
    return end;
  // A stage of more ops than these holds their reserve.
  uint32_t sure = std::min(first + reserveOps, numOps - 1);
  int64_t reserve = leastReserve(devices, first, sure);
  auto limitBy = [&](const Price &price, int64_t limitUnits, uint32_t from) {
    double sum = startOf(price, first) + (ms + price.msPerUnit * limitUnits) * (1 + trust);
    end = std::min(end, std::max(lastWithin(price, sum), from));
  };
  for (const Price &price : prices.withMaxima)
    limitBy(price, model.getLimitUnits() - reserve, sure);
  for (const Price &price : prices.withSums)
    limitBy(price, model.getLimitUnits(), first);
  return std::max(end, first);
}

uint32_t ReachBound::reachBack(uint32_t end, uint32_t count, uint32_t behind, double ms) const {
  const Devices &devices = devicesOf(count);
  const Prices &prices = devices.prices[model.inFlight(behind, microBatch)];
  if (end == 0)
    return 0;
  uint32_t first = 0, sure = end - std::min(end, reserveOps);
  int64_t reserve = leastReserve(devices, sure, end - 1);
  auto limitBy = [&](const Price &price, int64_t limitUnits, uint32_t to) {
    double sum = endOf(price, end) - (ms + price.msPerUnit * limitUnits) * (1 + trust);
    first = std::max(first, std::min(firstAtLeast(price, sum), to));
  };
  for (const Price &price : prices.withMaxima)
    limitBy(price, model.getLimitUnits() - reserve, sure);
  for (const Price &price : prices.withSums)
    limitBy(price, model.getLimitUnits(), end);
  return std::min(first, end);
}

double ReachBound::stageMs(uint32_t first, uint32_t end, uint32_t count, uint32_t behind) const {
  const Devices &devices = devicesOf(count);
  const Prices &prices = devices.prices[model.inFlight(behind, microBatch)];
  double ms = 0;
  int64_t limit = model.getLimitUnits() - leastReserve(devices, first, end - 1);
  for (const Price &price : prices.withMaxima)
    ms = std::max(ms, endOf(price, end) - startOf(price, first) - price.msPerUnit * limit);
  for (const Price &price : prices.withSums)
    ms = std::max(ms, endOf(price, end) - startOf(price, first) -
                          price.msPerUnit * model.getLimitUnits());
  return ms * (1 - trust);
}

//===----------------------------------------------------------------------===//
// Pipelines
//===----------------------------------------------------------------------===//

/// Whether stage `index` may have `devices` devices.
static bool isChosen(std::span<const uint32_t> fixed, uint32_t index, uint32_t devices) {
  return fixed.empty() || fixed[index] == devices;
}

std::vector<std::vector<uint32_t>>
ReachBound::earliestStarts(uint32_t numStages, double ms, std::span<const uint32_t> fixed) const {
  uint32_t none = blocks.numOps() + 1;
  int64_t perNode = model.getCluster().devicesPerNode;
  std::vector<std::vector<uint32_t>> starts(numStages + 1,
                                            std::vector<uint32_t>(numDevices + 1, none));
  starts[0][0] = blocks.numOps();
  for (uint32_t stages = 1; stages <= numStages; ++stages)
    for (uint32_t left = stages; left <= numDevices; ++left)
      for (const Devices &choice : stageDevices) {
        uint32_t devices = choice.count;
        if (devices > left || starts[stages - 1][left - devices] == none ||
            !isChosen(fixed, numStages - stages, devices) ||
            !model.getRules().allowsPlace(numDevices - left, devices, perNode))
          continue;
        uint32_t first = reachBack(starts[stages - 1][left - devices], devices, stages - 1, ms);
        starts[stages][left] = std::min(starts[stages][left], first);
      }
  return starts;
}

std::vector<std::vector<uint32_t>> ReachBound::latestEnds(uint32_t numStages, double ms,
                                                          std::span<const uint32_t> fixed) const {
  int64_t perNode = model.getCluster().devicesPerNode;
  std::vector<std::vector<uint32_t>> ends(numStages + 1, std::vector<uint32_t>(numDevices + 1, 0));
  for (uint32_t stages = 1; stages <= numStages; ++stages)
    for (uint32_t used = stages; used <= numDevices; ++used)
      for (const Devices &choice : stageDevices) {
        uint32_t devices = choice.count;
        if (devices > used || (stages == 1) != (devices == used) ||
            (stages > 1 && ends[stages - 1][used - devices] == 0) ||
            !isChosen(fixed, stages - 1, devices) ||
            !model.getRules().allowsPlace(used - devices, devices, perNode))
          continue;
        uint32_t end = reach(ends[stages - 1][used - devices], devices, numStages - stages, ms);
        ends[stages][used] = std::max(ends[stages][used], end);
      }
  return ends;
}

double ReachBound::leastSumMs(uint32_t numStages, double ms) const {
  // All device time is work or slack; slack is cheapest on stages of one device.
  double slack = std::max(0.0, numDevices * ms - workMs);
  return std::max({fastestMs, ms, numStages * ms - slack});
}

double ReachBound::leastBottleneckMs(uint32_t numStages, double stopMs,
                                     std::span<const uint32_t> fixed) const {
  auto isPossible = [&](double ms) {
    return earliestStarts(numStages, ms, fixed)[numStages][numDevices] == 0;
  };
  // If not even everything on one device in this time is possible, memory is in the way.
  double low = workMs / numDevices, high = low * 1.02, most = std::max(workMs * 4, stopMs);
  if (workMs * 1e6 >= neverNs || !isPossible(most * 1.1))
    return infinity;
  while (!isPossible(high)) {
    if (high > stopMs)
      return high;
    low = high;
    high *= 1.05;
  }
  for (unsigned i = 0; i < 8; ++i) {
    double middle = (low + high) / 2;
    (isPossible(middle) ? high : low) = middle;
  }
  return low;
}

double ReachBound::leastIterationMs(uint32_t numStages, double stopMs) const {
  double ms = leastBottleneckMs(numStages, stopMs / double(numMicroBatches));
  if (ms == infinity)
    return infinity;
  double repeats = numMicroBatches - 1;
  double best = repeats * ms + leastSumMs(numStages, ms);
  // Linear between here and where another bound on the sum takes over.
  if (numDevices > numStages) {
    double less = numDevices - numStages;
    for (double turn : {(workMs - fastestMs) / less, workMs / (less + 1)})
      if (turn > ms)
        best = std::min(best, repeats * turn + leastSumMs(numStages, turn));
  }
  return best * (1 - trust);
}

double ReachBound::longestIterationMs() const { return slowestMs * double(numMicroBatches); }

double ReachBound::largestBottleneckMs(uint32_t numStages, double iterationMs) const {
  double repeats = numMicroBatches - 1;
  double low = 0, high = iterationMs;
  for (unsigned i = 0; i < 40; ++i) {
    double middle = (low + high) / 2;
    (repeats * middle + leastSumMs(numStages, middle) < iterationMs ? low : high) = middle;
  }
  return high;
}
