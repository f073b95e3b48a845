//===- AcesoPatternSums.cpp - Sums of the published formula -----*- C++ -*-===//

#include "AcesoPatternSums.h"

#include <algorithm>
#include <cassert>
#include <map>

using namespace aceso;

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

AcesoPatternSums::AcesoPatternSums(const AcesoFormula &formula, const ModelFacts &facts,
                                   const ModelBlocks &blocks, const Pattern &pattern)
    : blocks(blocks), pattern(pattern) {
  uint32_t numOps = blocks.numOps(), numBlocks = blocks.numBlocks();
  prefix.reserve(numOps + 1);
  prefix.emplace_back();
  // A block adds what a like block behind a like block added.
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> examples;
  for (uint32_t block = 0; block < numBlocks; ++block) {
    uint32_t before = block == 0 ? ~0u : pattern.blockConfigs[block - 1];
    auto [example, isNew] = examples.try_emplace({before, pattern.blockConfigs[block]}, block);
    for (uint32_t op = blocks.firstOp(block); op < blocks.firstOp(block + 1); ++op) {
      if (isNew)
        addOp(formula, facts, op);
      else
        addOpLike(op, blocks.firstOp(example->second) + blocks.offsetOf(op));
    }
  }

  largestReserves.emplace(blocks, std::move(reserves));

  if (!pattern.isUniform())
    return;
  opEnds.resize(numOps);
  std::map<uint32_t, uint32_t> exampleOf;
  for (uint32_t block = 0; block < numBlocks; ++block) {
    auto [example, isNew] = exampleOf.try_emplace(pattern.blockConfigs[block], block);
    for (uint32_t op = blocks.firstOp(block); op < blocks.firstOp(block + 1); ++op) {
      if (!isNew) {
        opEnds[op] = opEnds[blocks.firstOp(example->second) + blocks.offsetOf(op)];
        continue;
      }
      const OpPlan &split = pattern.ops[op];
      Result<AcesoStageEnds> ends = formula.stageEnds(op, 1, split, split, pattern.microBatch);
      if (!ends)
        continue;
      opEnds[op].inputUnits = ends->inputUnits;
      for (bool cross : {false, true}) {
        opEnds[op].inUs[cross] = formula.transferUs(ends->inputUnits, cross);
        opEnds[op].outUs[cross] = formula.transferUs(ends->outputUnits, cross);
      }
    }
  }
}

void AcesoPatternSums::addOp(const AcesoFormula &formula, const ModelFacts &facts, uint32_t op) {
  Prefix sum = prefix.back();
  const OpPlan &split = pattern.ops[op];
  Result<AcesoOpTerms> terms = formula.opTerms(op, split, pattern.microBatch);
  bool isLegal =
      terms &&
      checkOpDegrees(facts.ops[op], {split.tp, split.dp, split.rule}, pattern.microBatch).empty();
  reserves.emplace_back();
  if (isLegal) {
    sum.forwardNs += terms->forwardNs;
    sum.backwardNs += terms->backwardNs;
    sum.idealNs += terms->idealNs;
    sum.weightUnits += terms->weightUnits;
    sum.heldUnits += terms->heldUnits;
    reserves.back() = {terms->forwardReservedUnits, terms->backwardReservedUnits};
  } else {
    ++sum.illegalOps;
  }
  if (op > 0) {
    Result<AcesoSeamTerms> seam =
        formula.seamTerms(op, pattern.ops[op - 1], split, pattern.microBatch);
    if (seam) {
      sum.forwardConversionNs += seam->forwardConversionNs;
      sum.backwardConversionNs += seam->backwardConversionNs;
    } else {
      ++sum.illegalSeams;
    }
  }
  prefix.push_back(sum);
}

void AcesoPatternSums::addOpLike(uint32_t op, uint32_t example) {
  const Prefix &from = prefix[example], &to = prefix[example + 1];
  Prefix sum = prefix[op];
  sum.forwardNs += to.forwardNs - from.forwardNs;
  sum.backwardNs += to.backwardNs - from.backwardNs;
  sum.idealNs += to.idealNs - from.idealNs;
  sum.weightUnits += to.weightUnits - from.weightUnits;
  sum.heldUnits += to.heldUnits - from.heldUnits;
  sum.forwardConversionNs += to.forwardConversionNs - from.forwardConversionNs;
  sum.backwardConversionNs += to.backwardConversionNs - from.backwardConversionNs;
  sum.illegalOps += to.illegalOps - from.illegalOps;
  sum.illegalSeams += to.illegalSeams - from.illegalSeams;
  prefix.push_back(sum);
  reserves.push_back(reserves[example]);
}

AcesoStageSums AcesoPatternSums::sums(uint32_t first, uint32_t end) const {
  const Prefix &from = prefix[first], &to = prefix[end], &seams = prefix[first + 1];
  AcesoStageSums sums;
  sums.forwardNs = to.forwardNs - from.forwardNs;
  sums.backwardNs = to.backwardNs - from.backwardNs;
  sums.idealNs = to.idealNs - from.idealNs;
  sums.weightUnits = to.weightUnits - from.weightUnits;
  sums.heldUnits = to.heldUnits - from.heldUnits;
  sums.forwardConversionNs = to.forwardConversionNs - seams.forwardConversionNs;
  sums.backwardConversionNs = to.backwardConversionNs - seams.backwardConversionNs;
  RangeMaxima::Values reserve = largestReserves->largest(first, end - 1);
  sums.forwardReservedUnits = reserve[0];
  sums.backwardReservedUnits = reserve[1];
  return sums;
}

