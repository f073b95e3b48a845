//===- ExecSteps.cpp - Verifiers of conversions and their steps -*- C++ -*-===//
//
// A step's attributes and the layouts of its operand and result say the same thing twice: once for
// the runtime, once for whoever checks. The verifiers hold them together.
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/Exec/Exec.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

static DigitList toDigits(ArrayRef<int64_t> digits) {
  return DigitList(digits.begin(), digits.end());
}

/// S1: both sides have a layout of one mesh and describe the same global tensor.
static LogicalResult verifySameTensor(Operation *op, Type from, Type to) {
  exec::LayoutAttr before = getLayout(from), after = getLayout(to);
  if (!before || !after)
    return op->emitOpError("needs a layout on both sides");
  if (before.getMesh() != after.getMesh())
    return op->emitOpError(
        "converts between two meshes; transfers between stages are exec.send and exec.receive");
  if (globalType(cast<RankedTensorType>(from)) != globalType(cast<RankedTensorType>(to)))
    return op->emitOpError("turns a global ")
           << globalType(cast<RankedTensorType>(from)) << " into a global "
           << globalType(cast<RankedTensorType>(to));
  return success();
}

/// S2: the layout after the step follows from the one before and the step's attributes.
static LogicalResult verifyStep(Operation *op, Type from, Type to, ArrayRef<int64_t> digits,
                                llvm::function_ref<std::string(Layout &)> apply) {
  if (failed(verifySameTensor(op, from, to)))
    return failure();
  Layout layout = getLayout(from).toLayout();
  for (int64_t digit : digits)
    if (digit < 0 || digit >= static_cast<int64_t>(getLayout(from).getMesh().size()))
      return op->emitOpError("names digit ")
             << digit << " of a mesh of " << getLayout(from).getMesh().size();
  if (digits.empty())
    return op->emitOpError("moves no digit");
  if (std::string error = apply(layout); !error.empty())
    return op->emitOpError() << error;
  Layout after = getLayout(to).toLayout();
  if (!(layout == after))
    return op->emitOpError("leaves ")
           << toString(layout) << ", but its result is in " << toString(after);
  return success();
}

/// Takes `digits` out of the pending ones; an error if one does not pend.
static std::string takePending(Layout &layout, const DigitList &digits) {
  for (Digit digit : digits) {
    auto it = llvm::find(layout.pending, digit);
    if (it == layout.pending.end())
      return "reduces over digit " + std::to_string(digit) + ", over which nothing pends";
    layout.pending.erase(it);
  }
  return {};
}

static std::string checkDim(const Layout &layout, int64_t dim) {
  if (dim < 0 || dim >= static_cast<int64_t>(layout.rank()))
    return "names dimension " + std::to_string(dim) + " of " + std::to_string(layout.rank());
  return {};
}

/// Takes `digits`, in that order the last ones of dimension `dim`, away from it.
static std::string takeTail(Layout &layout, int64_t dim, const DigitList &digits) {
  if (std::string error = checkDim(layout, dim); !error.empty())
    return error;
  DigitList &list = layout.dims[dim];
  if (digits.size() > list.size() || !std::equal(digits.rbegin(), digits.rend(), list.rbegin()))
    return "takes digits from dimension " + std::to_string(dim) + " that are not its last ones";
  list.resize(list.size() - digits.size());
  return {};
}

/// A sum that pends is no maximum.
static LogicalResult verifySameReduction(Operation *op, Type from, Type to) {
  exec::LayoutAttr before = getLayout(from), after = getLayout(to);
  if (before.getPending().empty() || after.getPending().empty() ||
      before.getReduction() == after.getReduction())
    return success();
  return op->emitOpError("pends with ")
         << stringifyReductionKind(before.getReduction()) << " on one side and with "
         << stringifyReductionKind(after.getReduction()) << " on the other";
}

LogicalResult ConvertOp::verify() {
  Type from = getSource().getType(), to = getResult().getType();
  return success(succeeded(verifySameTensor(*this, from, to)) &&
                 succeeded(verifySameReduction(*this, from, to)));
}

