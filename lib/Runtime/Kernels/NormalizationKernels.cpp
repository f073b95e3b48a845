//===- NormalizationKernels.cpp - Layer normalisation ---------------------===//

#include "KernelTables.h"

#include <ATen/Functions.h>

namespace aceso {

/// x [s, b, h], scale [h], shift [h] -> result, and for each row mean and reciprocal deviation.
static Kernel makeLayerNormStats(const KernelSpec &spec) {
  double eps = spec.number("eps");
  at::ScalarType type = accumulationType(spec.operands[0].type);
  std::vector<at::ScalarType> types;
  for (const TensorPlace &result : spec.results)
    types.push_back(result.type);
  return [=](KernelCall &call) {
    at::Tensor x = call.operands[0].to(type);
    std::array<int64_t, 1> features = {x.size(2)};
    auto [y, mean, rstd] = at::native_layer_norm(x, features, call.operands[1].to(type),
                                                 call.operands[2].to(type), eps);
    call.results[0] = y.to(types[0]);
    call.results[1] = mean.squeeze(2).to(types[1]);
    call.results[2] = rstd.squeeze(2).to(types[2]);
  };
}

/// x, mean, rstd, scale, dy -> dx, and summed over the rows of the box dscale and dshift.
static Kernel makeLayerNormGrad(const KernelSpec &spec) {
  at::ScalarType type = accumulationType(spec.operands[0].type);
  std::vector<at::ScalarType> types;
  for (const TensorPlace &result : spec.results)
    types.push_back(result.type);
  return [=](KernelCall &call) {
    at::Tensor x = call.operands[0].to(type);
    at::Tensor scale = call.operands[3].to(type);
    std::array<int64_t, 1> features = {x.size(2)};
    // The value of the shift does not matter, only that there is one.
    auto gradients = at::native_layer_norm_backward(
        call.operands[4].to(type), x, features, call.operands[1].to(type).unsqueeze(2),
        call.operands[2].to(type).unsqueeze(2), scale, scale, {true, true, true});
    call.results[0] = std::get<0>(gradients).to(types[0]);
    call.results[1] = std::get<1>(gradients).to(types[1]);
    call.results[2] = std::get<2>(gradients).to(types[2]);
  };
}

std::span<const KernelEntry> normalizationKernels() {
  static constexpr KernelEntry entries[] = {
      {"nn.layer_norm_stats", makeLayerNormStats},
      {"nn.layer_norm_grad", makeLayerNormGrad},
  };
  return entries;
}

} // namespace aceso
