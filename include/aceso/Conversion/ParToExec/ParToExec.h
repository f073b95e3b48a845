//===- ParToExec.h - From a plan to a training graph ------------*- C++ -*-===//

#ifndef ACESO_CONVERSION_PARTOEXEC_PARTOEXEC_H
#define ACESO_CONVERSION_PARTOEXEC_PARTOEXEC_H

#include "aceso/Dialect/Exec/Exec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace aceso {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Conversion/ParToExec/Passes.h.inc"

/// Builds the forward half of the training graph of `plan` behind it. The plan stays.
exec::GraphOp buildGraph(par::PlanOp plan);

} // namespace aceso

#endif // ACESO_CONVERSION_PARTOEXEC_PARTOEXEC_H
