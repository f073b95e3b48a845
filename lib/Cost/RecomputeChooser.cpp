//===- RecomputeChooser.cpp - Which ops to recompute ------------*- C++ -*-===//

#include "aceso/Cost/RecomputeChooser.h"

using namespace aceso;

namespace {

/// The ops of a stage that share a key, in order.
struct OpGroup {
  std::vector<uint32_t> ops; ///< positions in the stage
  int64_t units = 0;         ///< activations of all micro-batches in flight
  bool marked = false;
};

/// A stage while its flags are chosen.
struct StageFlags {
  const AcesoFormula &formula;
  uint32_t first;
  std::vector<AcesoOpTerms> terms;
  OpPlan *plans;
  /// Of the flags as they are now.
  int64_t savedUnits = 0, peakUnits = 0;

  void measure() {
    AcesoPeakScan scan;
    savedUnits = 0;
    for (uint32_t i = 0; i + 1 < terms.size(); ++i) {
      bool both = plans[i].recompute && plans[i + 1].recompute;
      bool starts = formula.traits(first + i + 1).startsSegment;
      bool plain = formula.traits(first + i).isPlainlyHeld();
      if (both && !(plain && starts))
        savedUnits += terms[i].heldUnits;
      scan.seam(both, starts || i + 2 == terms.size(), terms[i].heldUnits, plain);
    }
    peakUnits = scan.peakUnits();
  }
};

} // namespace

static OpGroup *largestCandidate(const AcesoFormula &formula, uint32_t first,
                                 std::vector<OpGroup> &groups) {
  OpGroup *largest = nullptr;
  for (OpGroup &group : groups)
    if (!group.marked && !formula.traits(first + group.ops.front()).neverChosen &&
        group.units > (largest ? largest->units : 0))
      largest = &group;
  return largest;
}

Result<uint32_t> aceso::chooseRecompute(const AcesoFormula &formula, uint32_t first,
                                        uint32_t numOps, OpPlan *plans, int64_t microBatch,
                                        int64_t stagesBehind,
                                        const RecomputeChooserOptions &options) {
  for (uint32_t i = 0; i < numOps; ++i)
    plans[i].recompute = false;
  Result<AcesoStageSums> sums = formula.sumOps(first, numOps, plans, microBatch);
  if (!sums)
    return sums.takeError();
  Result<AcesoStageEnds> ends =
      formula.stageEnds(first, numOps, plans[0], plans[numOps - 1], microBatch);
  if (!ends)
    return ends.takeError();
  int64_t overUnits = formula.memoryUnits(*sums, ends->inputUnits, stagesBehind) +
                      options.extraPeakUnits - options.limitUnits;
  if (overUnits <= 0)
    return 0;

  int64_t inFlight = stagesBehind + 1;
  StageFlags flags{formula, first, {}, plans};
  std::vector<OpGroup> groups;
  std::vector<uint32_t> groupOfKey(formula.getTables().getOps().numKeys(), ~0u);
  for (uint32_t i = 0; i < numOps; ++i) {
    Result<AcesoOpTerms> terms = formula.opTerms(first + i, plans[i], microBatch);
    if (!terms)
      return terms.takeError();
    flags.terms.push_back(*terms);
    uint32_t &group = groupOfKey[formula.key(first + i)];
    if (group == ~0u) {
      group = groups.size();
      groups.emplace_back();
    }
    groups[group].ops.push_back(i);
    groups[group].units += terms->activationUnits * inFlight;
  }

  while (overUnits > 0) {
    OpGroup *group = largestCandidate(formula, first, groups);
    if (!group)
      break;
    group->marked = true;
    uint32_t next = group->ops.front() + 1;
    if (next >= numOps)
      break;
    // It is flagged along with the group, so it has nothing left to give.
    groups[groupOfKey[formula.key(first + next)]].marked = true;

    int64_t takenUnits = 0;
    for (uint32_t i : group->ops) {
      plans[i].recompute = true;
      if (i + 1 < numOps)
        plans[i + 1].recompute = true;
      takenUnits += flags.terms[i].activationUnits * inFlight;
      if (group->units >= overUnits && takenUnits > overUnits)
        break;
    }
    int64_t savedBefore = flags.savedUnits, peakBefore = flags.peakUnits;
    flags.measure();
    overUnits -= (flags.savedUnits - savedBefore) * inFlight;
    overUnits += flags.peakUnits - peakBefore;
  }

  uint32_t numFlags = 0;
  for (uint32_t i = 0; i < numOps; ++i)
    numFlags += plans[i].recompute;
  return numFlags;
}

Result<uint32_t> aceso::chooseRecompute(const AcesoFormula &formula, CompactPlan &plan,
                                        int64_t extraPeakUnits) {
  uint32_t first = 0, numFlags = 0;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    Result<uint32_t> flags = chooseRecompute(
        formula, first, plan.stages[i].numOps, &plan.ops[first], plan.microBatch,
        plan.stages.size() - 1 - i, {plan.cluster.memoryLimitMiB * unitsPerMiB, extraPeakUnits});
    if (!flags)
      return ErrorMessage{"stage " + std::to_string(i) + ": " + flags.error()};
    numFlags += *flags;
    first += plan.stages[i].numOps;
  }
  return numFlags;
}