AcesoPatternSums::Ends AcesoPatternSums::ends(const AcesoFormula &formula, uint32_t first,
                                              uint32_t end) const {
  Ends ends;
  if (pattern.isUniform()) {
    const Ends &last = opEnds[end - 1];
    ends = opEnds[first];
    ends.outUs[0] = last.outUs[0];
    ends.outUs[1] = last.outUs[1];
    return ends;
  }
  // The published output size is looked up with the first op's tp.
  Result<AcesoStageEnds> found = formula.stageEnds(first, end - first, pattern.ops[first],
                                                   pattern.ops[end - 1], pattern.microBatch);
  if (!found)
    return ends;
  ends.inputUnits = found->inputUnits;
  for (bool cross : {false, true}) {
    ends.inUs[cross] = formula.transferUs(found->inputUnits, cross);
    ends.outUs[cross] = formula.transferUs(found->outputUnits, cross);
  }
  return ends;
}

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

namespace {
/// Ops [begin, end) recomputed, their neighbours not.
struct Segment {
  uint32_t begin, end;
  int64_t timeNs = 0, savedUnits = 0, peakUnits = 0;
};
} // namespace

static std::vector<Segment> allSegments(const AcesoSegments &block) {
  std::vector<Segment> segments;
  uint32_t count = block.ops.size();
  for (uint32_t begin = 0; begin + 1 < count; ++begin) {
    Segment segment{begin, begin + 1};
    segment.timeNs = block.ops[begin].forwardNs;
    AcesoPeakScan scan;
    for (uint32_t op = begin + 1; op < count; ++op) {
      const AcesoSegments::Op &before = block.ops[op - 1];
      bool starts = block.ops[op].startsSegment, isEnd = block.isLast && op + 1 == count;
      if (!(before.plain && starts))
        segment.savedUnits += before.heldUnits;
      segment.timeNs += block.ops[op].forwardNs;
      segment.end = op + 1;
      scan.seam(true, starts || isEnd, before.heldUnits, before.plain);
      if (op + 1 == count && !block.mayTakeLast)
        break;
      // What follows closes it. Behind the block, an op in front of a recomputed one counts too.
      AcesoPeakScan closed = scan;
      if (!isEnd) {
        bool runsOn = op + 1 == count;
        closed.seam(runsOn, true, block.ops[op].heldUnits, true);
      }
      segment.peakUnits = closed.peakUnits();
      segments.push_back(segment);
    }
  }
  return segments;
}

/// The best sets of segments of which none has a larger peak: shortest paths over the ops, with
/// all that is worth its time kept at each.
static std::vector<MaskPoint> bestSets(const AcesoSegments &block,
                                       const std::vector<Segment> &segments, int64_t maxPeakUnits,
                                       size_t maxPoints) {
  uint32_t count = block.ops.size();
  // By op: sets of segments in front of it of which none touches it.
  std::vector<std::vector<MaskPoint>> sets(count + 2);
  sets[0].emplace_back();
  size_t next = 0;
  for (uint32_t op = 0; op < count; ++op) {
    keepBestPoints(sets[op], maxPoints);
    sets[op + 1].insert(sets[op + 1].end(), sets[op].begin(), sets[op].end());
    for (; next < segments.size() && segments[next].begin == op; ++next) {
      const Segment &segment = segments[next];
      if (segment.peakUnits > maxPeakUnits)
        continue;
      uint64_t bits =
          (segment.end - segment.begin == 64 ? ~uint64_t(0)
                                             : (uint64_t(1) << (segment.end - segment.begin)) - 1)
          << (segment.begin + block.from);
      // The op behind a segment is not recomputed.
      std::vector<MaskPoint> &target = sets[std::min(segment.end + 1, count)];
      for (const MaskPoint &point : sets[op])
        target.push_back({point.mask | bits, point.timeNs + segment.timeNs,
                          point.savedUnits + segment.savedUnits,
                          std::max(point.peakUnits, segment.peakUnits)});
    }
  }
  return std::move(sets[count]);
}

MaskFrontier aceso::makeAcesoFrontier(const AcesoSegments &block, size_t maxPoints) {
  constexpr unsigned numLevels = 12;
  MaskFrontier frontier;
  std::vector<Segment> segments = allSegments(block);
  if (segments.empty())
    return frontier;
  std::vector<int64_t> peaks;
  for (const Segment &segment : segments)
    if (segment.savedUnits > 0)
      peaks.push_back(segment.peakUnits);
  std::sort(peaks.begin(), peaks.end());
  peaks.erase(std::unique(peaks.begin(), peaks.end()), peaks.end());
  // Bounds are peaks that a segment has, the largest and some below it.
  int64_t previous = -1;
  unsigned levels = std::min<size_t>(numLevels, peaks.size());
  for (unsigned level = 1; level <= levels; ++level) {
    int64_t bound = peaks[peaks.size() * level / levels - 1];
    std::vector<MaskPoint> points = bestSets(block, segments, bound, maxPoints);
    int64_t peak = 0;
    keepBestPoints(points, maxPoints);
    for (const MaskPoint &point : points)
      peak = std::max(peak, point.peakUnits);
    if (peak <= previous)
      continue;
    previous = peak;
    frontier.addLevel(std::move(points), maxPoints);
  }
  return frontier;
}
