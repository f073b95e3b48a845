//===- NNToPar.h - From a model to a plan -----------------------*- C++ -*-===//

#ifndef ACESO_CONVERSION_NNTOPAR_NNTOPAR_H
#define ACESO_CONVERSION_NNTOPAR_NNTOPAR_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Dialect/Par/Par.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace aceso {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "aceso/Conversion/NNToPar/Passes.h.inc"

/// Replaces `model` by a par.plan that says what `compact` says, which must be legal for the model
/// (checkPlan). Ops, parameters and values stay the same ones.
par::PlanOp convertToPlan(nn::ModelOp model, const CompactPlan &compact);

} // namespace aceso

#endif // ACESO_CONVERSION_NNTOPAR_NNTOPAR_H
