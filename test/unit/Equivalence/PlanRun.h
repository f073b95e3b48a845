//===- PlanRun.h - A plan and one device, side by side ----------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_EQUIVALENCE_PLANRUN_H
#define ACESO_TEST_UNIT_EQUIVALENCE_PLANRUN_H

#include "ReferenceTrainer.h"

#include "aceso/Dialect/NN/NN.h"

#include "mlir/IR/BuiltinOps.h"

namespace aceso::test {

/// For each step the tensor of a global batch for each input of the model.
using Batches = std::vector<std::vector<at::Tensor>>;

/// Three batches of the tiny model, ids and labels; some labels do not count.
Batches makeBatches(int64_t globalBatch);

/// One step for each batch.
struct TrainingRun {
  OptimizerSettings optimizer;
  Batches batches = {};
  double learningRate = 0.1;
  uint64_t seed = 7;
};

/// What a run leaves behind: one entry a step, then the parameters.
struct TrainingResult {
  std::vector<ReferenceStep> steps;
  NamedTensors initial, parameters;
};

/// Lowers the par.plan in `module` (which is used up) to its plain program.
Program lowerToProgram(mlir::ModuleOp module, const OptimizerSettings &optimizer);

/// Runs every rank of `program` as a thread. Throws std::runtime_error if a rank fails.
TrainingResult trainOnThreads(const Program &program, const TrainingRun &run);

/// The same batches on one device, from the same initial parameters.
TrainingResult trainReference(nn::ModelOp model, const NamedTensors &initial,
                              const TrainingRun &run);

/// The largest error of a run: of losses, norms, every gradient of every step (if `actual` has
/// any) and every parameter. The error of a tensor is max|a - b| / max(max|b|, 1e-3 x the largest
/// entry of all tensors of its kind): some gradients are zero but for rounding. `worst` says which
/// tensor it is.
double largestError(const TrainingResult &actual, const TrainingResult &expected,
                    std::string &worst);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_EQUIVALENCE_PLANRUN_H
