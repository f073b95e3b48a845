//===- Partitioner.cpp - All boundaries at once -----------------*- C++ -*-===//

#include "Partitioner.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

using namespace aceso;

static constexpr double infinity = std::numeric_limits<double>::infinity();

Partitioner::Partitioner(StageModel &model, int64_t microBatch)
    : model(model), blocks(model.getBlocks()), microBatch(microBatch),
      numMicroBatches(model.getGlobalBatch() / microBatch),
      numDevices(model.getCluster().numDevices()), bound(model, microBatch), memo(1 << 12) {}

//===----------------------------------------------------------------------===//
// One stage
//===----------------------------------------------------------------------===//

Partitioner::Entry &Partitioner::lookUp(const Key &key) {
  auto slotOf = [](const std::vector<Entry> &entries, const Key &key) {
    size_t mask = entries.size() - 1;
    uint64_t range = uint64_t(key.first) << 32 | key.end;
    uint64_t rest = uint64_t(key.behind) << 48 ^ uint64_t(key.devices) << 24 ^ key.place;
    uint64_t mixed = (range * 0x9E3779B97F4A7C15ull ^ rest) * 0xBF58476D1CE4E5B9ull;
    size_t slot = mixed >> 28 & mask;
    while (entries[slot].key.end != 0 && entries[slot].key != key)
      slot = (slot + 1) & mask;
    return slot;
  };
  size_t slot = slotOf(memo, key);
  if (memo[slot].key == key)
    return memo[slot];
  if (++memoUsed * 2 > memo.size()) {
    std::vector<Entry> larger(memo.size() * 4);
    for (const Entry &entry : memo)
      if (entry.key.end != 0)
        larger[slotOf(larger, entry.key)] = entry;
    memo = std::move(larger);
    slot = slotOf(memo, key);
  }
  memo[slot].key = key;
  memo[slot].ms = infinity;
  return memo[slot];
}

Partitioner::Stage Partitioner::stage(uint32_t first, uint32_t end, uint32_t firstDevice,
                                      uint32_t devices, uint32_t behind, double belowMs) {
  model.countCandidate();
  const std::vector<PatternId> &patterns = model.uniformPatterns(microBatch, devices);
  if (patterns.empty())
    return {infinity, noPattern};
  // Inside a run of equal blocks it does not matter which ones they are.
  const Pattern &split = model.pattern(patterns[0]);
  uint32_t block = blocks.blockOf(first), run = split.runOf[block];
  if (run == split.runOf[blocks.blockOf(end - 1)]) {
    uint32_t shift = blocks.firstOp(block) - blocks.firstOp(split.runs[run].first);
    first -= shift;
    end -= shift;
  }
  Entry &entry = lookUp({first, end, behind, devices, model.placeKey(firstDevice, devices)});
  if (entry.ms < infinity)
    return {entry.ms, entry.pattern};
  if (entry.leastMs >= belowMs)
    return {infinity, noPattern};

  StageQuery query;
  query.first = first;
  query.end = end;
  query.firstDevice = firstDevice;
  query.behind = behind;
  Stage best{belowMs, noPattern};
  double share = numMicroBatches > 1 ? 1.0 / double(numMicroBatches - 1) : 1;
  for (PatternId id : patterns) {
    query.pattern = id;
    if (double ms = model.solveBelow(query, share, best.ms); ms < best.ms)
      best = {ms, id};
  }
  if (best.pattern == noPattern) {
    entry.leastMs = belowMs;
    return {infinity, noPattern};
  }
  entry.ms = best.ms;
  entry.pattern = best.pattern;
  return best;
}

//===----------------------------------------------------------------------===//
// Dynamic programming
//===----------------------------------------------------------------------===//

namespace {
/// Where the last `stages` stages on `left` devices may begin, and how well.
struct States {
  uint32_t low = 0; ///< index of the first position
  struct State {
    double value = infinity;
    uint32_t next = 0; ///< index of the position where the stage ends
    uint32_t devices = 0;
    PatternId pattern = noPattern;
  };
  std::vector<State> states;
};
} // namespace

