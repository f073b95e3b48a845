//===- ShortHelp.h - Help without the library's options ---------*- C++ -*-===//
//
// Linking LLVM's shared library brings hundreds of options of its code generators along, between
// which nobody finds those of the tool.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TARGET_SHORTHELP_H
#define ACESO_TARGET_SHORTHELP_H

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/WithColor.h"

namespace aceso {

/// Hides the options that are there already. Call it first in main, before the tool's own join
/// them.
inline void keepHelpShort() { llvm::cl::HideUnrelatedOptions(llvm::getColorCategory()); }

} // namespace aceso

#endif // ACESO_TARGET_SHORTHELP_H
