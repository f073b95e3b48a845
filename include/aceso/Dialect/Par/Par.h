//===- Par.h - The par dialect ----------------------------------*- C++ -*-===//
//
// How a network is split over the devices of a cluster. See ParDialect.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_DIALECT_PAR_PAR_H
#define ACESO_DIALECT_PAR_PAR_H

#include "aceso/Dialect/NN/NN.h"

#include "aceso/Dialect/Par/ParDialect.h.inc"
#include "aceso/Dialect/Par/ParEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "aceso/Dialect/Par/ParAttrs.h.inc"

#define GET_OP_CLASSES
#include "aceso/Dialect/Par/ParOps.h.inc"

namespace aceso::par {

/// The shard of a unit; null if it has none.
inline ShardAttr getShard(mlir::Operation *op) {
  return op->getAttrOfType<ShardAttr>(ShardAttr::attrName);
}

/// Stage markers of a plan in order.
llvm::SmallVector<StageOp> getStages(PlanOp plan);

/// C8, also of what a plan becomes: a step is a whole number of micro-batches.
llvm::LogicalResult verifyBatches(mlir::Operation *op, int64_t global, int64_t micro);

/// Takes par.cost away from a plan and its markers: after a change it no longer holds.
void removeCosts(PlanOp plan);

/// Why `unit` cannot run with these degrees at this micro-batch (aggregate over replicas); empty if
/// it can. The one legality check of verifier, moves and import.
std::string checkUnitDegrees(nn::NNOp unit, const Degrees &degrees, int64_t microBatch);

} // namespace aceso::par

#endif // ACESO_DIALECT_PAR_PAR_H
