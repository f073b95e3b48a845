//===- FullPatternSums.cpp - Sums of formula `full` -------------*- C++ -*-===//

#include "FullPatternSums.h"

#include <algorithm>

using namespace aceso;

/// Sums only; `sign` is 1 or -1.
static void addSums(FullStageSums &into, const FullStageSums &sums, int64_t sign) {
  for (int64_t FullStageSums::*field :
       {&FullStageSums::forwardNs, &FullStageSums::backwardNs, &FullStageSums::idealNs,
        &FullStageSums::forwardConversionNs, &FullStageSums::backwardConversionNs,
        &FullStageSums::gradientSyncNs, &FullStageSums::weightBytes, &FullStageSums::mainBytes,
        &FullStageSums::gradientBytes, &FullStageSums::optimizerBytes,
        &FullStageSums::optimizerTraffic, &FullStageSums::activationUnits})
    into.*field += sign * sums.*field;
}

CrossingOps::CrossingOps(const FullFormula &formula, uint32_t numOps) {
  for (uint32_t op = 0; op < numOps; ++op) {
    lastUsers.push_back(formula.lastUser(op));
    if (lastUsers.back() > op + near)
      farOps.push_back(op);
  }
}

std::vector<uint32_t> CrossingOps::at(uint32_t position) const {
  std::vector<uint32_t> ops;
  if (position >= lastUsers.size())
    return ops;
  for (uint32_t op : farOps)
    if (op < position && lastUsers[op] >= position)
      ops.push_back(op);
  for (uint32_t op = position - std::min(position, near); op < position; ++op)
    if (lastUsers[op] >= position && lastUsers[op] <= op + near)
      ops.push_back(op);
  return ops;
}

FullPatternSums::FullPatternSums(const FullFormula &formula, const CrossingOps &crossings,
                                 const ModelBlocks &blocks, const Pattern &pattern)
    : formula(formula), crossings(crossings), blocks(blocks), pattern(pattern) {
  uint32_t numOps = blocks.numOps();
  legalEnds.assign(numOps, numOps);
  for (uint32_t op = numOps - 1; op-- > 0;)
    legalEnds[op] =
        formula.opTerms(op + 1, pattern.ops[op + 1], pattern.microBatch, pattern.devices)
            ? legalEnds[op + 1]
            : op + 1;

  prefix.reserve(numOps + 1);
  prefix.emplace_back();
  // A block adds what a like block in front of a like one added, if nothing farther away uses it.
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> examples;
  for (uint32_t block = 0; block < blocks.numBlocks(); ++block) {
    bool isEnd = block + 1 == blocks.numBlocks();
    uint32_t first = blocks.firstOp(block), end = blocks.firstOp(block + 1);
    uint32_t nextEnd = blocks.firstOp(std::min(block + 2, blocks.numBlocks()));
    bool isNear = true;
    for (uint32_t op = first; op < end; ++op)
      isNear &= crossings.lastUser(op) < nextEnd;
    if (isNear) {
      auto [it, isNew] = examples.try_emplace(
          {pattern.blockConfigs[block], isEnd ? ~0u : pattern.blockConfigs[block + 1]}, first);
      if (!isNew) {
        for (uint32_t op = first; op < end; ++op)
          addOpLike(it->second + op - first);
        continue;
      }
    }
    for (uint32_t op = first; op < end; ++op)
      addOp(op);
  }
  largestWorkspaces.emplace(blocks, std::move(workspaces));
}

void FullPatternSums::addOpLike(uint32_t example) {
  Prefix sum = prefix.back();
  const Prefix &from = prefix[example], &to = prefix[example + 1];
  addSums(sum.sums, to.sums, 1);
  addSums(sum.sums, from.sums, -1);
  sum.illegal += to.illegal - from.illegal;
  for (unsigned i = 0; i < numEstimates; ++i)
    sum.estimates[i] += to.estimates[i] - from.estimates[i];
  prefix.push_back(sum);
  workspaces.push_back(RangeMaxima::Values(workspaces[example]));
}

/// Of the values that `op` gives, on a stage that ends in front of `end`; all ops from `op` on can
/// be split so.
Result<FullValueTerms> FullPatternSums::valueTerms(uint32_t op, uint32_t end) const {
  return formula.valueTerms(op, end - op, &pattern.ops[op], 0, pattern.microBatch, pattern.devices);
}

void FullPatternSums::addOp(uint32_t op) {
  Prefix sum = prefix.back();
  workspaces.emplace_back();
  Result<FullOpTerms> own =
      formula.opTerms(op, pattern.ops[op], pattern.microBatch, pattern.devices);
  Result<FullValueTerms> values =
      own ? valueTerms(op, legalEnds[op]) : Result<FullValueTerms>(own.takeError());
  if (!values) {
    ++sum.illegal;
    prefix.push_back(sum);
    return;
  }
  FullStageSums added;
  added.forwardNs = own->forwardNs;
  added.backwardNs = own->backwardNs;
  added.idealNs = own->idealNs;
  added.forwardConversionNs = values->forwardNs;
  added.backwardConversionNs = values->backwardNs;
  added.gradientSyncNs = own->gradientSyncNs;
  added.weightBytes = own->weightBytes;
  added.mainBytes = own->mainBytes;
  added.gradientBytes = own->gradientBytes;
  added.optimizerBytes = own->optimizerBytes;
  added.optimizerTraffic = own->optimizerTraffic;
  added.activationUnits = own->activationUnits;
  addSums(sum.sums, added, 1);
  for (unsigned i = 0; i < numEstimates; ++i)
    sum.estimates[i] += (own->estimates >> i & 1) + (values->estimates >> i & 1);
  workspaces.back()[0] = own->workspaceUnits;
  prefix.push_back(sum);
}

const std::vector<FullPatternSums::Cut> &FullPatternSums::cutsAt(uint32_t end) {
  auto [it, isNew] = cuts.try_emplace(end);
  if (!isNew)
    return it->second;
  for (uint32_t op : crossings.at(end)) {
    // Otherwise no legal stage reaches from there to the end.
    if (legalEnds[op] < end)
      continue;
    Result<FullValueTerms> whole = valueTerms(op, legalEnds[op]), part = valueTerms(op, end);
    if (whole && part)
      it->second.push_back({op, part->forwardNs - whole->forwardNs,
                            part->backwardNs - whole->backwardNs, whole->estimates,
                            part->estimates});
  }
  return it->second;
}

FullStageSums FullPatternSums::sums(uint32_t first, uint32_t end, bool withEstimates) {
  FullStageSums sums = prefix[end].sums;
  addSums(sums, prefix[first].sums, -1);
  const std::vector<Cut> &changes = cutsAt(end);
  for (const Cut &cut : changes)
    if (cut.op >= first) {
      sums.forwardConversionNs += cut.forwardNs;
      sums.backwardConversionNs += cut.backwardNs;
    }
  sums.workspaceUnits = largestWorkspaces->largest(first, end)[0];
  if (!withEstimates)
    return sums;
  for (unsigned i = 0; i < numEstimates; ++i) {
    int64_t count = prefix[end].estimates[i] - prefix[first].estimates[i];
    for (const Cut &cut : changes)
      if (cut.op >= first)
        count += int64_t(cut.after >> i & 1) - int64_t(cut.before >> i & 1);
    if (count > 0)
      sums.estimates |= EstimateSet(1) << i;
  }
  return sums;
}
