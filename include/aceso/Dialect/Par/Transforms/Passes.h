//===- Passes.h - Passes on par ---------------------------------*- C++ -*-===//

#ifndef ACESO_DIALECT_PAR_TRANSFORMS_PASSES_H
#define ACESO_DIALECT_PAR_TRANSFORMS_PASSES_H

#include "aceso/Dialect/Par/Par.h"
#include "aceso/Search/Moves.h"

#include "mlir/Pass/Pass.h"

namespace aceso::par {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"

} // namespace aceso::par

#endif // ACESO_DIALECT_PAR_TRANSFORMS_PASSES_H
