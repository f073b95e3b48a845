//===- Passes.h - The search on IR ------------------------------*- C++ -*-===//

#ifndef ACESO_TRANSFORMS_SEARCH_PASSES_H
#define ACESO_TRANSFORMS_SEARCH_PASSES_H

#include "aceso/Dialect/Par/Par.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace aceso {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Transforms/Search/Passes.h.inc"

} // namespace aceso

#endif // ACESO_TRANSFORMS_SEARCH_PASSES_H
