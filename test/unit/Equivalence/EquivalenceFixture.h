//===- EquivalenceFixture.h - Random plans and their programs ---*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_EQUIVALENCE_EQUIVALENCEFIXTURE_H
#define ACESO_TEST_UNIT_EQUIVALENCE_EQUIVALENCEFIXTURE_H

#include "PlanRun.h"
#include "RandomPlan.h"

#include "gtest/gtest.h"

namespace aceso::test {

constexpr int64_t globalBatch = 8;
/// How many random plans there are: 40, in the nightly tier (ACESO_NIGHTLY=1) 200.
unsigned numPlans();

OptimizerSettings sgd();
/// The key bias has gradient zero, which Adam with a small epsilon turns into noise.
OptimizerSettings adam();

class EquivalenceTest : public testing::Test {
protected:
  EquivalenceTest();

  /// The seeds of the first numPlans() plans that the verifier accepts; at most a quarter of them
  /// take the global batch at once.
  std::vector<unsigned> legalSeeds();

  PlanTraits traitsOf(unsigned seed);

  /// The program of the plan of a seed for the tiny model.
  Program programOf(unsigned seed, const ModelOverrides &overrides,
                    const OptimizerSettings &optimizer);

  /// What one device trains of the tiny model, from these initial parameters.
  TrainingResult expectedResult(const ModelOverrides &overrides, const NamedTensors &initial,
                                const TrainingRun &run);

  mlir::MLIRContext context;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_EQUIVALENCE_EQUIVALENCEFIXTURE_H
