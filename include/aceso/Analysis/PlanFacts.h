//===- PlanFacts.h - Dense copies of models and plans -----------*- C++ -*-===//
//
// What formulas and search calculate with, read off the IR once; and the way back: a changed plan
// is written to the IR as rewrites of its markers, shards and attributes. The ops of the model and
// their order are never touched.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_ANALYSIS_PLANFACTS_H
#define ACESO_ANALYSIS_PLANFACTS_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/ModelFacts.h"
#include "aceso/Dialect/Par/Par.h"

namespace aceso {

/// Facts of the units of planning. Composites are expanded, and gradients built, on the side: the
/// model stays as it is. A plan and the model it was made from have equal facts.
ModelFacts collectModelFacts(nn::ModelOp model);
ModelFacts collectModelFacts(par::PlanOp plan);

ClusterDesc toClusterDesc(par::ClusterAttr cluster);
par::ClusterAttr toClusterAttr(const ClusterDesc &cluster, mlir::MLIRContext *context);

par::ShardAttr toShardAttr(const OpPlan &op, mlir::MLIRContext *context);

/// The plan must be verified.
CompactPlan toCompactPlan(par::PlanOp plan);

/// Makes `plan` say what `compact` says: moves, adds and removes stage markers, sets shards,
/// batches and cluster; changes nothing that is equal already. `compact` must be legal for the
/// model (checkPlan), so have as many ops.
void applyCompactPlan(par::PlanOp plan, const CompactPlan &compact);

} // namespace aceso

#endif // ACESO_ANALYSIS_PLANFACTS_H