Partition Partitioner::solve(const Request &request, double ms, Goal goal,
                             const std::vector<std::vector<uint32_t>> &positions) {
  uint32_t numStages = request.numStages;
  auto starts = bound.earliestStarts(numStages, ms, request.devices);
  auto ends = bound.latestEnds(numStages, ms, request.devices);
  Partition partition;
  if (starts[numStages][numDevices] > 0 || ends[numStages][numDevices] < blocks.numOps())
    return partition;
  // Just above, so that stages of exactly `ms` count.
  double limit = std::nextafter(ms, infinity);
  auto positionsOf = [&](uint32_t boundary) -> const std::vector<uint32_t> & {
    return positions[std::min<size_t>(boundary, positions.size() - 1)];
  };

  std::vector<std::vector<States>> table(numStages + 1, std::vector<States>(numDevices + 1));
  const std::vector<uint32_t> &last = positionsOf(numStages);
  table[0][0].low = last.size() - 1;
  table[0][0].states.emplace_back().value = 0;
  int64_t perNode = model.getCluster().devicesPerNode;
  for (uint32_t stages = 1; stages <= numStages; ++stages) {
    uint32_t index = numStages - stages;
    const std::vector<uint32_t> &from = positionsOf(index), &to = positionsOf(index + 1);
    for (uint32_t left = stages; left <= numDevices; ++left) {
      uint32_t used = numDevices - left;
      if ((index == 0) != (used == 0) || used < index || starts[stages][left] > blocks.numOps() ||
          (index > 0 && ends[index][used] == 0))
        continue;
      States &here = table[stages][left];
      here.low = std::lower_bound(from.begin(), from.end(), starts[stages][left]) - from.begin();
      uint32_t high =
          index == 0 ? 1
                     : std::upper_bound(from.begin(), from.end(), ends[index][used]) - from.begin();
      for (uint32_t s = here.low; s < high; ++s) {
        States::State state;
        if (goal == Goal::Bottleneck)
          state.value = limit;
        for (uint32_t devices : model.getRules().stageDevices) {
          if (devices > left || table[stages - 1][left - devices].states.empty() ||
              !model.getRules().allowsPlace(used, devices, perNode) ||
              (!request.devices.empty() && request.devices[index] != devices))
            continue;
          const States &next = table[stages - 1][left - devices];
          uint32_t reach = bound.reach(from[s], devices, stages - 1, ms);
          for (uint32_t i = next.states.size(); i-- > 0;) {
            uint32_t end = to[next.low + i];
            double behind = next.states[i].value;
            if (end <= from[s])
              break;
            if (end > reach || behind >= state.value)
              continue;
            double below =
                goal == Goal::Bottleneck ? state.value : std::min(limit, state.value - behind);
            Stage found = stage(from[s], end, used, devices, stages - 1, below);
            if (found.ms >= below)
              continue;
            state = {goal == Goal::Bottleneck ? std::max(found.ms, behind) : found.ms + behind,
                     next.low + i, devices, found.pattern};
          }
        }
        if (state.pattern == noPattern)
          state.value = infinity;
        here.states.push_back(state);
        if (isSpent())
          return partition;
      }
    }
  }

  if (table[numStages][numDevices].states.empty() ||
      table[numStages][numDevices].states[0].pattern == noPattern)
    return partition;
  uint32_t left = numDevices, position = table[numStages][numDevices].low;
  for (uint32_t stages = numStages; stages > 0; --stages) {
    const States &here = table[stages][left];
    const States::State &state = here.states[position - here.low];
    uint32_t first = positionsOf(numStages - stages)[position];
    uint32_t end = positionsOf(numStages - stages + 1)[state.next];
    partition.cuts.push_back(first);
    partition.patterns.push_back(state.pattern);
    double stageMs = stage(first, end, numDevices - left, state.devices, stages - 1, infinity).ms;
    partition.bottleneckMs = std::max(partition.bottleneckMs, stageMs);
    partition.sumMs += stageMs;
    left -= state.devices;
    position = state.next;
  }
  partition.cuts.push_back(blocks.numOps());
  return partition;
}

