//===- EquivalenceTest.cpp - Plans train what one device trains -*- C++ -*-===//
//
// Random legal plans, ranks as threads, against one device: three steps with dropout, gradient
// accumulation and clipping.
//
//===----------------------------------------------------------------------===//

#include "PlanRun.h"
#include "RandomPlan.h"

#include "aceso/Registration.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::test;

namespace {

constexpr int64_t globalBatch = 8;
constexpr unsigned numPlans = 40;

OptimizerSettings sgd() {
  OptimizerSettings optimizer;
  optimizer.kind = aceso::OptimizerKind::SGD;
  optimizer.clipGradNorm = 0.5;
  return optimizer;
}

/// The key bias has gradient zero, which Adam with a small epsilon turns into noise.
OptimizerSettings adam() {
  OptimizerSettings optimizer;
  optimizer.kind = aceso::OptimizerKind::AdamW;
  optimizer.epsilon = 1e-4;
  optimizer.clipGradNorm = 0.5;
  return optimizer;
}

class EquivalenceTest : public testing::Test {
protected:
  EquivalenceTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
  }

  /// The seeds of the first plans that the verifier accepts.
  std::vector<unsigned> legalSeeds(unsigned count) {
    std::vector<unsigned> seeds;
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    for (unsigned seed = 0; seeds.size() < count; ++seed) {
      PlanTraits traits;
      OwningOpRef<ModuleOp> module = loadTinyModel(&context);
      if (makePlan(*module, seed, traits) && succeeded(verify(*module)))
        seeds.push_back(seed);
    }
    return seeds;
  }

  static par::PlanOp makePlan(ModuleOp module, unsigned seed, PlanTraits &traits) {
    std::mt19937 generator(seed);
    RandomPlanOptions options;
    options.globalBatch = globalBatch;
    return makeRandomPlan(module, generator, options, traits);
  }

  /// The error of a plan against one device.
  double errorOf(unsigned seed, StringRef dtype, const TrainingRun &run, std::string &worst) {
    OwningOpRef<ModuleOp> model = loadTinyModel(&context, dtype),
                          planned = loadTinyModel(&context, dtype);
    PlanTraits traits;
    makePlan(*planned, seed, traits);
    Program program = lowerToProgram(*planned, run.optimizer);
    TrainingResult actual = trainOnThreads(program, run);
    TrainingResult expected =
        trainReference(*model->getOps<nn::ModelOp>().begin(), actual.initial, run, globalBatch);
    return largestError(actual, expected, worst);
  }

  void expectEqual(StringRef dtype, const TrainingRun &run, double tolerance, unsigned every) {
    double largest = 0;
    std::vector<unsigned> seeds = legalSeeds(numPlans);
    for (unsigned i = 0; i < seeds.size(); i += every) {
      std::string worst;
      double error = errorOf(seeds[i], dtype, run, worst);
      EXPECT_LE(error, tolerance) << "plan of seed " << seeds[i] << ": " << worst;
      largest = std::max(largest, error);
    }
    std::cout << "largest error " << largest << "\n";
  }

  MLIRContext context;
};

TEST_F(EquivalenceTest, PlansCoverWhatTheyShould) {
  unsigned cut = 0, mixed = 0, rule1 = 0, recompute = 0, four = 0;
  for (unsigned seed : legalSeeds(numPlans)) {
    OwningOpRef<ModuleOp> module = loadTinyModel(&context);
    PlanTraits traits;
    makePlan(*module, seed, traits);
    cut += traits.cutsLayer;
    mixed += traits.mixesDegrees;
    rule1 += traits.usesRule1;
    recompute += traits.recomputesPart;
    four += traits.largestStage == 4;
  }
  std::cout << numPlans << " plans: " << cut << " cut a layer, " << mixed
            << " mix degrees in a stage, " << rule1 << " use rule 1, " << recompute
            << " recompute a part, " << four << " have a stage of 4 ranks\n";
  EXPECT_GE(numPlans, 30u);
  EXPECT_GE(2 * cut, numPlans);
  EXPECT_GE(mixed, 10u);
  EXPECT_GE(rule1, 10u);
  EXPECT_GE(recompute, 10u);
  EXPECT_GE(four, 5u);
}

TEST_F(EquivalenceTest, SGDInDoublePrecision) {
  expectEqual("f64", {.optimizer = sgd()}, 1e-10, 1);
}

TEST_F(EquivalenceTest, SGDInSinglePrecision) { expectEqual("f32", {.optimizer = sgd()}, 1e-4, 1); }

TEST_F(EquivalenceTest, AdamInDoublePrecision) {
  expectEqual("f64", {.optimizer = adam(), .learningRate = 0.01}, 1e-10, 2);
}

TEST_F(EquivalenceTest, AdamInSinglePrecision) {
  expectEqual("f32", {.optimizer = adam(), .learningRate = 0.01}, 1e-4, 4);
}

} // namespace
