//===- LoweredMemory.h - Lowering a plan to see what it holds ---*- C++ -*-===//

#ifndef ACESO_TRANSFORMS_LOWEREDMEMORY_H
#define ACESO_TRANSFORMS_LOWEREDMEMORY_H

#include "aceso/Cost/LoweredMemory.h"
#include "aceso/Dialect/Par/Par.h"

namespace aceso {

/// Lowers a clone of the plan (lower-to-exec, AdamW, no clipping) and walks the program of every
/// rank. The plan is not changed, and nothing is reported: a failure is in the result. The exec
/// dialect must be loaded.
LoweredMemory computeLoweredMemory(par::PlanOp plan);

} // namespace aceso

#endif // ACESO_TRANSFORMS_LOWEREDMEMORY_H
