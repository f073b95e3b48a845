//===- Passes.h - Passes on nn ----------------------------------*- C++ -*-===//

#ifndef ACESO_DIALECT_NN_TRANSFORMS_PASSES_H
#define ACESO_DIALECT_NN_TRANSFORMS_PASSES_H

#include "aceso/Dialect/NN/NN.h"

#include "mlir/Pass/Pass.h"

namespace aceso::nn {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Dialect/NN/Transforms/Passes.h.inc"

} // namespace aceso::nn

#endif // ACESO_DIALECT_NN_TRANSFORMS_PASSES_H
