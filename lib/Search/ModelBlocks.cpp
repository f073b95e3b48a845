//===- ModelBlocks.cpp - A model as a sequence of layers --------*- C++ -*-===//

#include "aceso/Search/ModelBlocks.h"

#include <algorithm>
#include <cassert>
#include <map>

using namespace aceso;

ModelBlocks::ModelBlocks(std::vector<uint32_t> kindOfOp, const std::vector<uint32_t> &opBlocks)
    : opKinds(std::move(kindOfOp)) {
  assert(opKinds.size() == opBlocks.size() && !opKinds.empty());
  uint32_t count = opKinds.size();
  opKindCount = *std::max_element(opKinds.begin(), opKinds.end()) + 1;
  examples.assign(opKindCount, 0);
  for (uint32_t op = count; op-- > 0;)
    examples[opKinds[op]] = op;

  std::map<std::vector<uint32_t>, uint32_t> kindIds;
  for (uint32_t first = 0, end; first < count; first = end) {
    end = first + 1;
    while (end < count && opBlocks[end] == opBlocks[first] && end - first < maxBlockOps)
      ++end;
    std::vector<uint32_t> sequence(opKinds.begin() + first, opKinds.begin() + end);
    blocks.insert(blocks.end(), end - first, firstOps.size());
    firstOps.push_back(first);
    kinds.push_back(kindIds.try_emplace(std::move(sequence), kindIds.size()).first->second);
  }
  firstOps.push_back(count);
}

std::vector<BlockRun> aceso::runsOf(const std::vector<uint32_t> &kinds) {
  std::vector<BlockRun> runs;
  for (uint32_t block = 0; block < kinds.size(); ++block) {
    if (block == 0 || kinds[block] != kinds[block - 1])
      runs.push_back({block, block});
    runs.back().end = block + 1;
  }
  return runs;
}
