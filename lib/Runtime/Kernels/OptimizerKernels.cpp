//===- OptimizerKernels.cpp - Kernels of dialect exec ---------------------===//
//
// What they compute is said in lib/Program/Kernels.cpp. Parameters and state are updated in place.
//
//===----------------------------------------------------------------------===//

#include "KernelTables.h"

#include <ATen/Functions.h>

#include <algorithm>

namespace aceso {

/// The gradient in the type of the parameter, times the coefficient if there is one.
static at::Tensor scaledGradient(KernelCall &call, size_t coefficient) {
  at::Tensor gradient = call.operands[1].to(call.operands[0].scalar_type());
  if (call.operands.size() <= coefficient)
    return gradient;
  // Without clipping there is nothing to multiply.
  double factor = call.operands[coefficient].item<double>();
  return factor == 1 ? gradient : at::mul(gradient, factor);
}

static Kernel makeAdamW(const KernelSpec &spec) {
  double beta1 = spec.number("beta1"), beta2 = spec.number("beta2");
  double epsilon = spec.number("epsilon"), decay = spec.number("weight_decay");
  return [=](KernelCall &call) {
    std::vector<at::Tensor> parameters = {call.operands[0]};
    std::vector<at::Tensor> gradients = {scaledGradient(call, 4)};
    std::vector<at::Tensor> first = {call.operands[2]}, second = {call.operands[3]};
    auto step = static_cast<double>(call.context.step + 1);
    std::vector<at::Tensor> steps = {at::full({}, step, parameters[0].options().dtype(at::kFloat))};
    at::_fused_adamw_(parameters, gradients, first, second, {}, steps, call.context.learningRate,
                      beta1, beta2, decay, epsilon, /*amsgrad=*/false, /*maximize=*/false);
    call.results[0] = call.operands[0];
    call.results[1] = call.operands[2];
    call.results[2] = call.operands[3];
  };
}

static Kernel makeSgd(const KernelSpec &spec) {
  double decay = spec.number("weight_decay");
  return [=](KernelCall &call) {
    at::Tensor parameter = call.operands[0], gradient = scaledGradient(call, 2);
    if (decay != 0)
      gradient = at::add(gradient, parameter, decay);
    parameter.sub_(gradient, call.context.learningRate);
    call.results[0] = parameter;
  };
}

static Kernel makeSgdMomentum(const KernelSpec &spec) {
  double decay = spec.number("weight_decay"), momentum = spec.number("momentum");
  return [=](KernelCall &call) {
    at::Tensor parameter = call.operands[0], gradient = scaledGradient(call, 3);
    if (decay != 0)
      gradient = at::add(gradient, parameter, decay);
    at::Tensor moment = call.operands[2];
    moment.mul_(momentum).add_(gradient);
    parameter.sub_(moment, call.context.learningRate);
    call.results[0] = parameter;
    call.results[1] = moment;
  };
}

static Kernel makeSquareSum(const KernelSpec &spec) {
  at::ScalarType type = spec.results[0].type;
  return [type](KernelCall &call) {
    // By way of the norm, which needs no room for the squares.
    call.results[0] =
        at::linalg_vector_norm(call.operands[0].view(-1), 2, at::OptionalIntArrayRef(),
                               /*keepdim=*/false, type)
            .square_();
  };
}

static Kernel makeClipCoefficient(const KernelSpec &spec) {
  double maxNorm = spec.number("max_norm");
  at::ScalarType normType = spec.results[0].type, coefficientType = spec.results[1].type;
  return [=](KernelCall &call) {
    at::Tensor norm = at::sqrt(call.operands[0]);
    // The small number is what torch.nn.utils.clip_grad_norm_ adds.
    constexpr double guard = 1e-6;
    call.results[0] = norm.to(normType);
    call.results[1] =
        maxNorm > 0
            ? at::reciprocal(norm.add(guard)).mul_(maxNorm).clamp_max_(1).to(coefficientType)
            : at::ones({}, norm.options().dtype(coefficientType));
  };
}

template <int value> static Kernel makeConstant(const KernelSpec &spec) {
  at::TensorOptions options = optionsOf(spec, spec.results[0]);
  return [options](KernelCall &call) { call.results[0] = at::full({}, value, options); };
}

std::span<const KernelEntry> optimizerKernels() {
  static constexpr KernelEntry entries[] = {
      {"exec.adamw", makeAdamW},
      {"exec.sgd", makeSgd},
      {"exec.sgd_momentum", makeSgdMomentum},
      {"exec.square_sum", makeSquareSum},
      {"exec.clip_coefficient", makeClipCoefficient},
      {"exec.loss_seed", makeConstant<1>},
      {"exec.zero", makeConstant<0>},
  };
  return entries;
}

} // namespace aceso
