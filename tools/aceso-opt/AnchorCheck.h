//===- AnchorCheck.h - Passes that found nothing to work on -----*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_OPT_ANCHORCHECK_H
#define ACESO_TOOLS_ACESO_OPT_ANCHORCHECK_H

#include "mlir/Pass/PassManager.h"

namespace aceso {

/// MLIR runs a pass on ops inside a module once for each of them: where there is none, the pass
/// does not run, and the tool would succeed without a word. With this check `manager` fails there,
/// whatever kind of op it is.
void addAnchorCheck(mlir::PassManager &manager);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_OPT_ANCHORCHECK_H
