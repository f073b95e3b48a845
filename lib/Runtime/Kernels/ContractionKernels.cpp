//===- ContractionKernels.cpp - Sums of products --------------------------===//

#include "KernelTables.h"
#include "MatrixProduct.h"

#include <ATen/Functions.h>

namespace aceso {

/// x [s, b, k], weight [o, k] and perhaps bias [o]. Where k is split the result is a summand.
static Kernel makeLinear(const KernelSpec &) {
  return [](KernelCall &call) {
    std::optional<at::Tensor> bias;
    if (call.operands.size() > 2)
      bias = call.operands[2];
    call.results[0] = at::linear(call.operands[0], call.operands[1], bias);
  };
}

/// One view for each sample and head: [s, b, n, d] as [b * n, s, d].
static at::Tensor byHead(const at::Tensor &tensor) {
  return tensor.view({tensor.size(0), -1, tensor.size(3)}).transpose(0, 1);
}

/// q [s, b, n, d], k [t, b, n, d] -> [b, n, s, t].
static Kernel makeAttentionScore(const KernelSpec &spec) {
  double scale = spec.number("scale");
  return [scale](KernelCall &call) {
    const at::Tensor &q = call.operands[0], &k = call.operands[1];
    at::Tensor scores = at::empty({q.size(1) * q.size(2), q.size(0), k.size(0)}, q.options());
    scores.baddbmm_(byHead(q), byHead(k).transpose(1, 2), /*beta=*/0, /*alpha=*/scale);
    call.results[0] = scores.view({q.size(1), q.size(2), q.size(0), k.size(0)});
  };
}

/// probabilities [b, n, s, t], v [t, b, n, d] -> [s, b, n * d].
static Kernel makeAttentionContext(const KernelSpec &) {
  return [](KernelCall &call) {
    const at::Tensor &p = call.operands[0], &v = call.operands[1];
    at::Tensor context = at::bmm(p.view({-1, p.size(2), p.size(3)}), byHead(v));
    context = context.transpose(0, 1).contiguous();
    call.results[0] = context.view({p.size(2), p.size(0), p.size(1) * v.size(3)});
  };
}

/// Only the major letter of a product is split: its local size is what the minor ones leave.
static LetterView letterView(const KernelSpec &spec, const TensorLetters &tensor,
                             const TensorPlace &place) {
  LetterView view;
  for (size_t dim = 0; dim < tensor.dims.size(); ++dim) {
    const std::string &product = tensor.dims[dim];
    int64_t minors = 1;
    for (char letter : product.substr(1))
      minors *= spec.signature.extent(letter);
    view.letters += product;
    view.sizes.push_back(place.box.size[dim] / minors);
    for (char letter : product.substr(1))
      view.sizes.push_back(spec.signature.extent(letter));
  }
  return view;
}

static Kernel makeEinsum(const KernelSpec &spec) {
  std::vector<LetterView> views;
  std::string equation;
  for (size_t i = 0; i < spec.operands.size(); ++i) {
    views.push_back(letterView(spec, spec.signature.operands[i], spec.operands[i]));
    equation += (i ? "," : "") + views.back().letters;
  }
  LetterView result = letterView(spec, spec.signature.results[0], spec.results[0]);
  equation += "->" + result.letters;
  std::vector<int64_t> sizes = spec.results[0].box.size;
  double scale = spec.number("scale", 1);
  if (views.size() == 2)
    if (std::optional<MatrixProduct> product = MatrixProduct::plan(views[0], views[1], result))
      return [product = *product, sizes, scale](KernelCall &call) {
        call.results[0] = at::empty(sizes, call.operands[0].options());
        product.run(call.operands[0], call.operands[1], call.results[0], scale);
      };
  return [equation, views, sizes, scale](KernelCall &call) {
    std::vector<at::Tensor> operands;
    for (size_t i = 0; i < views.size(); ++i)
      operands.push_back(call.operands[i].view(views[i].sizes));
    at::Tensor sum = at::einsum(equation, operands).contiguous().view(sizes);
    // A sum over nothing is its operand, which is not ours to change.
    if (sum.storage().is_alias_of(call.operands[0].storage()))
      sum = sum.clone();
    if (scale != 1)
      sum.mul_(scale);
    call.results[0] = sum;
  };
}

std::span<const KernelEntry> contractionKernels() {
  static constexpr KernelEntry entries[] = {
      {"nn.linear", makeLinear},
      {"nn.attention_score", makeAttentionScore},
      {"nn.attention_context", makeAttentionContext},
      {"nn.einsum", makeEinsum},
  };
  return entries;
}

} // namespace aceso
