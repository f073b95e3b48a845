//===- RandomCompactPlan.h - Compact plans at random ------------*- C++ -*-===//
//
// Any plan that par's verifier accepts can come out. The same seed gives the same plan everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_SUPPORT_RANDOMCOMPACTPLAN_H
#define ACESO_TEST_UNIT_SUPPORT_RANDOMCOMPACTPLAN_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/ModelFacts.h"

#include <optional>
#include <random>

namespace aceso::test {

/// Uniform in [first, last]; the same on every machine (the standard's distributions are not).
int64_t pick(std::mt19937_64 &random, int64_t first, int64_t last);

/// A plan for `cluster`: stages, cuts, degrees, rules, flags and micro-batch at random; about half
/// of the stages mix degrees. None if the draw was not legal: try again.
std::optional<CompactPlan> drawCompactPlan(const ModelFacts &facts, const ClusterDesc &cluster,
                                           int64_t globalBatch, std::mt19937_64 &random);

/// The first legal draw.
CompactPlan randomCompactPlan(const ModelFacts &facts, const ClusterDesc &cluster,
                              int64_t globalBatch, std::mt19937_64 &random);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_SUPPORT_RANDOMCOMPACTPLAN_H
