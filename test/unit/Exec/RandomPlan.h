//===- RandomPlan.h - Plans from a seed -------------------------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_EXEC_RANDOMPLAN_H
#define ACESO_TEST_UNIT_EXEC_RANDOMPLAN_H

#include "aceso/Dialect/Par/Par.h"
#include "aceso/Target/ModelImport.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <random>

namespace aceso::test {

/// What a plan exercises; tests print and assert how often.
struct PlanTraits {
  int64_t numStages = 0, numRanks = 0, largestStage = 0;
  bool cutsLayer = false, mixesDegrees = false, usesRule1 = false, recomputesPart = false;
  bool accumulates = false; ///< several micro-batches
};

struct RandomPlanOptions {
  int64_t maxRanks = 4;
  int64_t globalBatch = 8;
};

/// A plan of `model` (an nn.model in `module`) over all that the verifier accepts: random cuts,
/// devices, degrees, rules, recomputation and micro-batch. Replaces the model. The same seed gives
/// the same plan on every machine.
par::PlanOp makeRandomPlan(mlir::ModuleOp module, std::mt19937 &generator,
                           const RandomPlanOptions &options, PlanTraits &traits);

/// The model of test/Inputs/gpt-tiny.json.
mlir::OwningOpRef<mlir::ModuleOp> loadTinyModel(mlir::MLIRContext *context,
                                                const ModelOverrides &overrides = {});

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_EXEC_RANDOMPLAN_H
