//===- MutationTest.cpp - Wrong programs do not pass as right ---*- C++ -*-===//
//
// What the comparison of EquivalenceTest.cpp is worth: programs with one fault each run through the
// same comparison and must fail it, next to the unchanged program, which must pass. Beside that
// stands what the verifier of programs says of each fault.
//
//===----------------------------------------------------------------------===//

#include "EquivalenceFixture.h"
#include "Mutations.h"

#include "aceso/Program/VerifyProgram.h"

using namespace aceso;
using namespace aceso::test;

namespace {

constexpr double tolerance = 1e-10;

/// What the verifier of programs says of a mutant: the number of the rule that it breaks, or
/// nothing.
constexpr const char *nothing = "";

class MutationTest : public EquivalenceTest {
protected:
  using Mutate = std::vector<Mutant> (*)(const Program &);

  /// Of every plan the mutants, up to `mostOfPlan` of them spread evenly, until there are `most`.
  void expectCaught(Mutate mutate, size_t mostOfPlan, size_t most, const std::string &rule) {
    const ModelOverrides model{{}, "f64"};
    const TrainingRun run{.optimizer = sgd(), .batches = makeBatches(globalBatch)};
    size_t numMutants = 0, numPlansUsed = 0;
    double smallest = INFINITY;
    for (unsigned seed : legalSeeds()) {
      Program program = programOf(seed, model, run.optimizer);
      std::vector<Mutant> mutants = mutate(program);
      if (mutants.empty() || numMutants >= most)
        continue;
      TrainingResult unchanged = trainOnThreads(program, run);
      TrainingResult expected = expectedResult(model, unchanged.initial, run);
      std::string worst;
      EXPECT_LE(largestError(unchanged, expected, worst), tolerance) << worst;
      ++numPlansUsed;
      size_t count = std::min(mostOfPlan, mutants.size());
      for (size_t i = 0; i < count; ++i) {
        const Mutant &mutant = mutants[i * mutants.size() / count];
        std::string where = "plan of seed " + std::to_string(seed) + ": " + mutant.place;
        double error = largestError(trainOnThreads(mutant.program, run), expected, worst);
        EXPECT_GT(error, tolerance) << where;
        EXPECT_EQ(verifyProgram(mutant.program).substr(0, rule.empty() ? -1 : 2), rule) << where;
        smallest = std::min(smallest, error);
        ++numMutants;
      }
    }
    std::cout << numMutants << " mutants of " << numPlansUsed << " plans, smallest error "
              << smallest << "\n";
    EXPECT_GE(numMutants, 5u);
  }
};

TEST_F(MutationTest, CollectiveOverAWrongGroupFails) { expectCaught(withWrongGroup, 10, 60, "P4"); }

/// To the verifier it is one contribution more, as good as any.
TEST_F(MutationTest, DoubledGradientFails) { expectCaught(withDoubledGradient, 6, 60, nothing); }

/// A gradient that nobody uses is no fault of form either.
TEST_F(MutationTest, ResidualGradientDroppedAtACutFails) {
  expectCaught(withDroppedGradientAtCut, 4, 60, nothing);
}

TEST_F(MutationTest, BiasAddedByEveryRankFails) { expectCaught(withBiasOnEveryRank, 6, 60, "P5"); }

/// The format cannot even say it but by runs of a segment that are for no micro-batch.
TEST_F(MutationTest, TwoMicroBatchesSwappedInASlotFail) {
  expectCaught(withSwappedMicroBatches, 8, 60, "P7");
}

} // namespace
