//===- Passes.h - Passes on exec --------------------------------*- C++ -*-===//

#ifndef ACESO_DIALECT_EXEC_TRANSFORMS_PASSES_H
#define ACESO_DIALECT_EXEC_TRANSFORMS_PASSES_H

#include "aceso/Dialect/Exec/Exec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace aceso::exec {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"

} // namespace aceso::exec

#endif // ACESO_DIALECT_EXEC_TRANSFORMS_PASSES_H
