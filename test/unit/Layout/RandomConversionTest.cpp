//===- RandomConversionTest.cpp - Conversions keep the meaning ------------===//

#include "RandomLayouts.h"

#include <gtest/gtest.h>

#include <map>

namespace aceso::test {
namespace {

/// Elements of the new boxes that devices did not hold, counted one by one.
int64_t countLacking(const Mesh &mesh, const Layout &from, const Layout &to,
                     const std::vector<int64_t> &shape) {
  int64_t lacking = 0;
  for (int64_t device = 0; device < mesh.numDevices(); ++device) {
    std::vector<bool> held(numElements(shape));
    forEachElement(shape, boxOf(mesh, from, shape, device),
                   [&](int64_t global, int64_t) { held[global] = true; });
    forEachElement(shape, boxOf(mesh, to, shape, device),
                   [&](int64_t global, int64_t) { lacking += !held[global]; });
  }
  return lacking;
}

/// What happened over all pairs: shows that the generator reaches every case.
struct Coverage {
  std::map<StepKind, int64_t> steps;
  std::map<size_t, int64_t> stepCounts;
  /// Pairs of different layouts.
  int64_t pairs = 0;
  int64_t pendingFrom = 0, pendingTo = 0, maximum = 0, withoutPending = 0;
};

void checkPair(uint64_t seed, Coverage &coverage) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  Mesh mesh = randomMesh(random, 4);
  RandomShape shape = randomShape(random, mesh);
  Reduction reduction = pick(random, 4) ? Reduction::Sum : Reduction::Max;
  bool fromPends = pick(random, 2), toPends = pick(random, 4) == 0;
  Layout from = randomLayout(random, mesh, shape, fromPends, reduction);
  Layout to = randomLayout(random, mesh, shape, toPends, reduction);
  ASSERT_EQ(checkLayout(mesh, from, shape.shape, shape.majors), "");
  ASSERT_EQ(checkLayout(mesh, to, shape.shape, shape.majors), "");
  SCOPED_TRACE(toString(from) + "  =>  " + toString(to));

  std::vector<ConversionStep> steps = convertLayout(mesh, from, to, shape.shape, shape.majors);
  EXPECT_EQ(steps.empty(), from == to);
  if (from == to)
    return;
  Values whole = randomValues(random, shape.shape);
  PlacedTensor tensor = place(mesh, from, shape.shape, whole, random);
  ASSERT_EQ(meaning(tensor), whole) << "the test's own placing";
  int64_t received = 0;
  for (const ConversionStep &step : steps) {
    SCOPED_TRACE(toString(step));
    EXPECT_EQ(checkLayout(mesh, step.after, shape.shape, shape.majors), "");
    int64_t receivedHere = execute(step, tensor);
    EXPECT_EQ(receivedHere, conversionCost(mesh, {step}, shape.shape).elementsReceived);
    received += receivedHere;
    ASSERT_EQ(meaning(tensor), whole);
    ++coverage.steps[step.kind];
  }
  EXPECT_EQ(tensor.layout, to);
  EXPECT_EQ(received, conversionCost(mesh, steps, shape.shape).elementsReceived);
  if (from.pending.empty()) {
    EXPECT_EQ(received, countLacking(mesh, from, to, shape.shape));
    ++coverage.withoutPending;
  }
  ++coverage.pairs;
  ++coverage.stepCounts[steps.size()];
  coverage.pendingFrom += !from.pending.empty();
  coverage.pendingTo += !to.pending.empty();
  coverage.maximum += !from.pending.empty() && reduction == Reduction::Max;
}

TEST(RandomConversionTest, TenThousandPairsKeepTheMeaning) {
  Coverage coverage;
  for (uint64_t seed = 1; coverage.pairs < 10000 && !HasFailure(); ++seed)
    checkPair(seed, coverage);
  for (auto [kind, count] : coverage.steps)
    RecordProperty(toString(kind), static_cast<int>(count));
  for (auto [steps, count] : coverage.stepCounts)
    RecordProperty("pairs_with_" + std::to_string(steps) + "_steps", static_cast<int>(count));
  for (StepKind kind :
       {StepKind::Slice, StepKind::Mask, StepKind::AllReduce, StepKind::ReduceScatter,
        StepKind::AllGather, StepKind::AllToAll, StepKind::BoxExchange})
    EXPECT_GE(coverage.steps[kind], 500) << toString(kind);
  EXPECT_GE(coverage.pendingFrom, 2000);
  EXPECT_GE(coverage.pendingTo, 1000);
  EXPECT_GE(coverage.maximum, 500);
  EXPECT_GE(coverage.withoutPending, 4000);
}

} // namespace
} // namespace aceso::test
