//===- Kernels.cpp - The kernels that programs may name -------------------===//
//
// The kernels of the `exec` dialect, which have no op in `nn`:
//
//   exec.adamw (parameter, gradient, moment1, moment2 [, coefficient]) -> parameter, moment1,
//   moment2
//     AdamW with bias correction and decoupled decay; the gradient is multiplied by the scalar
//     coefficient. Learning rate and step number are inputs of the step.
//   exec.sgd (parameter, gradient [, coefficient]) -> parameter
//     Stochastic gradient descent; decay is added to the gradient.
//   exec.sgd_momentum (parameter, gradient, moment [, coefficient]) -> parameter, moment
//     The same with m = momentum * m + gradient, which the parameter follows.
//   exec.square_sum (gradient) -> sum of squares, a scalar that pends over the digits of the box
//   exec.clip_coefficient (square sum over all ranks) -> norm, min(1, max_norm / (norm + 1e-6));
//     max_norm 0: no clipping, the coefficient is 1
//   exec.cast (x) -> x in the element type of the result; x may pend, summands are cast
//   exec.loss_seed () -> 1, a scalar: the gradient of the loss
//   exec.zero () -> 0, a scalar: what a stage adds to a sum over all ranks to which it has nothing
//     to add
//
//===----------------------------------------------------------------------===//

#include "aceso/Program/Kernels.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace aceso {

using enum AttributeKind;

/// Sorted by name.
static const std::vector<KernelInfo> &table() {
  static const std::vector<KernelInfo> kernels = {
      {.name = "exec.adamw",
       .operands = "ffff|f",
       .numResults = 3,
       .consumed = {0, 2, 3},
       .attributes =
           {{"beta1", Float}, {"beta2", Float}, {"epsilon", Float}, {"weight_decay", Float}}},
      {.name = "exec.cast", .operands = "f", .isSum = true},
      {.name = "exec.clip_coefficient",
       .operands = "f",
       .numResults = 2,
       .attributes = {{"max_norm", Float}}},
      {.name = "exec.loss_seed", .operands = ""},
      {.name = "exec.sgd",
       .operands = "ff|f",
       .consumed = {0},
       .attributes = {{"weight_decay", Float}}},
      {.name = "exec.sgd_momentum",
       .operands = "fff|f",
       .numResults = 2,
       .consumed = {0, 2},
       .attributes = {{"momentum", Float}, {"weight_decay", Float}}},
      {.name = "exec.square_sum", .operands = "f"},
      {.name = "exec.zero", .operands = ""},
      {.name = "nn.attention_context", .operands = "ff"},
      {.name = "nn.attention_score", .operands = "ff", .attributes = {{"scale", Float}}},
      {.name = "nn.bias_dropout_add", .operands = "fff", .attributes = {{"p", Float}}},
      {.name = "nn.class_max", .operands = "f", .attributes = {{"num_classes", Int}}},
      {.name = "nn.class_sums",
       .operands = "ffi",
       .numResults = 2,
       .attributes = {{"num_classes", Int}}},
      {.name = "nn.cross_entropy_grad", .operands = "fffif", .attributes = {{"num_classes", Int}}},
      {.name = "nn.dot", .operands = "ff|f"},
      {.name = "nn.dropout", .operands = "f", .attributes = {{"p", Float}}},
      {.name = "nn.einsum", .operands = "f|f", .attributes = {{"scale", Float, false}}},
      {.name = "nn.gelu", .operands = "ff"},
      {.name = "nn.gelu_grad", .operands = "fff"},
      {.name = "nn.layer_norm_grad", .operands = "fffff", .numResults = 3},
      {.name = "nn.layer_norm_stats",
       .operands = "fff",
       .numResults = 3,
       .attributes = {{"eps", Float}}},
      {.name = "nn.linear", .operands = "ff|f"},
      {.name = "nn.lookup", .operands = "iff"},
      {.name = "nn.lookup_grad", .operands = "if"},
      {.name = "nn.merge_heads", .operands = "fff"},
      {.name = "nn.position_grad", .operands = "f"},
      {.name = "nn.scale", .operands = "ff"},
      {.name = "nn.softmax",
       .operands = "f",
       .attributes = {{"causal", Bool, false}, {"scale", Float}}},
      {.name = "nn.softmax_grad", .operands = "ff", .attributes = {{"scale", Float}}},
      {.name = "nn.split_heads", .operands = "f", .numResults = 3},
      {.name = "nn.sum", .operands = "f*", .isSum = true},
      {.name = "nn.token_loss", .operands = "ffi"},
  };
  return kernels;
}

const char *toString(AttributeKind kind) {
  switch (kind) {
  case Bool:
    return "boolean";
  case Int:
    return "integer";
  case Float:
    return "number";
  case String:
    return "text";
  }
  assert(false && "a kind without a name");
  return "";
}

unsigned KernelInfo::minOperands() const {
  return std::min(operands.find('|'), operands.find('*') == std::string_view::npos
                                          ? operands.size()
                                          : operands.size() - 1);
}

unsigned KernelInfo::maxOperands() const {
  if (operands.ends_with('*'))
    return std::numeric_limits<uint32_t>::max();
  return operands.size() - std::count(operands.begin(), operands.end(), '|');
}

char KernelInfo::operandClass(unsigned index) const {
  assert(index < maxOperands() && "no such operand");
  size_t bar = operands.find('|');
  size_t position = index < bar ? index : index + 1;
  if (operands.ends_with('*'))
    position = std::min(position, operands.size() - 2);
  return operands[position];
}

bool KernelInfo::consumes(unsigned operand) const {
  return std::find(consumed.begin(), consumed.end(), operand) != consumed.end();
}

std::span<const KernelInfo> allKernels() { return table(); }

const KernelInfo *findKernel(std::string_view name) {
  auto place = std::lower_bound(
      table().begin(), table().end(), name,
      [](const KernelInfo &kernel, std::string_view name) { return kernel.name < name; });
  return place != table().end() && place->name == name ? &*place : nullptr;
}

} // namespace aceso