/// The smallest bottleneck, then the best trade of it for the sum.
Partition Partitioner::bestAmong(const Request &request, double leastMs,
                                 const std::vector<std::vector<uint32_t>> &positions) {
  double mostMs = bound.largestBottleneckMs(request.numStages, request.belowMs);
  Partition best;
  double ms = leastMs * 1.001, step = 0.004;
  while (!best.found() && !isSpent()) {
    ms = std::min(ms, mostMs);
    best = solve(request, ms, Goal::Bottleneck, positions);
    if (ms >= mostMs)
      break;
    ms *= 1 + step;
    step *= 1.6;
  }
  if (!best.found())
    return best;
  double repeats = numMicroBatches - 1, smallest = best.bottleneckMs;
  for (double factor : {1.0, 1.003, 1.008, 1.015, 1.03}) {
    double limit = smallest * factor;
    if (isSpent() || repeats * limit + bound.leastSumMs(request.numStages, limit) >=
                         best.iterationMs(numMicroBatches))
      break;
    Partition found = solve(request, limit, Goal::Sum, positions);
    if (found.found() && found.iterationMs(numMicroBatches) < best.iterationMs(numMicroBatches))
      best = std::move(found);
  }
  return best;
}

/// Boundaries among some positions around where they are, all at once, until nothing improves;
/// then closer ones.
Partition Partitioner::refine(const Request &request, Partition partition, uint32_t stride) {
  constexpr int reach = 6;
  Request fixed = request;
  fixed.devices.clear();
  for (PatternId id : partition.patterns)
    fixed.devices.push_back(model.pattern(id).devices);
  while (!isSpent()) {
    std::vector<std::vector<uint32_t>> positions;
    for (size_t i = 0; i < partition.cuts.size(); ++i) {
      std::vector<uint32_t> &near = positions.emplace_back();
      bool isEnd = i == 0 || i + 1 == partition.cuts.size();
      for (int k = isEnd ? 0 : -reach; k <= (isEnd ? 0 : reach); ++k) {
        int64_t position = int64_t(partition.cuts[i]) + k * int64_t(stride);
        if (isEnd || (position > 0 && position < blocks.numOps()))
          near.push_back(position);
      }
    }
    fixed.belowMs = partition.iterationMs(numMicroBatches);
    Partition better = bestAmong(fixed, partition.bottleneckMs * 0.99, positions);
    if (better.found() && better.iterationMs(numMicroBatches) < fixed.belowMs) {
      partition = std::move(better);
      continue;
    }
    if (stride == 1)
      break;
    stride = (stride + 2) / 3;
  }
  return partition;
}

Partition Partitioner::partition(const Request &request, const Budget &callBudget) {
  // Beyond this many ops a first table has the begins of blocks as positions, at which plans are a
  // little slower.
  constexpr uint32_t maxPositions = 2000;
  constexpr double coarseAllowance = 1.03;
  budget = &callBudget;
  double mostMs = bound.largestBottleneckMs(request.numStages, request.belowMs);
  double leastMs = bound.leastBottleneckMs(request.numStages, mostMs, request.devices);
  if (leastMs >= mostMs)
    return {};
  std::vector<std::vector<uint32_t>> positions(1);
  if (blocks.numOps() <= maxPositions) {
    for (uint32_t op = 0; op <= blocks.numOps(); ++op)
      positions[0].push_back(op);
    return bestAmong(request, leastMs, positions);
  }
  uint32_t blockStride = (blocks.numBlocks() + maxPositions - 1) / maxPositions;
  for (uint32_t block = 0; block < blocks.numBlocks(); block += blockStride)
    positions[0].push_back(blocks.firstOp(block));
  positions[0].push_back(blocks.numOps());
  Request coarse = request;
  coarse.belowMs *= coarseAllowance;
  Partition found = bestAmong(coarse, leastMs, positions);
  if (!found.found())
    return found;
  uint32_t stride = std::max(1u, blocks.numOps() / blocks.numBlocks() * blockStride / 3);
  found = refine(request, std::move(found), stride);
  return found.iterationMs(numMicroBatches) < request.belowMs ? found : Partition();
}
