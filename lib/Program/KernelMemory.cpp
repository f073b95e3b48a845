//===- KernelMemory.cpp - What kernels hold while they run ----------------===//
//
// One line of `table` for each kernel with a workspace; it says what the code in
// lib/Runtime/Kernels allocates. All others hold their results and nothing else.
//
//===----------------------------------------------------------------------===//

#include "aceso/Program/KernelMemory.h"

#include "EinsumMemory.h"

#include "aceso/Program/Kernels.h"

#include <algorithm>
#include <cassert>
#include <map>

namespace aceso {

bool isContiguousPart(const std::vector<int64_t> &outer, const std::vector<int64_t> &part) {
  assert(outer.size() == part.size());
  int64_t before = 1;
  for (size_t dim = 0; dim < outer.size(); ++dim) {
    if (part[dim] != outer[dim] && before != 1)
      return false;
    before *= part[dim];
  }
  return true;
}

namespace {

/// A kernel instruction on one rank.
struct Call {
  const Instruction &kernel;
  std::span<const LocalTensor> operands, results;
  bool scalesGradient;

  int64_t operand(size_t index) const { return operands[index].bytes(); }
  int64_t result(size_t index) const { return results[index].bytes(); }
  int64_t allResults() const {
    int64_t bytes = 0;
    for (const LocalTensor &tensor : results)
      bytes += tensor.bytes();
    return bytes;
  }
  /// The type of statistics and sums over operand `index`: f32 at least.
  ElementType wideType(size_t index) const {
    return operands[index].type == ElementType::F64 ? ElementType::F64 : ElementType::F32;
  }
  int64_t wide(size_t index) const {
    return operands[index].numElements() * elementBytes(wideType(index));
  }
  /// Bytes of operand `index` in that type beside the operand: none if it has it already.
  int64_t widened(size_t index) const {
    return operands[index].type == wideType(index) ? 0 : wide(index);
  }
  /// Bytes of `wideBytes` in the type of result `index`, if that is another one.
  int64_t narrowed(size_t index, ElementType wideType) const {
    return results[index].type == wideType ? 0 : result(index);
  }
  bool flag(const char *name) const {
    auto value = kernel.attributes.find(name);
    return value != kernel.attributes.end() && std::get_if<bool>(&value->second) &&
           *std::get_if<bool>(&value->second);
  }
  int64_t integer(const char *name) const { return std::get<int64_t>(kernel.attributes.at(name)); }
  double number(const char *name, double otherwise) const {
    auto value = kernel.attributes.find(name);
    const double *number =
        value == kernel.attributes.end() ? nullptr : std::get_if<double>(&value->second);
    return number ? *number : otherwise;
  }
};

/// Of what a softmax or its gradient computes on in the wide type: one piece of the operand if that
/// must be widened, else all.
int64_t softmaxWide(const Call &call) {
  const std::vector<int64_t> &sizes = call.operands[0].box.size;
  if (!call.widened(0))
    return call.wide(0);
  int64_t head = sizes[2] * sizes[3];
  return std::min(sizes[0] * sizes[1], softmaxPieceHeads(head)) * head *
         elementBytes(call.wideType(0));
}

int64_t softmaxBytes(const Call &call) {
  int64_t wide = softmaxWide(call), mask = 0, x = call.widened(0) ? wide : 0;
  const std::vector<int64_t> &sizes = call.operands[0].box.size;
  int64_t positions = sizes[2] * sizes[3];
  int64_t peak = 0;
  if (call.flag("causal")) {
    mask = positions * elementBytes(call.wideType(0));
    // With the comparison that it is filled from; then with what it is added to.
    peak = std::max(x + mask + positions, x + mask + wide);
    x = wide;
  } else if (call.number("scale", 1) != 1) {
    peak = x + wide;
    x = wide;
  }
  return std::max(peak, x + wide) + call.narrowed(0, call.wideType(0));
}

int64_t softmaxGradBytes(const Call &call) {
  // Both operands, if they are widened, and what comes of them.
  return softmaxWide(call) * (call.widened(0) ? 3 : 1) + call.narrowed(0, call.wideType(0));
}

int64_t layerNormBytes(const Call &call) {
  return call.widened(0) + call.widened(1) + call.widened(2) + call.allResults() +
         (call.widened(0) ? call.wide(0) : 0);
}

int64_t layerNormGradBytes(const Call &call) {
  // The gradients of scale and shift are summed up in a row of their own first.
  return call.widened(0) + call.widened(3) + call.widened(4) + 4 * call.wide(3) + call.wide(0);
}

int64_t lookupBytes(const Call &call) {
  // Ids within the own rows, clamped, in order.
  return call.result(0) + 3 * call.operand(0);
}

int64_t lookupGradBytes(const Call &call) {
  ElementType wide = call.wideType(1);
  int64_t sum = call.results[0].numElements() * elementBytes(wide);
  // Ids as numbers of own rows, in the order of the tokens.
  int64_t rowNumbers = call.operands[0].numElements() * 8;
  return std::max(2 * rowNumbers, rowNumbers + sum + call.narrowed(0, wide));
}

int64_t positionGradBytes(const Call &call) {
  const std::vector<int64_t> &sizes = call.operands[0].box.size;
  return call.result(0) + call.widened(0) + sizes[0] * sizes[2] * elementBytes(call.wideType(0));
}

/// What the labels take for each token: the own class (8 bytes) and whether it is one; a place to
/// gather from or scatter to.
constexpr int64_t labelBytes = 8 + 1, placeBytes = 8;

/// Logits of the classes among the own columns: the last ones may pad the vocabulary.
int64_t ownLogits(const Call &call) {
  const Box &box = call.operands[0].box;
  int64_t own = std::clamp<int64_t>(call.integer("num_classes") - box.lo[2], 0, box.size[2]);
  return box.size[0] * box.size[1] * own;
}

int64_t classMaxBytes(const Call &call) {
  const LocalTensor &max = call.results[0];
  bool isConverted = call.operands[0].type != max.type && ownLogits(call) > 0;
  return max.bytes() + (isConverted ? max.numElements() * elementBytes(call.operands[0].type) : 0);
}

int64_t classSumsBytes(const Call &call) {
  int64_t tokens = call.operands[1].numElements(), wideBytes = elementBytes(call.wideType(0));
  int64_t shifted = ownLogits(call) * wideBytes, widened = call.widened(0) ? shifted : 0;
  if (shifted == 0)
    return call.allResults();
  return shifted + std::max(widened + tokens * labelBytes,
                            tokens * (labelBytes + placeBytes + 2 * wideBytes));
}

int64_t tokenLossBytes(const Call &call) {
  return call.operand(0) + call.operands[0].numElements();
}

int64_t crossEntropyGradBytes(const Call &call) {
  int64_t tokens = call.operands[1].numElements(), wideBytes = elementBytes(call.wideType(0));
  int64_t widened = call.widened(0) ? ownLogits(call) * wideBytes : 0;
  if (ownLogits(call) == 0)
    return call.wide(0) + call.narrowed(0, call.wideType(0));
  int64_t whileShifted = widened + tokens * (labelBytes + 2 * wideBytes);
  int64_t whileScattered = tokens * (labelBytes + placeBytes + 2 * wideBytes);
  return call.wide(0) +
         std::max({whileShifted, whileScattered, call.narrowed(0, call.wideType(0))});
}

int64_t squareSumBytes(const Call &call) { return call.widened(0); }

int64_t adamwBytes(const Call &call) {
  int64_t chunk = std::min(optimizerChunk, call.operands[0].numElements());
  int64_t bytes = chunk * elementBytes(call.operands[0].type);
  bool isConverted = call.operands[0].type != call.operands[1].type;
  bool isScaled = call.scalesGradient && call.operands.size() > 4;
  return bytes * (int64_t(isConverted) + int64_t(isScaled));
}

int64_t sumBytes(const Call &call) {
  return call.result(0) + (call.operands.size() > 1 && call.operands[0].type != call.results[0].type
                               ? call.operand(0)
                               : 0);
}

int64_t dotBytes(const Call &call) {
  bool isWidened = call.operands[0].type != call.results[0].type;
  return isWidened ? 2 * call.operands[0].numElements() * elementBytes(call.results[0].type) : 0;
}

int64_t noBytes(const Call &) { return 0; }
/// A result, and the same in another order of its dimensions.
int64_t twiceBytes(const Call &call) { return 2 * call.result(0); }

int64_t einsumBytes(const Call &call) {
  return einsumPeakBytes(call.kernel, call.operands, call.results[0]);
}

} // namespace

int64_t kernelPeakBytes(const Instruction &kernel, std::span<const LocalTensor> operands,
                        std::span<const LocalTensor> results, bool scalesGradient) {
  using Bytes = int64_t (*)(const Call &);
  static const std::map<std::string_view, Bytes> table = {
      {"exec.adamw", adamwBytes},
      {"exec.sgd", noBytes},
      {"exec.sgd_momentum", noBytes},
      {"nn.attention_context", twiceBytes},
      {"exec.square_sum", squareSumBytes},
      {"nn.class_max", classMaxBytes},
      {"nn.class_sums", classSumsBytes},
      {"nn.cross_entropy_grad", crossEntropyGradBytes},
      {"nn.dot", dotBytes},
      {"nn.einsum", einsumBytes},
      {"nn.layer_norm_grad", layerNormGradBytes},
      {"nn.layer_norm_stats", layerNormBytes},
      {"nn.lookup", lookupBytes},
      {"nn.lookup_grad", lookupGradBytes},
      {"nn.position_grad", positionGradBytes},
      {"nn.softmax", softmaxBytes},
      {"nn.softmax_grad", softmaxGradBytes},
      {"nn.sum", sumBytes},
      {"nn.token_loss", tokenLossBytes},
  };
  Call call{kernel, operands, results, scalesGradient};
  auto place = table.find(kernel.name);
  return place == table.end() ? call.allResults() : place->second(call);
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// Whether cutting or joining a dimension copies: parts of the first dimension that is not 1 are in
/// order as they are.
static bool copiesParts(const std::vector<int64_t> &sizes, int dim) {
  int64_t before = 1;
  for (int i = 0; i < dim; ++i)
    before *= sizes[i];
  return before != 1;
}

static int64_t boxExchangeElements(const Mesh &mesh, const ConversionStep &step,
                                   const std::vector<int64_t> &shape, int64_t device) {
  int64_t sent = 0, received = 0;
  for (const BoxPiece &piece : boxExchangePieces(mesh, step, shape)) {
    if (piece.source == device)
      sent += piece.box.numElements();
    if (piece.destination == device)
      received += piece.box.numElements();
  }
  // What is sent and what comes; then what came and the result.
  return received + std::max(sent, received);
}

int64_t stepPeakBytes(const Mesh &mesh, const ConversionStep &step,
                      const std::vector<int64_t> &shape, ElementType type, int64_t device) {
  Box fromBox = boxOf(mesh, step.before, shape, device),
      toBox = boxOf(mesh, step.after, shape, device);
  const std::vector<int64_t> &from = fromBox.size, &to = toBox.size;
  int64_t fromElements = fromBox.numElements(), toElements = toBox.numElements();
  int64_t elements = 0;
  switch (step.kind) {
  case StepKind::Slice:
    elements = toElements;
    break;
  case StepKind::Mask: {
    std::vector<int64_t> coordinates = mesh.coordinates(device);
    bool keeps = std::all_of(step.digits.begin(), step.digits.end(),
                             [&](Digit digit) { return coordinates[digit] == 0; });
    elements = keeps ? 0 : toElements;
    break;
  }
  case StepKind::AllReduce:
    break;
  case StepKind::ReduceScatter:
    // The parts in order, those that arrive, the result.
    elements = toElements + fromElements * (copiesParts(from, step.toDim) ? 2 : 1);
    break;
  case StepKind::AllGather:
    // Gloo gathers aside and copies; the result is put in order afterwards.
    elements = 2 * toElements;
    break;
  case StepKind::AllToAll: {
    std::vector<int64_t> order = gatherOrder(mesh, step);
    bool isSecond = copiesParts(from, step.toDim) || copiesParts(to, step.fromDim) ||
                    !std::is_sorted(order.begin(), order.end());
    elements = toElements * (isSecond ? 2 : 1);
    break;
  }
  case StepKind::BoxExchange:
    elements = boxExchangeElements(mesh, step, shape, device);
    break;
  }
  return elements * elementBytes(type);
}

} // namespace aceso
