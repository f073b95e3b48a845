//===- ExecUpdate.cpp - Verifiers of norm, reports, optimizer ---*- C++ -*-===//

#include "aceso/Dialect/Exec/Exec.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

/// U1: a value that is read as it stands has a layout, and nothing of it is still to be reduced.
static LogicalResult verifyComplete(Operation *op, Value value, StringRef name) {
  exec::LayoutAttr layout = getLayout(value.getType());
  if (!layout)
    return op->emitOpError("needs a layout of its ") << name;
  if (!layout.getPending().empty())
    return op->emitOpError("reads its ") << name << ", which still pends over some digits";
  return success();
}

/// U2: what is updated together element by element is of one type, layout included.
static LogicalResult verifyAlike(Operation *op, ValueRange values) {
  for (Value value : values)
    if (value.getType() != values.front().getType())
      return op->emitOpError("works element by element, but on ")
             << values.front().getType() << " and " << value.getType();
  return verifyComplete(op, values.front(), "parameter");
}

/// U3: squares of a part pend over the digits that split the value, and over no other.
LogicalResult SquareSumOp::verify() {
  if (failed(verifyComplete(*this, getValue(), "value")))
    return failure();
  llvm::SmallVector<int64_t> split;
  for (const DigitList &dim : getLayout(getValue().getType()).toLayout().dims)
    split.append(dim.begin(), dim.end());
  llvm::sort(split);
  exec::LayoutAttr result = getLayout(getResult().getType());
  if (!result || result.getPending().asArrayRef() != ArrayRef<int64_t>(split))
    return emitOpError("leaves a sum that pends over the digits that split its operand");
  return success();
}

LogicalResult ClipCoefficientOp::verify() {
  if (getNorm().getType() != getSquareSum().getType() ||
      getCoefficient().getType() != getSquareSum().getType())
    return emitOpError("gives norm and coefficient in the type of the sum of squares");
  return verifyComplete(*this, getSquareSum(), "sum of squares");
}

LogicalResult ReportOp::verify() { return verifyComplete(*this, getValue(), "value"); }

LogicalResult AdamWOp::verify() {
  return success(
      succeeded(verifyAlike(*this, {getParameter(), getGradient(), getMoment1(), getMoment2(),
                                    getNewParameter(), getNewMoment1(), getNewMoment2()})) &&
      succeeded(verifyComplete(*this, getCoefficient(), "coefficient")));
}

LogicalResult SGDOp::verify() {
  return success(
      succeeded(verifyAlike(*this, {getParameter(), getGradient(), getNewParameter()})) &&
      succeeded(verifyComplete(*this, getCoefficient(), "coefficient")));
}

LogicalResult SGDMomentumOp::verify() {
  return success(succeeded(verifyAlike(*this, {getParameter(), getGradient(), getMoment(),
                                               getNewParameter(), getNewMoment()})) &&
                 succeeded(verifyComplete(*this, getCoefficient(), "coefficient")));
}
