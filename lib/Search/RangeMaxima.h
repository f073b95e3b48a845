//===- RangeMaxima.h - Largest values over ranges of ops --------*- C++ -*-===//

#ifndef ACESO_LIB_SEARCH_RANGEMAXIMA_H
#define ACESO_LIB_SEARCH_RANGEMAXIMA_H

#include "aceso/Search/ModelBlocks.h"

#include <array>

namespace aceso {

/// Answers in constant time, with memory of a few numbers for each op: largest values inside blocks
/// up to and from each op, and over powers of two of whole blocks.
class RangeMaxima {
public:
  /// Two quantities, each with a maximum of its own.
  using Values = std::array<int64_t, 2>;

  RangeMaxima(const ModelBlocks &blocks, std::vector<Values> values);

  /// Over ops [first, end); zero for none. Values must not be negative.
  Values largest(uint32_t first, uint32_t end) const;

private:
  const ModelBlocks &blocks;
  std::vector<Values> values, untilOp, fromOp; ///< by op
  /// By level, then block: over 2^level blocks.
  std::vector<std::vector<Values>> levels;
};

} // namespace aceso

#endif // ACESO_LIB_SEARCH_RANGEMAXIMA_H
