//===- EquivalenceFixture.cpp - Random plans and their programs -*- C++ -*-===//

#include "EquivalenceFixture.h"

#include "aceso/Registration.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include <cstdlib>
#include <string_view>

using namespace mlir;
using namespace aceso;
using namespace aceso::test;

OptimizerSettings aceso::test::sgd() {
  OptimizerSettings optimizer;
  optimizer.kind = aceso::OptimizerKind::SGD;
  optimizer.clipGradNorm = 0.5;
  return optimizer;
}

OptimizerSettings aceso::test::adam() {
  OptimizerSettings optimizer;
  optimizer.kind = aceso::OptimizerKind::AdamW;
  optimizer.epsilon = 1e-4;
  optimizer.clipGradNorm = 0.5;
  return optimizer;
}

EquivalenceTest::EquivalenceTest() {
  DialectRegistry registry;
  registerDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.disableMultithreading();
}

static par::PlanOp makePlan(ModuleOp module, unsigned seed, PlanTraits &traits) {
  std::mt19937 generator(seed);
  RandomPlanOptions options;
  options.globalBatch = globalBatch;
  return makeRandomPlan(module, generator, options, traits);
}

unsigned aceso::test::numPlans() {
  const char *nightly = std::getenv("ACESO_NIGHTLY");
  return nightly && nightly == std::string_view("1") ? 200 : 40;
}

std::vector<unsigned> EquivalenceTest::legalSeeds() {
  std::vector<unsigned> seeds;
  unsigned numWithoutAccumulation = 0;
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
  for (unsigned seed = 0; seeds.size() < numPlans(); ++seed) {
    PlanTraits traits;
    OwningOpRef<ModuleOp> module = loadTinyModel(&context);
    if (!makePlan(*module, seed, traits) || failed(verify(*module)))
      continue;
    if (!traits.accumulates && ++numWithoutAccumulation > numPlans() / 4)
      continue;
    seeds.push_back(seed);
  }
  return seeds;
}

PlanTraits EquivalenceTest::traitsOf(unsigned seed) {
  PlanTraits traits;
  OwningOpRef<ModuleOp> module = loadTinyModel(&context);
  makePlan(*module, seed, traits);
  return traits;
}

Program EquivalenceTest::programOf(unsigned seed, const ModelOverrides &overrides,
                                   const OptimizerSettings &optimizer) {
  PlanTraits traits;
  OwningOpRef<ModuleOp> module = loadTinyModel(&context, overrides);
  makePlan(*module, seed, traits);
  return lowerToProgram(*module, optimizer);
}

TrainingResult EquivalenceTest::expectedResult(const ModelOverrides &overrides,
                                               const NamedTensors &initial,
                                               const TrainingRun &run) {
  OwningOpRef<ModuleOp> module = loadTinyModel(&context, overrides);
  return trainReference(*module->getOps<nn::ModelOp>().begin(), initial, run);
}
