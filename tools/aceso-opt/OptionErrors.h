//===- OptionErrors.h - Errors about the options of passes ------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_OPT_OPTIONERRORS_H
#define ACESO_TOOLS_ACESO_OPT_OPTIONERRORS_H

#include "mlir/IR/Diagnostics.h"

namespace aceso {

/// While it lives, what MLIR's parser of pass options reports is said in one line that names the
/// pass and the remedy. Other errors pass through.
class OptionErrors {
public:
  /// `arguments`: the command line, to find the pass whose option it is.
  OptionErrors(mlir::MLIRContext *context, llvm::ArrayRef<const char *> arguments);

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_OPT_OPTIONERRORS_H
