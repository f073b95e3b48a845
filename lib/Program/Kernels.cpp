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
       .operands = "tftt|f",
       .results = "ttt",
       .consumed = {0, 2, 3},
       .attributes =
           {{"beta1", Float}, {"beta2", Float}, {"epsilon", Float}, {"weight_decay", Float}}},
      {.name = "exec.cast", .operands = "f", .results = "f", .isSum = true},
      {.name = "exec.clip_coefficient",
       .operands = "t",
       .results = "tt",
       .attributes = {{"max_norm", Float}}},
      {.name = "exec.loss_seed", .operands = "", .results = "f"},
      {.name = "exec.sgd",
       .operands = "tf|f",
       .results = "t",
       .consumed = {0},
       .attributes = {{"weight_decay", Float}}},
      {.name = "exec.sgd_momentum",
       .operands = "tft|f",
       .results = "tt",
       .consumed = {0, 2},
       .attributes = {{"momentum", Float}, {"weight_decay", Float}}},
      {.name = "exec.square_sum", .operands = "f", .results = "f"},
      {.name = "exec.zero", .operands = "", .results = "f"},
      {.name = "nn.attention_context",
       .operands = "tt",
       .results = "t",
       .letters = "b n s t, t b n d -> s b (n d)"},
      {.name = "nn.attention_score",
       .operands = "tt",
       .results = "t",
       .letters = "s b n d, t b n d -> b n s t",
       .attributes = {{"scale", Float}}},
      {.name = "nn.bias_dropout_add",
       .operands = "ttt",
       .results = "t",
       .letters = "s b h, h, s b h -> s b h",
       .attributes = {{"p", Float}}},
      {.name = "nn.class_max",
       .operands = "f",
       .results = "f",
       .letters = "s b v -> max:s b",
       .attributes = {{"num_classes", Int}}},
      {.name = "nn.class_sums",
       .operands = "ffi",
       .results = "tt",
       .letters = "s b v, s b, b s -> s b, s b",
       .attributes = {{"num_classes", Int}}},
      {.name = "nn.cross_entropy_grad",
       .operands = "fffif",
       .results = "f",
       .letters = "s b v, s b, s b, b s, () -> s b v",
       .attributes = {{"num_classes", Int}},
       .countedOperand = 3},
      {.name = "nn.dot", .operands = "ff|f", .results = "f"},
      {.name = "nn.dropout", .operands = "t", .results = "t", .attributes = {{"p", Float}}},
      {.name = "nn.einsum",
       .operands = "t|t",
       .results = "t",
       .isContraction = true,
       .attributes = {{"scale", Float, false}}},
      {.name = "nn.gelu", .operands = "tt", .results = "t", .letters = "s b f, f -> s b f"},
      {.name = "nn.gelu_grad",
       .operands = "ttt",
       .results = "t",
       .letters = "s b f, f, s b f -> s b f"},
      {.name = "nn.layer_norm_grad",
       .operands = "fffff",
       .results = "fff",
       .letters = "s b h, s b, s b, h, s b h -> s b h, h, h",
       .nosplit = "h"},
      {.name = "nn.layer_norm_stats",
       .operands = "fff",
       .results = "fff",
       .letters = "s b h, h, h -> s b h, s b, s b",
       .nosplit = "h",
       .attributes = {{"eps", Float}}},
      {.name = "nn.linear", .operands = "tt|t", .results = "t", .isContraction = true},
      {.name = "nn.lookup",
       .operands = "itt",
       .results = "t",
       .letters = "b s, v h, +p h -> s b h",
       .nosplit = "ps"},
      {.name = "nn.lookup_grad",
       .operands = "if",
       .results = "f",
       .letters = "b s, s b h -> v h",
       .nosplit = "s"},
      {.name = "nn.merge_heads",
       .operands = "ttt",
       .results = "t",
       .letters = "s b n d, s b n d, s b n d -> s b (n q d)"},
      {.name = "nn.position_grad",
       .operands = "f",
       .results = "f",
       .letters = "s b h -> p h",
       .nosplit = "ps"},
      {.name = "nn.scale", .operands = "tf", .results = "t"},
      {.name = "nn.softmax",
       .operands = "f",
       .results = "f",
       .letters = "b n s t -> b n s t",
       .nosplit = "t",
       .attributes = {{"causal", Bool, false}, {"scale", Float}}},
      {.name = "nn.softmax_grad",
       .operands = "ff",
       .results = "f",
       .letters = "b n s t, b n s t -> b n s t",
       .nosplit = "t",
       .attributes = {{"scale", Float}}},
      {.name = "nn.split_heads",
       .operands = "t",
       .results = "ttt",
       .letters = "s b (n q d) -> s b n d, s b n d, s b n d"},
      {.name = "nn.sum", .operands = "t*", .results = "f", .isSum = true},
      {.name = "nn.token_loss",
       .operands = "tti",
       .results = "f",
       .letters = "s b, s b, b s -> ()",
       .countedOperand = 2},
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
