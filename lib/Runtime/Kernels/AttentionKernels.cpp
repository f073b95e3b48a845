//===- AttentionKernels.cpp - Softmax, heads split and merged -------------===//

#include "KernelTables.h"

#include "aceso/Program/KernelMemory.h"

#include <ATen/Functions.h>

#include <algorithm>
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

/// What `compute` makes of tensors [b, n, s, t], in their accumulation type. Where they must be
/// widened for that, some samples and heads at a time.
template <typename Compute>
static at::Tensor computeWide(std::span<const at::Tensor> operands, at::ScalarType resultType,
                              Compute compute) {
  const at::Tensor &first = operands[0];
  at::ScalarType type = accumulationType(first.scalar_type());
  if (first.scalar_type() == type)
    return compute({operands.begin(), operands.end()}).to(resultType);
  at::Tensor result = at::empty(first.sizes(), first.options().dtype(resultType));
  auto pieceOf = [](const at::Tensor &tensor, int64_t begin, int64_t count) {
    return tensor.view({-1, tensor.size(2), tensor.size(3)}).narrow(0, begin, count);
  };
  int64_t numHeads = first.size(0) * first.size(1);
  int64_t mostHeads = softmaxPieceHeads(first.size(2) * first.size(3));
  for (int64_t begin = 0; begin < numHeads; begin += mostHeads) {
    int64_t count = std::min(mostHeads, numHeads - begin);
    std::vector<at::Tensor> pieces;
    for (const at::Tensor &operand : operands)
      pieces.push_back(pieceOf(operand, begin, count).to(type));
    pieceOf(result, begin, count).copy_(compute(std::move(pieces)));
  }
  return result;
}

static Kernel makeSoftmax(const KernelSpec &spec) {
  double scale = spec.number("scale");
  bool isCausal = spec.flag("causal");
  Box box = spec.operands[0].box;
  at::ScalarType resultType = spec.results[0].type;
  auto softmax = [=](std::vector<at::Tensor> operands) {
    at::Tensor x = std::move(operands[0]);
    if (isCausal)
      x = at::add(causalMask(box, x.options()), x, scale);
    else if (scale != 1)
      x = at::mul(x, scale);
    return at::_softmax(x, -1, /*half_to_float=*/false);
  };
  return
      [=](KernelCall &call) { call.results[0] = computeWide(call.operands, resultType, softmax); };
}

/// scale * y * (dy - sum(y * dy)).
static Kernel makeSoftmaxGrad(const KernelSpec &spec) {
  double scale = spec.number("scale");
  at::ScalarType resultType = spec.results[0].type;
  auto gradient = [=](const std::vector<at::Tensor> &operands) {
    const at::Tensor &y = operands[0], &dy = operands[1];
    at::Tensor dx = at::_softmax_backward_data(dy, y, -1, y.scalar_type());
    return scale != 1 ? dx.mul_(scale) : dx;
  };
  return
      [=](KernelCall &call) { call.results[0] = computeWide(call.operands, resultType, gradient); };
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
