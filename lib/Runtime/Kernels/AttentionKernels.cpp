//===- AttentionKernels.cpp - Softmax, heads split and merged -------------===//

#include "KernelTables.h"

#include <ATen/Functions.h>

#include <limits>

namespace aceso {

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// [s, t]: 0 where query s may see key t, else minus infinity; s by its global position. Made anew
/// for each run: kept, every layer would hold one for good.
static at::Tensor causalMask(const Box &box, at::TensorOptions options) {
  at::TensorOptions places = options.dtype(at::kLong);
  at::Tensor queries = at::arange(box.lo[2], box.lo[2] + box.size[2], places).unsqueeze(1);
  at::Tensor keys = at::arange(box.lo[3], box.lo[3] + box.size[3], places).unsqueeze(0);
  at::Tensor mask = at::zeros({box.size[2], box.size[3]}, options);
  return mask.masked_fill_(keys.gt(queries), -std::numeric_limits<double>::infinity());
}

static Kernel makeSoftmax(const KernelSpec &spec) {
  double scale = spec.number("scale");
  at::ScalarType type = accumulationType(spec.operands[0].type);
  at::ScalarType resultType = spec.results[0].type;
  bool isCausal = spec.flag("causal");
  Box box = spec.operands[0].box;
  return [=](KernelCall &call) {
    at::Tensor x = call.operands[0].to(type);
    if (isCausal)
      x = at::add(causalMask(box, x.options()), x, scale);
    else if (scale != 1)
      x = at::mul(x, scale);
    call.results[0] = at::_softmax(x, -1, /*half_to_float=*/false).to(resultType);
  };
}

/// scale * y * (dy - sum(y * dy)).
static Kernel makeSoftmaxGrad(const KernelSpec &spec) {
  double scale = spec.number("scale");
  at::ScalarType type = accumulationType(spec.operands[0].type);
  at::ScalarType resultType = spec.results[0].type;
  return [=](KernelCall &call) {
    at::Tensor y = call.operands[0].to(type), dy = call.operands[1].to(type);
    at::Tensor dx = at::_softmax_backward_data(dy, y, -1, type);
    if (scale != 1)
      dx.mul_(scale);
    call.results[0] = dx.to(resultType);
  };
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

/// [s, b, n * 3 * d] -> three of [s, b, n, d].
static Kernel makeSplitHeads(const KernelSpec &spec) {
  int64_t depth = spec.results[0].box.size[3];
  return [depth](KernelCall &call) {
    const at::Tensor &x = call.operands[0];
    at::Tensor heads = x.view({x.size(0), x.size(1), -1, 3, depth});
    for (int64_t i = 0; i < 3; ++i)
      call.results[i] = heads.select(3, i).contiguous();
  };
}

static Kernel makeMergeHeads(const KernelSpec &) {
  return [](KernelCall &call) {
    at::Tensor heads = at::stack({call.operands[0], call.operands[1], call.operands[2]}, 3);
    call.results[0] = heads.view({heads.size(0), heads.size(1), -1});
  };
}

std::span<const KernelEntry> attentionKernels() {
  static constexpr KernelEntry entries[] = {
      {"nn.softmax", makeSoftmax},
      {"nn.softmax_grad", makeSoftmaxGrad},
      {"nn.split_heads", makeSplitHeads},
      {"nn.merge_heads", makeMergeHeads},
  };
  return entries;
}

} // namespace aceso