LogicalResult SliceOp::verify() {
  return verifyStep(*this, getSource().getType(), getResult().getType(), getDigits(),
                    [&](Layout &layout) {
                      if (std::string error = checkDim(layout, getDim()); !error.empty())
                        return error;
                      for (Digit digit : toDigits(getDigits())) {
                        if (!layout.isIdle(digit))
                          return "slices by digit " + std::to_string(digit) +
                                 ", over which the value is not replicated";
                        layout.dims[getDim()].push_back(digit);
                      }
                      return std::string();
                    });
}

LogicalResult MaskOp::verify() {
  return verifyStep(*this, getSource().getType(), getResult().getType(), getDigits(),
                    [&](Layout &layout) {
                      // With nothing pending before, the result says how it is to be reduced.
                      if (layout.pending.empty())
                        layout.reduction = getLayout(getResult().getType()).toLayout().reduction;
                      for (Digit digit : toDigits(getDigits())) {
                        if (!layout.isIdle(digit))
                          return "masks digit " + std::to_string(digit) +
                                 ", over which the value is not replicated";
                        layout.pending.push_back(digit);
                      }
                      llvm::sort(layout.pending);
                      return std::string();
                    });
}

LogicalResult AllReduceOp::verify() {
  return verifyStep(*this, getSource().getType(), getResult().getType(), getDigits(),
                    [&](Layout &layout) { return takePending(layout, toDigits(getDigits())); });
}

LogicalResult ReduceScatterOp::verify() {
  return verifyStep(
      *this, getSource().getType(), getResult().getType(), getDigits(), [&](Layout &layout) {
        if (std::string error = checkDim(layout, getDim()); !error.empty())
          return error;
        DigitList digits = toDigits(getDigits());
        std::string error = takePending(layout, digits);
        layout.dims[getDim()].insert(layout.dims[getDim()].end(), digits.begin(), digits.end());
        return error;
      });
}

LogicalResult AllGatherOp::verify() {
  return verifyStep(
      *this, getSource().getType(), getResult().getType(), getDigits(),
      [&](Layout &layout) { return takeTail(layout, getDim(), toDigits(getDigits())); });
}

LogicalResult AllToAllOp::verify() {
  DigitList digits = toDigits(getDigits()), fromDigits = toDigits(getFromDigits());
  if (!std::is_permutation(digits.begin(), digits.end(), fromDigits.begin(), fromDigits.end()))
    return emitOpError("cuts and concatenates by different digits");
  return verifyStep(
      *this, getSource().getType(), getResult().getType(), getDigits(), [&](Layout &layout) {
        if (std::string error = checkDim(layout, getTo()); !error.empty())
          return error;
        std::string error = takeTail(layout, getFrom(), fromDigits);
        if (error.empty())
          layout.dims[getTo()].insert(layout.dims[getTo()].end(), digits.begin(), digits.end());
        return error;
      });
}

LogicalResult BoxExchangeOp::verify() {
  if (failed(verifySameTensor(*this, getSource().getType(), getResult().getType())))
    return failure();
  if (getLayout(getSource().getType()).getPending() !=
      getLayout(getResult().getType()).getPending())
    return emitOpError(
        "changes over which digits the value pends; a box exchange only moves cells");
  return verifySameReduction(*this, getSource().getType(), getResult().getType());
}

LogicalResult WorldSumOp::verify() {
  exec::LayoutAttr before = getLayout(getValue().getType()),
                   after = getLayout(getResult().getType());
  if (!before || !after)
    return emitOpError("needs a layout on both sides");
  if (before.getPending().size() != before.getMesh().size() || !after.getPending().empty())
    return emitOpError(
        "sums a scalar that pends over every digit of its stage into one that is replicated");
  return success();
}

LogicalResult CastOp::verify() {
  auto from = cast<RankedTensorType>(getSource().getType()),
       to = cast<RankedTensorType>(getResult().getType());
  if (from.getShape() != to.getShape() || from.getEncoding() != to.getEncoding())
    return emitOpError("changes shape or layout; it may change the element type only");
  return success();
}
