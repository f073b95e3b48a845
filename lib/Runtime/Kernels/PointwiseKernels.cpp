//===- PointwiseKernels.cpp - Gelu, sums, casts ---------------------------===//

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
    call.results[0] = at::gelu_backward(call.operands[2], x, "tanh");
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

static Kernel makeCast(const KernelSpec &spec) {
  at::ScalarType type = spec.results[0].type;
  return [type](KernelCall &call) {
    call.results[0] = call.operands[0].to(type, /*non_blocking=*/false, /*copy=*/true);
  };
}

std::span<const KernelEntry> pointwiseKernels() {
  static constexpr KernelEntry entries[] = {
      {"nn.gelu", makeGelu},
      {"nn.gelu_grad", makeGeluGrad},
      {"nn.sum", makeSum},
      {"exec.cast", makeCast},
  };
  return entries;
}

} // namespace aceso
