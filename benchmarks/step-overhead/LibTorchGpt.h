//===- LibTorchGpt.h - A GPT as users of LibTorch write it ------*- C++ -*-===//
//
// What our step is measured against: the same model, optimizer and clipping by hand, with
// LibTorch's autograd. Written for speed: nothing is computed twice, biases ride on matrix
// products, the optimizer is one fused call for all parameters. It knows nothing of aceso.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_BENCHMARKS_STEPOVERHEAD_LIBTORCHGPT_H
#define ACESO_BENCHMARKS_STEPOVERHEAD_LIBTORCHGPT_H

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

struct GptSettings {
  int64_t numLayers = 0, numHeads = 0, sequence = 0, numClasses = 0;
  double dropout = 0, layerNormEpsilon = 1e-5;
  int64_t microBatch = 1;
  double maxNorm = 1;
  double learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01;
};

struct GptStepResult {
  double loss = 0, gradientNorm = 0;
};

class LibTorchGpt {
public:
  /// Parameters under the names that GPT model files give them ("layers.0.mlp.fc1.weight"); copies
  /// them.
  LibTorchGpt(const GptSettings &settings, const std::map<std::string, at::Tensor> &parameters);

  /// One training step on a global batch, micro-batch by micro-batch. `ids` and `labels`: [batch,
  /// sequence], 64 bits; every label counts.
  GptStepResult step(const at::Tensor &ids, const at::Tensor &labels);

private:
  /// [s, b, h] after embedding, every layer and the last normalisation.
  at::Tensor features(const at::Tensor &ids) const;
  at::Tensor attention(const at::Tensor &x, const std::string &layer) const;
  at::Tensor normalize(const at::Tensor &x, const std::string &path) const;
  at::Tensor linear(const at::Tensor &x, const std::string &path) const;
  at::Tensor dropout(const at::Tensor &x) const;
  double clipGradients();
  void update();

  GptSettings settings;
  std::map<std::string, at::Tensor> parameters;
  /// [s, s]: minus infinity where a token may not look.
  at::Tensor mask;

  /// Parameters that decay, and those that do not: the optimizer's two groups.
  struct Group {
    double weightDecay = 0;
    std::vector<at::Tensor> parameters, gradients, first, second, steps;
  };
  Group groups[2];
};

#endif // ACESO_BENCHMARKS_STEPOVERHEAD_LIBTORCHGPT_H
