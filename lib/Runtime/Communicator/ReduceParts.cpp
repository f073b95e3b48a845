//===- ReduceParts.cpp - Reductions in a fixed order ----------------------===//

#include "ReduceParts.h"

#include <ATen/Functions.h>

namespace aceso {

void reduceParts(at::Tensor &out, const std::vector<at::Tensor> &parts, Reduction reduction) {
  at::ScalarType type = parts[0].scalar_type();
  bool isHalf = type == at::kHalf || type == at::kBFloat16;
  at::Tensor sum = isHalf ? parts[0].to(at::kFloat) : out.copy_(parts[0]);
  for (size_t i = 1; i < parts.size(); ++i) {
    if (reduction == Reduction::Sum)
      sum.add_(parts[i]);
    else
      at::maximum_out(sum, sum, isHalf ? parts[i].to(at::kFloat) : parts[i]);
  }
  if (isHalf)
    out.copy_(sum);
}

} // namespace aceso
