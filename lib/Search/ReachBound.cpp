//===- ReachBound.cpp - How far stages can reach ----------------*- C++ -*-===//

#include "ReachBound.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

using namespace aceso;

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr double neverNs = ReachPrices::neverNs;
/// Sums of doubles are trusted up to this; bounds stay on the safe side.
static constexpr double trust = 1e-9;

//===----------------------------------------------------------------------===//
// One stage
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
      for (const BoundOption &option : devices.options[kind]) {
        work[kind] = std::min(work[kind], double(option.timeNs) * count);
        fastest[kind] = std::min(fastest[kind], double(option.timeNs));
        slowest[kind] = std::max(slowest[kind], double(option.timeNs + option.recomputeNs) +
                                                    (option.receiveMs + option.sendMs) * 1e6);
      }
    }
    addReserves(devices);
    devices.prices.resize(model.inFlight(mostStages - 1, microBatch) + 1);
    for (uint32_t behind = 0; behind < mostStages; ++behind) {
      int64_t inFlight = model.inFlight(behind, microBatch);
      if (!devices.prices[inFlight])
        devices.prices[inFlight] = std::make_unique<ReachPrices>(model, devices.options, inFlight);
    }
  }
  for (uint32_t op = 0; op < blocks.numOps(); ++op) {
    workMs += work[blocks.opKind(op)] / 1e6;
    fastestMs += fastest[blocks.opKind(op)] / 1e6;
    slowestMs += slowest[blocks.opKind(op)] / 1e6;
  }
}

/// Ops at one end of a stage that are asked for their reserves: about a layer has them all.
static constexpr uint32_t reserveOps = 16;

/// The two maxima that make up a reserve, each op at its least.
void ReachBound::addReserves(Devices &devices) const {
  std::vector<std::array<int64_t, 2>> least;
  for (const auto &choices : devices.options) {
    constexpr int64_t most = std::numeric_limits<int64_t>::max();
    std::array<int64_t, 2> reserve = {most, most};
    for (const BoundOption &option : choices)
      for (unsigned i : {0u, 1u})
        reserve[i] = std::min(reserve[i], option.reserveUnits[i]);
    least.push_back(choices.empty() ? std::array<int64_t, 2>{0, 0} : reserve);
  }
  auto over = [&](uint32_t first, uint32_t end) {
    int64_t largest[2] = {0, 0};
    for (uint32_t op = first; op < end; ++op)
      for (unsigned i : {0u, 1u})
        largest[i] = std::max(largest[i], least[blocks.opKind(op)][i]);
    return largest[0] + largest[1];
  };
  // The last op of a stage does not count.
  for (uint32_t op = 0; op < blocks.numOps(); ++op) {
    devices.reserveFrom.push_back(over(op, std::min(op + reserveOps, blocks.numOps() - 1)));
    devices.reserveUpTo.push_back(over(op - std::min(op, reserveOps - 1), op));
  }
}

const ReachBound::Devices &ReachBound::devicesOf(uint32_t count) const {
  auto it = std::find_if(stageDevices.begin(), stageDevices.end(),
                         [&](const Devices &devices) { return devices.count == count; });
  assert(it != stageDevices.end());
  return *it;
}

uint32_t ReachBound::reach(const Devices &devices, uint32_t first, uint32_t behind,
                           double ms) const {
  if (first == blocks.numOps())
    return first;
  // A stage of more ops than these holds their reserve.
  uint32_t sure = std::min(first + reserveOps, blocks.numOps() - 1);
  return devices.prices[model.inFlight(behind, microBatch)]->reach(
      first, {ms, devices.reserveFrom[first], sure});
}

uint32_t ReachBound::reachBack(const Devices &devices, uint32_t end, uint32_t behind, double ms,
                               uint32_t stopAt) const {
  if (end == 0)
    return 0;
  uint32_t sure = end - std::min(end, reserveOps);
  return devices.prices[model.inFlight(behind, microBatch)]->reachBack(
      end, {ms, devices.reserveUpTo[end - 1], sure}, stopAt);
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
        starts[stages][left] =
            std::min(starts[stages][left], reachBack(choice, starts[stages - 1][left - devices],
                                                     stages - 1, ms, starts[stages][left]));
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
        uint32_t end = reach(choice, ends[stages - 1][used - devices], numStages - stages, ms);
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
