//===- Passes.h - What plans cost, written down -----------------*- C++ -*-===//

#ifndef ACESO_ANALYSIS_PASSES_H
#define ACESO_ANALYSIS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace aceso {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Analysis/Passes.h.inc"

} // namespace aceso

#endif // ACESO_ANALYSIS_PASSES_H
