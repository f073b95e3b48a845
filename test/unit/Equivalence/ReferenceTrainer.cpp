//===- ReferenceTrainer.cpp - What one device would train -------*- C++ -*-===//

#include "ReferenceTrainer.h"

#include "aceso/Runtime/Random.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

using namespace aceso;
using namespace aceso::test;

ReferenceTrainer::ReferenceTrainer(nn::ModelOp model, const NamedTensors &initial,
                                   OptimizerSettings optimizer, double learningRate, uint64_t seed)
    : model(model), optimizer(optimizer), learningRate(learningRate), seed(seed) {
  for (auto parameter : model.getBody().front().getOps<nn::ParameterOp>()) {
    std::string path = parameter.getPath().str();
    parameters[path] = initial.at(path).clone();
    decays[path] = !parameter.getNoDecay();
  }
}

at::Tensor ReferenceTrainer::dropout(const at::Tensor &x, const std::string &path, double p) const {
  if (p == 0)
    return x;
  std::vector<uint32_t> bits(x.numel());
  randomBits(dropoutStream(seed, path, numSteps), 0, bits);
  auto threshold = static_cast<uint64_t>(std::llround(p * 0x1p32));
  at::Tensor mask = at::empty(x.sizes(), x.options().requires_grad(false).dtype(at::kDouble));
  double *values = mask.data_ptr<double>();
  for (size_t i = 0; i < bits.size(); ++i)
    values[i] = bits[i] >= threshold ? 1 / (1 - p) : 0;
  return x * mask.to(x.scalar_type());
}

//===----------------------------------------------------------------------===//
// Units
//===----------------------------------------------------------------------===//

/// log-softmax of the first `classes` logits at the labels, summed over those that count.
static at::Tensor crossEntropy(const at::Tensor &logits, const at::Tensor &labels,
                               int64_t classes) {
  at::Tensor log = logits.narrow(-1, 0, classes).log_softmax(-1);
  at::Tensor counted = labels != ignoredLabel;
  at::Tensor picked = log.gather(-1, at::where(counted, labels, 0).unsqueeze(-1)).squeeze(-1);
  return -(picked * counted).sum() / counted.sum();
}

