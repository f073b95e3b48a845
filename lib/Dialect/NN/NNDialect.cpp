//===- NNDialect.cpp - Registration of the nn dialect -----------*- C++ -*-===//

#include "aceso/Dialect/NN/NN.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace aceso::nn;

#include "aceso/Dialect/NN/NNDialect.cpp.inc"
#include "aceso/Dialect/NN/NNEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "aceso/Dialect/NN/NNAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "aceso/Dialect/NN/NNOps.cpp.inc"

void NNDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "aceso/Dialect/NN/NNAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "aceso/Dialect/NN/NNOps.cpp.inc"
      >();
}

LogicalResult InitAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, InitKind kind,
                               FloatAttr std) {
  if (std && !std.getType().isF64())
    return emitError() << "a standard deviation is an f64, not " << std.getType();
  double deviation = std ? std.getValueAsDouble() : 0;
  if (kind == InitKind::Normal && !(deviation > 0 && std::isfinite(deviation)))
    return emitError() << "a normal distribution needs a finite standard deviation above 0; write "
                          "#nn.init<zeros> for constant zero";
  if (kind != InitKind::Normal && std)
    return emitError() << stringifyInitKind(kind) << " takes no standard deviation, but has "
                       << std;
  return success();
}
