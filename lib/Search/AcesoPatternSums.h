//===- AcesoPatternSums.h - Sums of the published formula -------*- C++ -*-===//

#ifndef ACESO_LIB_SEARCH_ACESOPATTERNSUMS_H
#define ACESO_LIB_SEARCH_ACESOPATTERNSUMS_H

#include "RangeMaxima.h"
#include "RecomputeKnapsack.h"

#include "aceso/Cost/AcesoFormula.h"
#include "aceso/Search/StageModel.h"

namespace aceso {

/// What the `aceso` formula adds up over any range of ops under one pattern, without recomputation.
class AcesoPatternSums {
public:
  AcesoPatternSums(const AcesoFormula &formula, const ModelFacts &facts, const ModelBlocks &blocks,
                   const Pattern &pattern);

  bool anyLegal() const { return prefix.back().illegalOps < prefix.size() - 1; }
  bool isLegal(uint32_t first, uint32_t end) const {
    return prefix[end].illegalOps == prefix[first].illegalOps &&
           prefix[end].illegalSeams == prefix[first + 1].illegalSeams;
  }
  /// Flags left out.
  AcesoStageSums sums(uint32_t first, uint32_t end) const;
  int64_t forwardNs(uint32_t op) const { return prefix[op + 1].forwardNs - prefix[op].forwardNs; }
  int64_t heldUnits(uint32_t op) const { return prefix[op + 1].heldUnits - prefix[op].heldUnits; }

  /// Transfers at the ends of a range: over a link inside a node, between nodes.
  struct Ends {
    int64_t inputUnits = 0;
    double inUs[2] = {}, outUs[2] = {};
  };
  Ends ends(const AcesoFormula &formula, uint32_t first, uint32_t end) const;

private:
  /// Sums over ops [0, i), and over the seams in front of them.
  struct Prefix {
    int64_t forwardNs = 0, backwardNs = 0, idealNs = 0;
    int64_t weightUnits = 0, heldUnits = 0;
    int64_t forwardConversionNs = 0, backwardConversionNs = 0;
    uint32_t illegalOps = 0, illegalSeams = 0;
  };

  void addOp(const AcesoFormula &formula, const ModelFacts &facts, uint32_t op);
  void addOpLike(uint32_t op, uint32_t example);

  const ModelBlocks &blocks;
  const Pattern &pattern;
  std::vector<Prefix> prefix;
  /// What an op reserves forward and backward.
  std::vector<RangeMaxima::Values> reserves;
  std::optional<RangeMaxima> largestReserves;
  /// By op, for uniform patterns: transfers in front of and behind it.
  std::vector<Ends> opEnds;
};

/// One block's part of a stage, as recomputed segments see it.
struct AcesoSegments {
  struct Op {
    int64_t forwardNs, heldUnits;
    bool plain, startsSegment;
  };
  std::vector<Op> ops;
  uint32_t from = 0;        ///< position in the block of the first
  bool isLast = false;      ///< the stage ends behind the last
  bool mayTakeLast = false; ///< a segment may include the last op
};

/// All sensible sets of segments.
MaskFrontier makeAcesoFrontier(const AcesoSegments &block, size_t maxPoints);

} // namespace aceso

#endif // ACESO_LIB_SEARCH_ACESOPATTERNSUMS_H
