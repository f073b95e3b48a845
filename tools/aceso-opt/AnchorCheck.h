//===- AnchorCheck.h - Passes that found nothing to work on -----*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_OPT_ANCHORCHECK_H
#define ACESO_TOOLS_ACESO_OPT_ANCHORCHECK_H

#include "mlir/Pass/PassManager.h"

namespace aceso {

/// MLIR runs a pass on ops inside a module once for each of them: where there is none, the pass
/// does not run, and the tool would succeed without a word. Appends a pass to the pipeline of
/// `manager` that fails if passes on plans, graphs or programs did not find a single one.
void addAnchorCheck(mlir::PassManager &manager);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_OPT_ANCHORCHECK_H
