//===- FullPatternSums.h - Sums of formula `full` ---------------*- C++ -*-===//

#ifndef ACESO_LIB_SEARCH_FULLPATTERNSUMS_H
#define ACESO_LIB_SEARCH_FULLPATTERNSUMS_H

#include "RangeMaxima.h"

#include "aceso/Cost/FullFormula.h"
#include "aceso/Search/StageModel.h"

#include <map>
#include <optional>

namespace aceso {

/// Which ops give something to which later ones, of the whole model.
class CrossingOps {
public:
  CrossingOps(const FullFormula &formula, uint32_t numOps);
  /// The last op that uses anything that `op` gives.
  uint32_t lastUser(uint32_t op) const { return lastUsers[op]; }
  /// Ops in front of `position` that give something to an op from there on.
  std::vector<uint32_t> at(uint32_t position) const;

private:
  /// Ops whose users all stand this close are found by looking back.
  static constexpr uint32_t near = 64;
  std::vector<uint32_t> lastUsers, farOps;
};

/// What formula `full` adds up over any range of ops under one pattern, without recomputation.
class FullPatternSums {
public:
  FullPatternSums(const FullFormula &formula, const CrossingOps &crossings,
                  const ModelBlocks &blocks, const Pattern &pattern);

  bool anyLegal() const { return prefix.back().illegal < prefix.size() - 1; }
  bool isLegal(uint32_t first, uint32_t end) const {
    return prefix[end].illegal == prefix[first].illegal;
  }
  /// Flags left out, and estimates unless asked for.
  FullStageSums sums(uint32_t first, uint32_t end, bool withEstimates);

private:
  static constexpr unsigned numEstimates = 6;
  /// Sums over ops [0, i) and over the values that they give, with all users on one stage.
  struct Prefix {
    FullStageSums sums;
    uint32_t illegal = 0;
    std::array<uint32_t, numEstimates> estimates{};
  };
  /// What changes when a stage ends in front of a position: values given by an op in front of it
  /// have fewer users.
  struct Cut {
    uint32_t op;
    int64_t forwardNs, backwardNs;
    EstimateSet before, after;
  };
  void addOp(uint32_t op);
  void addOpLike(uint32_t example);
  Result<FullValueTerms> valueTerms(uint32_t op, uint32_t end) const;
  const std::vector<Cut> &cutsAt(uint32_t end);

  const FullFormula &formula;
  const CrossingOps &crossings;
  const ModelBlocks &blocks;
  const Pattern &pattern;
  std::vector<Prefix> prefix;
  std::vector<uint32_t> legalEnds; ///< by op: the first op behind it that cannot be split so
  std::vector<RangeMaxima::Values> workspaces;
  std::optional<RangeMaxima> largestWorkspaces;
  std::map<uint32_t, std::vector<Cut>> cuts;
};

} // namespace aceso

#endif // ACESO_LIB_SEARCH_FULLPATTERNSUMS_H
