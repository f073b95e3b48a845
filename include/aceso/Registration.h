//===- Registration.h - Everything a tool can register ----------*- C++ -*-===//

#ifndef ACESO_REGISTRATION_H
#define ACESO_REGISTRATION_H

#include "mlir/IR/DialectRegistry.h"

namespace aceso {

/// All dialects of the project.
void registerDialects(mlir::DialectRegistry &registry);
/// All passes and pipelines of the project, and MLIR's canonicalize, cse and
/// loop-invariant-code-motion.
void registerPasses();
/// All translations of aceso-translate.
void registerTranslations();

} // namespace aceso

#endif // ACESO_REGISTRATION_H
