//===- Exec.h - The exec dialect --------------------------------*- C++ -*-===//
//
// What each rank does. See ExecDialect.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_DIALECT_EXEC_EXEC_H
#define ACESO_DIALECT_EXEC_EXEC_H

#include "aceso/Dialect/Par/Par.h"
#include "aceso/Layout/Conversion.h"

#include "mlir/IR/TensorEncoding.h"

namespace aceso::exec {

/// Collectives and transfers read and write it: their order is kept.
struct CommunicatorResource : mlir::SideEffects::Resource::Base<CommunicatorResource> {
  llvm::StringRef getName() final { return "Communicator"; }
};
/// Slots and memory; what reads it stays behind what wrote it.
struct StorageResource : mlir::SideEffects::Resource::Base<StorageResource> {
  llvm::StringRef getName() final { return "Storage"; }
};

enum class Phase : uint32_t;
class SegmentOp;
class ScheduleOp;

} // namespace aceso::exec

#include "aceso/Dialect/Exec/ExecDialect.h.inc"
#include "aceso/Dialect/Exec/ExecEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "aceso/Dialect/Exec/ExecAttrs.h.inc"

#define GET_OP_CLASSES
#include "aceso/Dialect/Exec/ExecOps.h.inc"

namespace aceso::exec {

/// Stage and phase of an op of exec.graph; null if it has none.
inline AtAttr getAt(mlir::Operation *op) { return op->getAttrOfType<AtAttr>(AtAttr::attrName); }

/// What is wrong with the number of a field of #exec.optimizer ("must be at least 0, not -1");
/// empty if nothing is.
std::string checkOptimizerNumber(llvm::StringRef field, double value);

/// Why no mesh has these radices; empty if one can.
std::string checkRadices(llvm::ArrayRef<int64_t> radices);

/// The layout of a local tensor type; null for a global one.
LayoutAttr getLayout(mlir::Type type);
/// The local type of a global tensor in a layout, which must be legal for its shape.
mlir::RankedTensorType localType(mlir::RankedTensorType global, const Mesh &mesh,
                                 const Layout &layout);
/// The global type of a local one: sizes times the digits that split them, no encoding.
mlir::RankedTensorType globalType(mlir::RankedTensorType local);

} // namespace aceso::exec

#endif // ACESO_DIALECT_EXEC_EXEC_H
