//===- AcesoOps.h - What the `aceso` formula knows of op names --*- C++ -*-===//
//
// The published cost model has layouts and exceptions by op name. They are data of that formula,
// kept here in tables of name patterns; nothing else in aceso looks at op names.
// (docs/rationale/Cost.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_ACESOOPS_H
#define ACESO_COST_ACESOOPS_H

#include "aceso/Cost/CostTables.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aceso {

/// A factor of a published layout, by the op's degrees.
enum class SpecFactor : uint8_t { One, Tp, Dp };

/// Published layout of a tensor: over how many devices it is replicated, in how many slices each of
/// its first three dimensions is cut. (Its count of partial sums is always one: they are reduced
/// inside the op.)
struct SpecPattern {
  /// False: the op takes any layout, or its tensor is not priced.
  bool given = false;
  SpecFactor replicas = SpecFactor::One;
  std::array<SpecFactor, 3> slices = {SpecFactor::One, SpecFactor::One, SpecFactor::One};
};

/// The same with numbers.
struct TensorSpec {
  bool given = false;
  int64_t replicas = 1;
  std::array<int64_t, 3> slices = {1, 1, 1};
  bool operator==(const TensorSpec &) const = default;
};
TensorSpec instantiate(const SpecPattern &pattern, int64_t tp, int64_t dp);

struct AcesoOpTraits {
  static constexpr unsigned numRules = 2;
  /// By rule.
  std::array<SpecPattern, numRules> input, output;
  /// Its degrees or rule may be searched; others follow.
  bool tunable = false;
  /// The published system has a second way to partition it: rule 1 (algo 1) says something.
  bool hasSecondRule = false;
  /// Half activations that count as held (shared-space rule): 2 plain, 3, or 0.
  uint8_t heldHalves = 2;
  /// A recomputed segment ends in front of it.
  bool startsSegment = false;
  /// The recompute chooser does not choose it.
  bool neverChosen = false;

  bool isPlainlyHeld() const { return heldHalves == 2; }
};

/// Traits of the op known to tables as `opKey`; none if the formula does not know it.
std::optional<AcesoOpTraits> acesoOpTraits(std::string_view opKey);

/// A family of published models, told by an op that only its models have.
struct AcesoFamily {
  std::string_view name, markerOp;
  /// Whether conversions inside a stage are priced at all.
  bool pricesConversions;
};
/// The family of the models that have an op `opKey`; null if the op tells none.
const AcesoFamily *acesoFamilyOfMarker(std::string_view opKey);
/// "gpt (gpt-post-process), ...": for messages.
std::string acesoFamilyNames();

/// A published conversion: one collective forward, one backward; no collective means no cost.
struct AcesoConversion {
  std::optional<CollectiveKind> forward, backward;
  int64_t groupSize = 1;
};
/// The first rule that applies; none if the published system cannot convert.
std::optional<AcesoConversion> acesoConversion(const TensorSpec &have, const TensorSpec &need);

} // namespace aceso

#endif // ACESO_COST_ACESOOPS_H
