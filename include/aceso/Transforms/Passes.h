//===- Passes.h - Passes over several dialects ------------------*- C++ -*-===//

#ifndef ACESO_TRANSFORMS_PASSES_H
#define ACESO_TRANSFORMS_PASSES_H

#include "aceso/Dialect/Exec/Exec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace aceso {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Transforms/Passes.h.inc"

} // namespace aceso

#endif // ACESO_TRANSFORMS_PASSES_H
