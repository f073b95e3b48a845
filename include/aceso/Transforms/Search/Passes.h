//===- Passes.h - The search on IR ------------------------------*- C++ -*-===//

#ifndef ACESO_TRANSFORMS_SEARCH_PASSES_H
#define ACESO_TRANSFORMS_SEARCH_PASSES_H

#include "aceso/Dialect/Par/Par.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <limits>

namespace aceso {

/// An option that has no value: a model's search lacks it, a plan says it itself.
inline constexpr int64_t notGiven = std::numeric_limits<int64_t>::min();

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Transforms/Search/Passes.h.inc"

} // namespace aceso

#endif // ACESO_TRANSFORMS_SEARCH_PASSES_H
