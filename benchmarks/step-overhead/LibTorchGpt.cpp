//===- LibTorchGpt.cpp - A GPT as users of LibTorch write it --------------===//

#include "LibTorchGpt.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>

LibTorchGpt::LibTorchGpt(const GptSettings &settings,
                         const std::map<std::string, at::Tensor> &initial)
    : settings(settings) {
  groups[0].weightDecay = settings.weightDecay;
  for (const auto &[path, tensor] : initial) {
    at::Tensor parameter = tensor.clone().requires_grad_(true);
    parameters[path] = parameter;
    // Biases and normalisations have one dimension.
    Group &group = groups[tensor.dim() > 1 ? 0 : 1];
    group.parameters.push_back(parameter);
    group.first.push_back(at::zeros_like(tensor));
    group.second.push_back(at::zeros_like(tensor));
    group.steps.push_back(at::zeros({}, at::kFloat));
  }
  int64_t sequence = settings.sequence;
  mask = at::full({sequence, sequence}, -std::numeric_limits<double>::infinity(),
                  initial.begin()->second.options())
             .triu(1);
}

//===----------------------------------------------------------------------===//
// Model
//===----------------------------------------------------------------------===//

at::Tensor LibTorchGpt::normalize(const at::Tensor &x, const std::string &path) const {
  return at::layer_norm(x, {x.size(2)}, parameters.at(path + ".weight"),
                        parameters.at(path + ".bias"), settings.layerNormEpsilon);
}

at::Tensor LibTorchGpt::linear(const at::Tensor &x, const std::string &path) const {
  return at::linear(x, parameters.at(path + ".weight"), parameters.at(path + ".bias"));
}

at::Tensor LibTorchGpt::dropout(const at::Tensor &x) const {
  return settings.dropout > 0 ? at::dropout(x, settings.dropout, /*train=*/true) : x;
}

at::Tensor LibTorchGpt::attention(const at::Tensor &x, const std::string &layer) const {
  int64_t s = x.size(0), b = x.size(1), n = settings.numHeads, d = x.size(2) / n;
  std::vector<at::Tensor> parts =
      linear(x, layer + ".attention.qkv").view({s, b * n, 3, d}).unbind(2);
  at::Tensor q = parts[0].transpose(0, 1), k = parts[1].permute({1, 2, 0}),
             v = parts[2].transpose(0, 1);
  at::Tensor scores = at::baddbmm(mask, q, k, /*beta=*/1, /*alpha=*/1 / std::sqrt(double(d)));
  at::Tensor context = at::bmm(dropout(at::softmax(scores, -1)), v); // [b * n, s, d]
  return linear(context.transpose(0, 1).reshape({s, b, n * d}), layer + ".attention.dense");
}

at::Tensor LibTorchGpt::features(const at::Tensor &ids) const {
  at::Tensor words = at::embedding(parameters.at("wte"), ids.t());
  at::Tensor x = dropout(words + parameters.at("wpe").narrow(0, 0, ids.size(1)).unsqueeze(1));
  for (int64_t i = 0; i < settings.numLayers; ++i) {
    std::string layer = "layers." + std::to_string(i);
    x = x + dropout(attention(normalize(x, layer + ".ln_1"), layer));
    at::Tensor hidden = at::gelu(linear(normalize(x, layer + ".ln_2"), layer + ".mlp.fc1"), "tanh");
    x = x + dropout(linear(hidden, layer + ".mlp.fc2"));
  }
  return normalize(x, "final_ln");
}

//===----------------------------------------------------------------------===//
// Step
//===----------------------------------------------------------------------===//

GptStepResult LibTorchGpt::step(const at::Tensor &ids, const at::Tensor &labels) {
  GptStepResult result;
  for (auto &[path, parameter] : parameters)
    parameter.mutable_grad().reset();
  int64_t b = settings.microBatch;
  for (int64_t first = 0; first < ids.size(0); first += b) {
    at::Tensor x = features(ids.narrow(0, first, b));
    at::Tensor logits = at::linear(x, parameters.at("wte"));
    // Columns past the last class are padding.
    logits = logits.flatten(0, 1).narrow(1, 0, settings.numClasses);
    at::Tensor loss = at::cross_entropy_loss(logits, labels.narrow(0, first, b).t().flatten(), {},
                                             at::Reduction::Sum);
    loss = loss / labels.numel();
    loss.backward();
    result.loss += loss.item<double>();
  }
  at::NoGradGuard noGradients;
  result.gradientNorm = clipGradients();
  update();
  return result;
}

double LibTorchGpt::clipGradients() {
  std::vector<at::Tensor> all;
  for (Group &group : groups) {
    group.gradients.clear();
    for (const at::Tensor &parameter : group.parameters)
      group.gradients.push_back(parameter.grad());
    all.insert(all.end(), group.gradients.begin(), group.gradients.end());
  }
  at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(all)));
  at::_foreach_mul_(all, at::clamp_max(settings.maxNorm / (norm + 1e-6), 1));
  return norm.item<double>();
}

void LibTorchGpt::update() {
  for (Group &group : groups) {
    at::_foreach_add_(group.steps, 1);
    at::_fused_adamw_(group.parameters, group.gradients, group.first, group.second, {}, group.steps,
                      settings.learningRate, settings.beta1, settings.beta2, group.weightDecay,
                      settings.epsilon, /*amsgrad=*/false, /*maximize=*/false);
  }
}
