//===- ExampleReference.cpp - The example trained by autograd -------------===//

#include "ExampleReference.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/PhiloxRNGEngine.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

namespace aceso::test {

ExampleReference::ExampleReference(const ExampleOptions &options,
                                   std::vector<at::Tensor> parameters, uint64_t maskKey)
    : parameters(std::move(parameters)), options(options), maskKey(maskKey) {
  for (const at::Tensor &parameter : this->parameters) {
    firstMoments.push_back(at::zeros_like(parameter));
    secondMoments.push_back(at::zeros_like(parameter));
  }
}

at::Tensor ExampleReference::lossOf(const std::vector<at::Tensor> &variables, const at::Tensor &ids,
                                    const at::Tensor &labels) const {
  at::Tensor x = variables[Table].index({ids.t().to(at::kLong)}) +
                 variables[Positions].narrow(0, 0, ids.size(1)).unsqueeze(1);
  at::Tensor mask = at::zeros(x.sizes(), at::kDouble);
  at::Philox4_32 engine(maskKey, numSteps);
  auto *values = mask.mutable_data_ptr<double>();
  for (int64_t i = 0; i < mask.numel(); ++i)
    values[i] = engine() >= options.dropout * 0x1p32 ? 1 / (1 - options.dropout) : 0;
  at::Tensor y = at::matmul(x * mask, variables[Fc1Weight].t()) + variables[Fc1Bias];
  at::Tensor logits = at::matmul(at::gelu(y, "tanh"), variables[HeadWeight].t());
  at::Tensor classes = logits.narrow(2, 0, options.classes).reshape({-1, options.classes});
  return at::cross_entropy_loss(classes, labels.t().reshape(-1).to(at::kLong));
}

void ExampleReference::step(const at::Tensor &ids, const at::Tensor &labels, double learningRate) {
  std::vector<at::Tensor> variables;
  for (const at::Tensor &parameter : parameters)
    variables.push_back(parameter.detach().clone().requires_grad_(true));
  at::AutoGradMode enabled(true);
  at::Tensor value = lossOf(variables, ids, labels);
  gradients = torch::autograd::grad({value}, variables);
  at::AutoGradMode disabled(false);
  loss = value.item<double>();
  double squares = 0;
  for (const at::Tensor &gradient : gradients)
    squares += gradient.square().sum().item<double>();
  gradNorm = std::sqrt(squares);
  double most = options.optimizer.clipGradNorm;
  double coefficient = most > 0 ? std::min(1.0, most / (gradNorm + 1e-6)) : 1;
  ++numSteps;
  for (size_t i = 0; i < parameters.size(); ++i)
    update(i, gradients[i] * coefficient, learningRate);
}

void ExampleReference::update(size_t i, const at::Tensor &gradient, double learningRate) {
  const OptimizerSettings &settings = options.optimizer;
  // The bias does not decay.
  double decay = i == Fc1Bias ? 0 : settings.weightDecay;
  at::Tensor &p = parameters[i], &m = firstMoments[i], &v = secondMoments[i];
  if (settings.kind == OptimizerKind::SGD) {
    m = settings.momentum * m + gradient + decay * p;
    p = p - learningRate * m;
    return;
  }
  m = settings.beta1 * m + (1 - settings.beta1) * gradient;
  v = settings.beta2 * v + (1 - settings.beta2) * gradient * gradient;
  at::Tensor mean = m / (1 - std::pow(settings.beta1, numSteps));
  at::Tensor deviation = (v / (1 - std::pow(settings.beta2, numSteps))).sqrt() + settings.epsilon;
  p = p * (1 - learningRate * decay) - learningRate * mean / deviation;
}

} // namespace aceso::test