at::Tensor ReferenceTrainer::run(mlir::Operation *op, const std::vector<at::Tensor> &in,
                                 std::vector<at::Tensor> &results) {
  return llvm::TypeSwitch<mlir::Operation *, at::Tensor>(op)
      .Case([&](nn::EmbeddingOp unit) {
        at::Tensor rows = in[1].index({in[0].to(at::kLong)}); // [b, s, h]
        at::Tensor x = rows + in[2].narrow(0, 0, rows.size(1));
        return dropout(x.transpose(0, 1).contiguous(), unit.getPath().str(),
                       unit.getP().convertToDouble());
      })
      .Case([&](nn::LayerNormOp unit) {
        return at::layer_norm(in[0], {in[0].size(-1)}, in[1], in[2],
                              unit.getEps().convertToDouble());
      })
      .Case([&](nn::QKVOp unit) {
        auto type = llvm::cast<mlir::RankedTensorType>(unit.getQ().getType());
        int64_t heads = type.getShape()[2], size = type.getShape()[3];
        at::Tensor merged = at::matmul(in[0], in[1].t()) + in[2];
        at::Tensor parts = merged.view({merged.size(0), merged.size(1), heads, 3, size});
        for (int64_t part = 0; part < 3; ++part)
          results.push_back(parts.select(3, part));
        return at::Tensor();
      })
      .Case([&](nn::AttentionScoreOp unit) {
        // [s, b, n, d] to [b, n, s, d] x [b, n, d, t]
        return at::matmul(in[0].permute({1, 2, 0, 3}), in[1].permute({1, 2, 3, 0})) *
               unit.getScale().convertToDouble();
      })
      .Case([&](nn::SoftmaxOp unit) {
        at::Tensor x = in[0] * unit.getScale().convertToDouble();
        if (unit.getCausal()) {
          at::Tensor future = at::ones({x.size(2), x.size(3)}, at::kBool).triu(1);
          x = x.masked_fill(future, -INFINITY);
        }
        return x.softmax(-1);
      })
      .Case([&](nn::DropoutOp unit) {
        return dropout(in[0].contiguous(), unit.getPath().str(), unit.getP().convertToDouble());
      })
      .Case([&](nn::AttentionContextOp) {
        at::Tensor x = at::matmul(in[0], in[1].permute({1, 2, 0, 3})); // [b, n, s, d]
        return x.permute({2, 0, 1, 3}).reshape({x.size(2), x.size(0), -1});
      })
      .Case([&](nn::LinearOp) {
        at::Tensor y = at::matmul(in[0], in[1].t());
        return in.size() > 2 ? y + in[2] : y;
      })
      .Case([&](nn::BiasDropoutAddOp unit) {
        return in[2] + dropout((in[0] + in[1]).contiguous(), unit.getPath().str(),
                               unit.getP().convertToDouble());
      })
      .Case([&](nn::GeluOp) { return at::gelu(in[0] + in[1], "tanh"); })
      .Case([&](nn::LinearCrossEntropyOp unit) {
        at::Tensor logits = at::matmul(in[0], in[1].t());
        return crossEntropy(logits, in[2].t().to(at::kLong), unit.getNumClasses());
      });
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

at::Tensor ReferenceTrainer::forward(const std::vector<at::Tensor> &inputs) {
  llvm::DenseMap<mlir::Value, at::Tensor> values;
  for (auto [argument, input] : llvm::zip_equal(model.getArguments(), inputs))
    values[argument] = input;
  at::Tensor loss;
  for (mlir::Operation &op : model.getBody().front()) {
    if (auto parameter = llvm::dyn_cast<nn::ParameterOp>(op)) {
      values[parameter] = parameters.at(parameter.getPath().str());
      continue;
    }
    if (auto ret = llvm::dyn_cast<nn::ReturnOp>(op))
      return values[ret.getLoss()];
    std::vector<at::Tensor> operands, results;
    for (mlir::Value operand : op.getOperands())
      operands.push_back(values[operand]);
    at::Tensor result = run(&op, operands, results);
    if (result.defined())
      results = {result};
    for (auto [value, tensor] : llvm::zip_equal(op.getResults(), results))
      values[value] = tensor;
  }
  return loss;
}

ReferenceStep ReferenceTrainer::step(const std::vector<at::Tensor> &inputs) {
  std::vector<at::Tensor> leaves;
  for (auto &[path, parameter] : parameters) {
    parameter = parameter.detach().requires_grad_(true);
    leaves.push_back(parameter);
  }
  ReferenceStep result;
  at::Tensor loss = forward(inputs);
  result.loss = loss.item<double>();
  std::vector<at::Tensor> gradients = torch::autograd::grad({loss}, leaves);
  double squares = 0;
  size_t index = 0;
  for (auto &[path, parameter] : parameters) {
    at::Tensor gradient = gradients[index++].detach();
    squares += gradient.to(at::kDouble).square().sum().item<double>();
    result.gradients[path] = gradient;
    parameter = parameter.detach();
  }
  result.gradientNorm = std::sqrt(squares);
  double coefficient = 1;
  if (optimizer.clipGradNorm > 0)
    coefficient = std::min(1.0, optimizer.clipGradNorm / (result.gradientNorm + 1e-6));
  ++numSteps;
  for (const auto &[path, gradient] : result.gradients)
    update(path, gradient * coefficient, decays[path]);
  return result;
}

/// The textbook rules, one tensor expression a line.
void ReferenceTrainer::update(const std::string &path, at::Tensor gradient, bool decay) {
  at::Tensor &parameter = parameters[path];
  double weightDecay = decay ? optimizer.weightDecay : 0;
  at::Tensor &m = firstMoments[path], &v = secondMoments[path];
  if (!m.defined()) {
    m = at::zeros_like(parameter);
    v = at::zeros_like(parameter);
  }
  if (optimizer.kind == OptimizerKind::SGD) {
    gradient = gradient + weightDecay * parameter;
    m = optimizer.momentum * m + gradient;
    parameter = parameter - learningRate * m;
    return;
  }
  m = optimizer.beta1 * m + (1 - optimizer.beta1) * gradient;
  v = optimizer.beta2 * v + (1 - optimizer.beta2) * gradient * gradient;
  at::Tensor mean = m / (1 - std::pow(optimizer.beta1, numSteps));
  at::Tensor deviation = (v / (1 - std::pow(optimizer.beta2, numSteps))).sqrt() + optimizer.epsilon;
  parameter = parameter * (1 - learningRate * weightDecay) - learningRate * mean / deviation;
}
