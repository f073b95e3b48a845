//===- PlanRun.cpp - A plan and one device, side by side --------*- C++ -*-===//

#include "PlanRun.h"

#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Program/VerifyProgram.h"
#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/ThreadCommunicator.h"
#include "aceso/Target/ProgramExport.h"
#include "aceso/Transforms/Pipelines.h"

#include "mlir/Pass/PassManager.h"

#include <ATen/ATen.h>

#include <random>
#include <stdexcept>

using namespace aceso;
using namespace aceso::test;

Program aceso::test::lowerToProgram(mlir::ModuleOp module, const OptimizerSettings &optimizer) {
  LowerToExecOptions options;
  options.optimizer = optimizer.kind == OptimizerKind::AdamW ? "adamw" : "sgd";
  options.beta1 = optimizer.beta1;
  options.beta2 = optimizer.beta2;
  options.epsilon = optimizer.epsilon;
  options.weightDecay = optimizer.weightDecay;
  options.momentum = optimizer.momentum;
  options.clipGrad = optimizer.clipGradNorm;
  mlir::PassManager manager(module.getContext());
  buildLowerToExec(manager, options);
  if (mlir::failed(manager.run(module)))
    throw std::runtime_error("the plan does not lower");
  mlir::FailureOr<Program> program = exportProgram(*module.getOps<exec::ProgramOp>().begin());
  if (mlir::failed(program))
    throw std::runtime_error("the program cannot be exported");
  if (std::string problem = verifyProgram(*program); !problem.empty())
    throw std::runtime_error("the program does not verify: " + problem);
  return std::move(*program);
}

Batches aceso::test::makeBatches(int64_t globalBatch) {
  constexpr int64_t sequence = 8, vocabulary = 30, numSteps = 3;
  std::mt19937 generator(99);
  Batches batches;
  for (int64_t step = 0; step < numSteps; ++step) {
    at::Tensor ids = at::empty({globalBatch, sequence}, at::kInt), labels = at::empty_like(ids);
    for (int64_t i = 0; i < ids.numel(); ++i) {
      ids.data_ptr<int>()[i] = generator() % vocabulary;
      // Uneven over the samples, so that a mean taken in parts would be wrong.
      bool counts = generator() % 8 > static_cast<unsigned>(i / sequence % 4);
      labels.data_ptr<int>()[i] = counts ? generator() % vocabulary : ignoredLabel;
    }
    batches.push_back({ids, labels});
  }
  return batches;
}

TrainingResult aceso::test::trainOnThreads(const Program &program, const TrainingRun &run) {
  TrainingResult result;
  std::optional<RankFailure> failure =
      runAsThreads(createThreadCommunicators(program.numRanks()), [&](Communicator &communicator) {
        ExecutorOptions options;
        options.seed = run.seed;
        options.keepsGradients = true;
        Executor executor(program, communicator, options);
        executor.initializeParameters();
        bool isFirst = communicator.getRank() == 0;
        auto readAll = [&](NamedTensors &tensors, bool gradients) {
          for (Index index = 0; index < program.parameters.size(); ++index) {
            at::Tensor whole =
                gradients ? executor.readGradient(index) : executor.readParameter(index);
            if (isFirst)
              tensors[program.parameters[index].path] = whole;
          }
        };
        readAll(result.initial, false);
        for (size_t step = 0; step < run.batches.size(); ++step) {
          std::map<std::string, double> reports =
              executor.runStep({static_cast<int64_t>(step), run.learningRate, run.batches[step]});
          ReferenceStep record;
          record.loss = reports.at("loss");
          record.gradientNorm = reports.at("grad_norm");
          readAll(record.gradients, true);
          if (isFirst)
            result.steps.push_back(std::move(record));
        }
        readAll(result.parameters, false);
      });
  if (failure)
    throw std::runtime_error("rank " + std::to_string(failure->rank) + ": " + failure->reason);
  return result;
}

TrainingResult aceso::test::trainReference(nn::ModelOp model, const NamedTensors &initial,
                                           const TrainingRun &run) {
  ReferenceTrainer trainer(model, initial, run.optimizer, run.learningRate, run.seed);
  TrainingResult result;
  result.initial = initial;
  for (const std::vector<at::Tensor> &batch : run.batches)
    result.steps.push_back(trainer.step(batch));
  result.parameters = trainer.getParameters();
  return result;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

namespace {
class ErrorOfKind {
public:
  ErrorOfKind(double &largest, std::string &worst) : largest(largest), worst(worst) {}

  void compare(const NamedTensors &actual, const NamedTensors &expected, const std::string &kind) {
    double scale = 0;
    for (const auto &[path, tensor] : expected)
      scale = std::max(scale, tensor.abs().max().item<double>());
    for (const auto &[path, tensor] : expected) {
      auto it = actual.find(path);
      if (it == actual.end() || !it->second.defined())
        return note(INFINITY, kind + " of " + path + " (missing)");
      double floor = std::max(tensor.abs().max().item<double>(), 1e-3 * scale);
      at::Tensor difference = it->second.to(at::kDouble) - tensor.to(at::kDouble);
      note(difference.abs().max().item<double>() / floor, kind + " of " + path);
    }
  }

  void compare(double actual, double expected, const std::string &what) {
    note(std::abs(actual - expected) / std::abs(expected), what);
  }

private:
  void note(double error, const std::string &what) {
    if (!(error <= largest)) { // NaN too
      largest = std::isnan(error) ? INFINITY : error;
      worst = what;
    }
  }

  double &largest;
  std::string &worst;
};
} // namespace

double aceso::test::largestError(const TrainingResult &actual, const TrainingResult &expected,
                                 std::string &worst) {
  if (actual.steps.size() != expected.steps.size()) {
    worst = "number of steps";
    return INFINITY;
  }
  double largest = 0;
  ErrorOfKind errors(largest, worst);
  for (size_t step = 0; step < expected.steps.size(); ++step) {
    std::string suffix = " in step " + std::to_string(step);
    errors.compare(actual.steps[step].loss, expected.steps[step].loss, "loss" + suffix);
    errors.compare(actual.steps[step].gradientNorm, expected.steps[step].gradientNorm,
                   "gradient norm" + suffix);
    if (!actual.steps[step].gradients.empty())
      errors.compare(actual.steps[step].gradients, expected.steps[step].gradients,
                     "gradient" + suffix);
  }
  errors.compare(actual.parameters, expected.parameters, "parameter");
  return largest;
}
