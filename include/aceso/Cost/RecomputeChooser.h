//===- RecomputeChooser.h - Which ops to recompute --------------*- C++ -*-===//
//
// The published chooser: flags groups of ops, largest first, until a stage fits.
// (docs/rationale/Cost.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_RECOMPUTECHOOSER_H
#define ACESO_COST_RECOMPUTECHOOSER_H

#include "aceso/Cost/AcesoFormula.h"
#include "aceso/Cost/FullFormula.h"

namespace aceso {

struct RecomputeChooserOptions {
  int64_t limitUnits = 0;
  /// Added to a stage's memory here, never in the formula.
  int64_t extraPeakUnits = 0;
};

/// Sets the recompute flags of ops first .. first + numOps - 1, split as in plans[0 .. numOps - 1],
/// from scratch. The result may still exceed the limit. Gives the number of flags set; an error is
/// a look-up without an entry.
Result<uint32_t> chooseRecompute(const AcesoFormula &formula, uint32_t first, uint32_t numOps,
                                 OpPlan *plans, int64_t microBatch, int64_t stagesBehind,
                                 const RecomputeChooserOptions &options);

/// The same for every stage of `plan`, with the limit of its cluster.
Result<uint32_t> chooseRecompute(const AcesoFormula &formula, CompactPlan &plan,
                                 int64_t extraPeakUnits = 0);

/// Formula `full`: flags runs of ops inside layers, each time the run that frees most bytes for the
/// time it costs, in as many equal layers as are needed, until every stage fits. From scratch; the
/// result may still exceed the limit where nothing is left that frees anything. Degrees and stages
/// must be those of a plan that the formula evaluates.
Result<uint32_t> chooseRecompute(const FullFormula &formula, CompactPlan &plan);

} // namespace aceso

#endif // ACESO_COST_RECOMPUTECHOOSER_H
