//===- UnitPlan.h - A plan around one unit ----------------------*- C++ -*-===//
//
// Sources -> the unit -> probes: the smallest plan in which a unit has all that surrounds it in its
// model. Operands arrive in the layouts that the unit wants and want a gradient, results have a
// gradient in the layout in which they were left. So every conversion in the lowered plan's forward
// and backward is one of the unit's own.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_TARGET_PROFILEEXPORT_UNITPLAN_H
#define ACESO_LIB_TARGET_PROFILEEXPORT_UNITPLAN_H

#include "aceso/Cost/ModelFacts.h"
#include "aceso/Dialect/Par/Par.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/DenseSet.h"

namespace aceso {

/// How a unit is split, on a machine of tp * dp devices.
struct UnitConfiguration {
  Degrees degrees;
  int64_t samples = 1; ///< of each replica
};

struct UnitPlan {
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< with one par.plan
  /// By input of the plan; see ProfileEntry.
  std::vector<int64_t> inputBounds;
};

/// Whether `facts`, those of `unit`, let it run like this, and whether data can be made up for it;
/// empty, or why not.
std::string checkUnitPlan(nn::NNOp unit, const OpFacts &facts,
                          const UnitConfiguration &configuration);

/// The plan around a copy of `unit`, which checkUnitPlan passed. `trained` are the model's values
/// that depend on a parameter.
UnitPlan buildUnitPlan(nn::NNOp unit, const OpFacts &facts, const UnitConfiguration &configuration,
                       const llvm::DenseSet<mlir::Value> &trained);

} // namespace aceso

#endif // ACESO_LIB_TARGET_PROFILEEXPORT_UNITPLAN_H
