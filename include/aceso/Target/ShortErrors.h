//===- ShortErrors.h - Errors without the whole IR --------------*- C++ -*-===//
//
// MLIR adds to an error the op that it is about. Here that is mostly a whole plan or program, under
// which nobody finds the error any more: the tools leave it away unless asked for it with MLIR's
// own option --mlir-print-op-on-diagnostic.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TARGET_SHORTERRORS_H
#define ACESO_TARGET_SHORTERRORS_H

#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"

#include <cassert>

namespace aceso {

/// MLIR's option; it holds for contexts that are made after the command line is read.
inline llvm::cl::opt<bool> &printOpOnDiagnosticOption() {
  mlir::registerMLIRContextCLOptions();
  llvm::cl::Option *option = llvm::cl::getRegisteredOptions().lookup("mlir-print-op-on-diagnostic");
  assert(option && "MLIR has renamed its option");
  return *static_cast<llvm::cl::opt<bool> *>(option);
}

/// Turns the default of MLIR's option round. Call it before the command line is read.
inline void keepErrorsShort() { printOpOnDiagnosticOption().setInitialValue(false); }

/// The same for a translation: mlirTranslateMain overrides the option in the context that it makes.
inline void keepErrorsShort(mlir::MLIRContext *context) {
  context->printOpOnDiagnostic(printOpOnDiagnosticOption());
}
inline void keepErrorsShort(mlir::DialectRegistry &registry) {
  // The builtin dialect is always there, so this runs before the file is parsed.
  registry.addExtension(
      +[](mlir::MLIRContext *context, mlir::BuiltinDialect *) { keepErrorsShort(context); });
}

} // namespace aceso

#endif // ACESO_TARGET_SHORTERRORS_H
