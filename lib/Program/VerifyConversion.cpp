//===- VerifyConversion.cpp - Whether a step is the move it says ----------===//

#include "Verifier.h"

#include <algorithm>

namespace aceso {

static bool removeTail(DigitList &digits, const DigitList &tail) {
  if (digits.size() < tail.size() ||
      !std::equal(tail.begin(), tail.end(), digits.end() - tail.size()))
    return false;
  digits.resize(digits.size() - tail.size());
  return true;
}

static bool removePending(Layout &layout, const DigitList &digits) {
  for (Digit digit : digits)
    if (std::erase(layout.pending, digit) != 1)
      return false;
  return true;
}

static bool allIdle(const Layout &layout, const DigitList &digits) {
  return std::all_of(digits.begin(), digits.end(),
                     [&](Digit digit) { return layout.isIdle(digit); });
}

/// The layout that the move leaves; none with a reason in `problem`.
static std::optional<Layout> moved(const ConversionStep &step, std::string &problem) {
  Layout layout = step.before;
  auto refuse = [&](const char *reason) {
    problem = reason;
    return std::nullopt;
  };
  bool needsFrom = step.kind == StepKind::AllGather || step.kind == StepKind::AllToAll;
  bool needsTo = step.kind == StepKind::Slice || step.kind == StepKind::ReduceScatter ||
                 step.kind == StepKind::AllToAll;
  int rank = static_cast<int>(layout.rank());
  if ((step.fromDim >= 0) != needsFrom || (step.toDim >= 0) != needsTo || step.fromDim >= rank ||
      step.toDim >= rank)
    return refuse("it does not name the dimensions that it cuts or joins");
  auto append = [&] {
    DigitList &digits = layout.dims[step.toDim];
    digits.insert(digits.end(), step.digits.begin(), step.digits.end());
  };
  switch (step.kind) {
  case StepKind::Slice:
    if (!allIdle(layout, step.digits))
      return refuse("a slice takes idle digits");
    append();
    break;
  case StepKind::Mask:
    if (!allIdle(layout, step.digits))
      return refuse("a mask takes idle digits");
    layout.reduction = reductionOf(step);
    layout.pending.insert(layout.pending.end(), step.digits.begin(), step.digits.end());
    std::sort(layout.pending.begin(), layout.pending.end());
    break;
  case StepKind::AllReduce:
    if (!removePending(layout, step.digits))
      return refuse("an all-reduce takes pending digits");
    break;
  case StepKind::ReduceScatter:
    if (!removePending(layout, step.digits))
      return refuse("a reduce-scatter takes pending digits");
    append();
    break;
  case StepKind::AllGather:
    if (!removeTail(layout.dims[step.fromDim], step.digits))
      return refuse("an all-gather takes the last digits of its dimension");
    break;
  case StepKind::AllToAll:
    if (step.fromDim == step.toDim ||
        !std::is_permutation(step.digits.begin(), step.digits.end(), step.fromDigits.begin(),
                             step.fromDigits.end()))
      return refuse("an all-to-all moves the same digits from one dimension to another");
    if (!removeTail(layout.dims[step.fromDim], step.fromDigits))
      return refuse("an all-to-all takes the last digits of its dimension");
    append();
    break;
  case StepKind::BoxExchange:
    if (step.before.pending != step.after.pending ||
        (!step.before.pending.empty() && step.before.reduction != step.after.reduction))
      return refuse("a box exchange leaves what is pending as it is");
    return step.after;
  }
  return layout;
}

/// Every device finds all cells of its new box among the members of its group.
static bool exchangeFillsBoxes(const Mesh &mesh, const ConversionStep &step,
                               const std::vector<int64_t> &shape) {
  std::vector<int64_t> lacking;
  for (int64_t device = 0; device < mesh.numDevices(); ++device)
    lacking.push_back(boxOf(mesh, step.after, shape, device).numElements());
  // Digits that split nothing tell copies or summands apart, which must not mix.
  for (Digit digit : step.digits)
    if (step.before.dimOf(digit) < 0)
      return false;
  for (const BoxPiece &piece : boxExchangePieces(mesh, step, shape))
    lacking[piece.destination] -= piece.box.numElements();
  return std::all_of(lacking.begin(), lacking.end(), [](int64_t count) { return count == 0; });
}

std::string checkStep(const Mesh &mesh, const ConversionStep &step, const TensorDesc &operand,
                      const TensorDesc &result) {
  if (operand.type != result.type || operand.shape != result.shape)
    return "it turns " + toString(operand) + " into another tensor, " + toString(result);
  if (step.before != operand.layout)
    return "it converts from " + toString(step.before) + ", but its operand is in " +
           toString(operand.layout);
  if (step.after != result.layout)
    return "it converts to " + toString(step.after) + ", but its result is in " +
           toString(result.layout);
  if (step.digits.empty())
    return "it moves no digit";
  for (size_t i = 0; i < step.digits.size(); ++i)
    if (step.digits[i] >= mesh.numDigits() ||
        std::find(step.digits.begin(), step.digits.begin() + i, step.digits[i]) !=
            step.digits.begin() + i)
      return "its digits " + toString(step.digits) + " are not different digits of the mesh";
  bool ascends = step.kind == StepKind::Mask || step.kind == StepKind::AllReduce ||
                 step.kind == StepKind::BoxExchange;
  if (ascends && !std::is_sorted(step.digits.begin(), step.digits.end()))
    return "its digits " + toString(step.digits) + " do not ascend";
  if (step.kind != StepKind::AllToAll && !step.fromDigits.empty())
    return "only an all-to-all has an order of digits to concatenate in";
  std::string problem;
  std::optional<Layout> after = moved(step, problem);
  if (!after)
    return "as " + toString(step) + " from " + toString(step.before) + ": " + problem;
  if (*after != step.after)
    return "as " + toString(step) + " it gives " + toString(*after) + ", not " +
           toString(step.after);
  if (step.kind == StepKind::BoxExchange && !exchangeFillsBoxes(mesh, step, operand.shape))
    return "the members of its groups do not hold the boxes that they ask for";
  return "";
}

} // namespace aceso
