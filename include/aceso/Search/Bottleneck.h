//===- Bottleneck.h - What holds a plan back --------------------*- C++ -*-===//
//
// Which stage is the bottleneck, what it is short of, and which effects of a move would relieve it:
// the policy of the published search (docs/rationale/Cost.md).
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_BOTTLENECK_H
#define ACESO_SEARCH_BOTTLENECK_H

#include "aceso/Cost/PlanCost.h"
#include "aceso/Search/Move.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace aceso {

/// What a stage is short of.
enum class Resource : uint8_t {
  Memory,     ///< a stage is over the limit
  Compute,    ///< its share of the work is large
  Efficiency, ///< splitting its ops costs much
  Recompute,  ///< it computes much twice
};
std::string_view resourceName(Resource resource);

struct Bottleneck {
  uint32_t stage = 0;
  /// The one it is shortest of first.
  std::vector<Resource> resources;
};

/// The stage with most memory if any is over the limit, else the one that makes the iteration
/// longest; those in `exhausted` do not count. None if there are no others.
std::optional<Bottleneck> findBottleneck(const PlanCost &cost,
                                         std::span<const uint32_t> exhausted = {});

/// In which order to try things of these effects on the bottleneck: groups of their indices, one
/// group before the next; each index once.
std::vector<std::vector<uint32_t>> orderByPolicy(std::span<const StageEffect> effects,
                                                 const PlanCost &cost,
                                                 const Bottleneck &bottleneck);

} // namespace aceso

#endif // ACESO_SEARCH_BOTTLENECK_H
