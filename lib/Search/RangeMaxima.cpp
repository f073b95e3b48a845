//===- RangeMaxima.cpp - Largest values over ranges of ops ------*- C++ -*-===//

#include "RangeMaxima.h"

#include <algorithm>
#include <bit>

using namespace aceso;

static void include(RangeMaxima::Values &into, const RangeMaxima::Values &values) {
  for (unsigned i = 0; i < into.size(); ++i)
    into[i] = std::max(into[i], values[i]);
}

RangeMaxima::RangeMaxima(const ModelBlocks &blocks, std::vector<Values> opValues)
    : blocks(blocks), values(std::move(opValues)), untilOp(values), fromOp(values) {
  uint32_t numBlocks = blocks.numBlocks();
  levels.emplace_back(numBlocks);
  for (uint32_t block = 0; block < numBlocks; ++block) {
    uint32_t first = blocks.firstOp(block), end = blocks.firstOp(block + 1);
    for (uint32_t op = first + 1; op < end; ++op)
      include(untilOp[op], untilOp[op - 1]);
    for (uint32_t op = end - 1; op-- > first;)
      include(fromOp[op], fromOp[op + 1]);
    levels[0][block] = fromOp[first];
  }
  for (uint32_t span = 1; 2 * span <= numBlocks; span *= 2) {
    const std::vector<Values> &half = levels.back();
    std::vector<Values> level(half.begin(), half.end() - span);
    for (uint32_t block = 0; block < level.size(); ++block)
      include(level[block], half[block + span]);
    levels.push_back(std::move(level));
  }
}

RangeMaxima::Values RangeMaxima::largest(uint32_t first, uint32_t end) const {
  Values result{};
  if (first >= end)
    return result;
  uint32_t firstBlock = blocks.blockOf(first), lastBlock = blocks.blockOf(end - 1);
  if (firstBlock == lastBlock) {
    for (uint32_t op = first; op < end; ++op)
      include(result, values[op]);
    return result;
  }
  include(result, fromOp[first]);
  include(result, untilOp[end - 1]);
  if (uint32_t between = lastBlock - firstBlock - 1; between > 0) {
    uint32_t level = std::bit_width(between) - 1;
    include(result, levels[level][firstBlock + 1]);
    include(result, levels[level][lastBlock - (1u << level)]);
  }
  return result;
}
