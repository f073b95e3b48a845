//===- OptimizerKernels.cpp - Kernels of dialect exec ---------------------===//
//
// What they compute is said in lib/Program/Kernels.cpp. Parameters and state are updated in place.
//
//===----------------------------------------------------------------------===//

#include "KernelTables.h"

#include "aceso/Program/KernelMemory.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <array>

namespace aceso {

/// What the gradient is multiplied by: operand `index`, 1 if there is none.
static double coefficientOf(const KernelCall &call, size_t index) {
  return call.operands.size() > index ? call.operands[index].item<double>() : 1;
}

static Kernel makeAdamW(const KernelSpec &spec) {
  double beta1 = spec.number("beta1"), beta2 = spec.number("beta2");
  double epsilon = spec.number("epsilon"), decay = spec.number("weight_decay");
  return [=](KernelCall &call) {
    double factor = coefficientOf(call, 4);
    at::Tensor steps = at::full({}, static_cast<double>(call.context.step + 1),
                                call.operands[0].options().dtype(at::kFloat));
    std::array<at::Tensor, 4> flat;
    for (size_t i = 0; i < flat.size(); ++i)
      flat[i] = call.operands[i].view(-1);
    // In chunks, so that the scaled gradient takes little room.
    for (int64_t begin = 0; begin < flat[0].numel(); begin += optimizerChunk) {
      int64_t size = std::min(optimizerChunk, flat[0].numel() - begin);
      auto chunk = [&](size_t operand) { return flat[operand].narrow(0, begin, size); };
      at::Tensor gradient = chunk(1).to(flat[0].scalar_type());
      if (factor != 1)
        gradient = at::mul(gradient, factor);
      std::vector<at::Tensor> parameters = {chunk(0)}, gradients = {gradient}, first = {chunk(2)},
                              second = {chunk(3)};
      at::_fused_adamw_(parameters, gradients, first, second, {}, {steps},
                        call.context.learningRate, beta1, beta2, decay, epsilon, /*amsgrad=*/false,
                        /*maximize=*/false);
    }
    call.results[0] = call.operands[0];
    call.results[1] = call.operands[2];
    call.results[2] = call.operands[3];
  };
}

static Kernel makeSgd(const KernelSpec &spec) {
  double decay = spec.number("weight_decay");
  return [=](KernelCall &call) {
    at::Tensor parameter = call.operands[0];
    double rate = call.context.learningRate;
    if (decay != 0)
      parameter.mul_(1 - rate * decay);
    parameter.sub_(call.operands[1], rate * coefficientOf(call, 2));
    call.results[0] = parameter;
  };
}

static Kernel makeSgdMomentum(const KernelSpec &spec) {
  double decay = spec.number("weight_decay"), momentum = spec.number("momentum");
  return [=](KernelCall &call) {
    at::Tensor parameter = call.operands[0], moment = call.operands[2];
    moment.mul_(momentum).add_(call.operands[1], coefficientOf(call, 3));
    if (decay != 0)
      moment.add_(parameter, decay);
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
