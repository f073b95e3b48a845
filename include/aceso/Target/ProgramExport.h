//===- ProgramExport.h - From exec.program to what ranks read ---*- C++ -*-===//

#ifndef ACESO_TARGET_PROGRAMEXPORT_H
#define ACESO_TARGET_PROGRAMEXPORT_H

#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Program/Program.h"

#include "mlir/Support/LogicalResult.h"

namespace aceso {

/// The plain program of a completely lowered exec.program (exec-verify-complete passes on it).
/// Fails with a diagnostic if something in it has no place there.
mlir::FailureOr<Program> exportProgram(exec::ProgramOp program);

/// An element type as programs have it. Fails with a diagnostic on `op` if they have it not.
mlir::FailureOr<ElementType> exportElementType(mlir::Operation *op, mlir::Type type);

/// Registers --export-program: the one exec.program of a module as a program file.
void registerExportProgram();

} // namespace aceso

#endif // ACESO_TARGET_PROGRAMEXPORT_H
