//===- EquivalenceTest.cpp - Plans train what one device trains -*- C++ -*-===//
//
// Random legal plans, ranks as threads, against one device: three steps with dropout, gradient
// accumulation and clipping.
//
//===----------------------------------------------------------------------===//

#include "EquivalenceFixture.h"

#include <ATen/ops/equal.h>

using namespace aceso;
using namespace aceso::test;

namespace {

class RandomPlanEquivalenceTest : public EquivalenceTest {
protected:
  void expectEqual(const ModelOverrides &model, TrainingRun run, double tolerance,
                   unsigned most = 1000) {
    run.batches = makeBatches(globalBatch);
    double largest = 0;
    NamedTensors initial;
    std::vector<unsigned> seeds = legalSeeds();
    seeds.resize(std::min<size_t>(seeds.size(), most));
    for (unsigned seed : seeds) {
      Program program = programOf(seed, model, run.optimizer);
      TrainingResult actual = trainOnThreads(program, run);
      if (initial.empty())
        initial = actual.initial;
      for (const auto &[path, tensor] : initial)
        EXPECT_TRUE(at::equal(actual.initial.at(path), tensor))
            << "plan of seed " << seed << " begins with another " << path;
      TrainingResult expected = expectedResult(model, actual.initial, run);
      std::string worst;
      double error = largestError(actual, expected, worst);
      EXPECT_LE(error, tolerance) << "plan of seed " << seed << ": " << worst;
      for (const ReferenceStep &step : expected.steps)
        EXPECT_GT(step.gradientNorm, run.optimizer.clipGradNorm) << "nothing is clipped";
      largest = std::max(largest, error);
    }
    std::cout << "largest error " << largest << "\n";
  }
};

TEST_F(RandomPlanEquivalenceTest, PlansCoverWhatTheyShould) {
  unsigned cut = 0, mixed = 0, rule1 = 0, recompute = 0, four = 0, accumulate = 0;
  for (unsigned seed : legalSeeds()) {
    PlanTraits traits = traitsOf(seed);
    cut += traits.cutsLayer;
    mixed += traits.mixesDegrees;
    rule1 += traits.usesRule1;
    recompute += traits.recomputesPart;
    four += traits.largestStage == 4;
    accumulate += traits.accumulates;
  }
  std::cout << numPlans() << " plans: " << cut << " cut a layer, " << mixed
            << " mix degrees in a stage, " << rule1 << " use rule 1, " << recompute
            << " recompute a part, " << four << " have a stage of 4 ranks, " << accumulate
            << " accumulate gradients\n";
  EXPECT_GE(numPlans(), 30u);
  EXPECT_GE(2 * cut, numPlans());
  EXPECT_GE(mixed, 10u);
  EXPECT_GE(rule1, 10u);
  EXPECT_GE(recompute, 10u);
  EXPECT_GE(four, 5u);
  EXPECT_GE(accumulate, 30u);
}

TEST_F(RandomPlanEquivalenceTest, SGDInDoublePrecision) {
  expectEqual({{}, "f64"}, {.optimizer = sgd()}, 1e-10);
}

TEST_F(RandomPlanEquivalenceTest, SGDInSinglePrecision) {
  expectEqual({{}, "f32"}, {.optimizer = sgd()}, 1e-4);
}

/// A head with a weight of its own.
TEST_F(RandomPlanEquivalenceTest, UntiedHead) {
  expectEqual({{"tie_word_embeddings=false"}, "f64"}, {.optimizer = sgd()}, 1e-10, 10);
}

TEST_F(RandomPlanEquivalenceTest, AdamInDoublePrecision) {
  expectEqual({{}, "f64"}, {.optimizer = adam(), .learningRate = 0.01}, 1e-10);
}

TEST_F(RandomPlanEquivalenceTest, AdamInSinglePrecision) {
  expectEqual({{}, "f32"}, {.optimizer = adam(), .learningRate = 0.01}, 1e-4);
}

} // namespace
