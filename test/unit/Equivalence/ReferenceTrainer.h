//===- ReferenceTrainer.h - What one device would train ---------*- C++ -*-===//
//
// The truth of the equivalence tests: an nn.model run op by op with LibTorch's autograd on the
// whole global batch at once. It knows nothing of plans, letters, layouts, micro-batches, our
// gradients or our kernels; only the random bits of dropout masks are the runtime's, since they are
// part of the model.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_EQUIVALENCE_REFERENCETRAINER_H
#define ACESO_TEST_UNIT_EQUIVALENCE_REFERENCETRAINER_H

#include "aceso/Dialect/NN/NN.h"
#include "aceso/Program/Program.h"

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace aceso::test {

/// Whole tensors by parameter path.
using NamedTensors = std::map<std::string, at::Tensor>;

struct ReferenceStep {
  double loss = 0;
  /// Norm of all gradients together, before clipping.
  double gradientNorm = 0;
  /// Before clipping.
  NamedTensors gradients;
};

class ReferenceTrainer {
public:
  /// Copies the initial parameters.
  ReferenceTrainer(nn::ModelOp model, const NamedTensors &initial, OptimizerSettings optimizer,
                   double learningRate, uint64_t seed);

  /// One step on a whole global batch: inputs in the order of the model's arguments.
  ReferenceStep step(const std::vector<at::Tensor> &inputs);

  const NamedTensors &getParameters() const { return parameters; }

private:
  at::Tensor forward(const std::vector<at::Tensor> &inputs);
  at::Tensor run(mlir::Operation *op, const std::vector<at::Tensor> &operands,
                 std::vector<at::Tensor> &results);
  /// The mask of the tensor of a whole global batch, scaled.
  at::Tensor dropout(const at::Tensor &x, const std::string &path, double p) const;
  void update(const std::string &path, at::Tensor gradient, bool decays);

  nn::ModelOp model;
  NamedTensors parameters;
  OptimizerSettings optimizer;
  double learningRate;
  uint64_t seed;
  int64_t numSteps = 0;
  std::map<std::string, bool> decays;
  NamedTensors firstMoments, secondMoments;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_EQUIVALENCE_REFERENCETRAINER_H
