//===- InstructionExport.h - Segments as plain instructions -----*- C++ -*-===//

#ifndef ACESO_LIB_TARGET_PROGRAMEXPORT_INSTRUCTIONEXPORT_H
#define ACESO_LIB_TARGET_PROGRAMEXPORT_INSTRUCTIONEXPORT_H

#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Program/Program.h"

#include "llvm/ADT/StringMap.h"

namespace aceso {

/// The pieces of each message, by its send and by its receive op; ranks of the program.
using MessagePieces = llvm::DenseMap<mlir::Operation *, std::vector<BoxPiece>>;

/// Pairs sends and receives: between two stages, phase by phase, in order.
MessagePieces matchMessages(exec::ProgramOp program);

/// What names stand for: inputs and parameters of the program, slots of the current stage.
struct ProgramSymbols {
  llvm::StringMap<Index> inputs, parameters, slots;
  MessagePieces pieces;
};

/// The index of what `op` names; an error if `owner` ("stage", "program") has no such `kind`.
mlir::LogicalResult findSymbol(mlir::Operation *op, const llvm::StringMap<Index> &symbols,
                               const char *kind, const char *owner, llvm::StringRef name,
                               Index &index);

mlir::FailureOr<ElementType> exportElementType(mlir::Operation *op, mlir::Type type);
/// Of a local type; fails if it says no layout.
mlir::FailureOr<TensorDesc> exportTensor(mlir::Operation *op, mlir::Type type);
mlir::FailureOr<Segment> exportSegment(exec::SegmentOp segment, const ProgramSymbols &symbols);

} // namespace aceso

#endif // ACESO_LIB_TARGET_PROGRAMEXPORT_INSTRUCTIONEXPORT_H
