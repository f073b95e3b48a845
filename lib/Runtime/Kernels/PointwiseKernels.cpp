//===- PointwiseKernels.cpp - Gelu, sums, scales, casts -------------------===//

#include "KernelTables.h"

#include <ATen/Functions.h>

namespace aceso {

static Kernel makeGelu(const KernelSpec &) {
  return [](KernelCall &call) {
    at::Tensor x = at::add(call.operands[0], call.operands[1]);
    call.results[0] = at::gelu_(x, "tanh");
  };
}

static Kernel makeGeluGrad(const KernelSpec &) {
  return [](KernelCall &call) {
    at::Tensor x = at::add(call.operands[0], call.operands[1]);
    call.results[0] = at::gelu_backward_out(x, call.operands[2], x, "tanh");
  };
}

static Kernel makeSum(const KernelSpec &spec) {
  at::ScalarType type = spec.results[0].type;
  return [type](KernelCall &call) {
    if (call.operands.size() == 1) {
      call.results[0] = call.operands[0].to(type, /*non_blocking=*/false, /*copy=*/true);
      return;
    }
    at::Tensor sum = at::add(call.operands[0], call.operands[1]);
    for (size_t i = 2; i < call.operands.size(); ++i)
      sum.add_(call.operands[i]);
    call.results[0] = sum.to(type);
  };
}

/// x * factor; the factor is a scalar in a type at least as wide, and does not widen the result.
static Kernel makeScale(const KernelSpec &) {
  return [](KernelCall &call) { call.results[0] = at::mul(call.operands[0], call.operands[1]); };
}

/// Sum of x * y in the type of the result, plus the base where there is one.
static Kernel makeDot(const KernelSpec &spec) {
  at::ScalarType type = spec.results[0].type;
  return [type](KernelCall &call) {
    at::Tensor sum =
        at::dot(call.operands[0].reshape({-1}).to(type), call.operands[1].reshape({-1}).to(type));
    if (call.operands.size() > 2)
      sum.add_(call.operands[2]);
    call.results[0] = sum;
  };
}

static Kernel makeCast(const KernelSpec &spec) {
  at::ScalarType type = spec.results[0].type;
  return [type](KernelCall &call) {
    call.results[0] = call.operands[0].to(type, /*non_blocking=*/false, /*copy=*/true);
  };
}

std::span<const KernelEntry> pointwiseKernels() {
  static constexpr KernelEntry entries[] = {
      {"nn.gelu", makeGelu}, {"nn.gelu_grad", makeGeluGrad},
      {"nn.sum", makeSum},   {"nn.scale", makeScale},
      {"nn.dot", makeDot},   {"exec.cast", makeCast},
  };
  return entries;
}

} // namespace aceso
