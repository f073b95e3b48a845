//===- AcesoFormula.h - The published cost formula --------------*- C++ -*-===//
//
// The formula of the Aceso paper's artifact, exactly, for comparison. It adds integers over the ops
// of a stage (StageSums) and then finishes the stage in double precision (StageCost). A walk over
// the ops and a search with prefix sums get the same StageSums, and so the same bits.
// (docs/rationale/Cost.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_ACESOFORMULA_H
#define ACESO_COST_ACESOFORMULA_H

#include "aceso/Cost/AcesoOps.h"
#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/CostTables.h"
#include "aceso/Cost/ModelFacts.h"
#include "aceso/Cost/PlanCost.h"

#include <algorithm>
#include <memory>

namespace aceso {

/// What one op adds to its stage, whatever stands beside it. Sizes in units (Units.h).
struct AcesoOpTerms {
  int64_t forwardNs = 0, backwardNs = 0;
  /// Forward and backward of the whole micro-batch on one device.
  int64_t idealNs = 0;
  int64_t weightUnits = 0;
  int64_t activationUnits = 0;
  /// activationUnits by the shared-space rule.
  int64_t heldUnits = 0;
  int64_t forwardReservedUnits = 0, backwardReservedUnits = 0;
};

/// What the seam between two neighbours in one stage adds.
struct AcesoSeamTerms {
  int64_t forwardConversionNs = 0, backwardConversionNs = 0;
};

/// Finds the largest recomputed segment while it is walked over the seams of a stage in order.
/// Segments end in front of layers, so over a run of whole layers it is the maximum of what each
/// layer gives on its own (starting with an empty segment): a search keeps one number a layer and
/// walks only the layers that a stage cuts.
class AcesoPeakScan {
public:
  /// The seam between op i and op i + 1. `bothRecomputed`: both are flagged; `ends`: op i + 1
  /// starts a segment or is the last of the stage; `heldUnits` and `plain` (heldHalves == 2) are op
  /// i's.
  void seam(bool bothRecomputed, bool ends, int64_t heldUnits, bool plain) {
    if (bothRecomputed)
      open += heldUnits;
    // An op that is not held plainly never ends a segment, and one still open at the end of the
    // stage is lost: so does the published model.
    if (bothRecomputed && !(plain && ends))
      return;
    peak = std::max(peak, open);
    open = 0;
  }
  int64_t peakUnits() const { return peak; }
  bool operator==(const AcesoPeakScan &) const = default;

private:
  int64_t open = 0, peak = 0;
};

/// Everything that is added up over the ops of one stage. The first block are sums: over ops, over
/// the stage's inner seams, and over those of them of which both ops are recomputed. The second
/// block are maxima, which a prefix cannot give, but range maxima can.
struct AcesoStageSums {
  int64_t forwardNs = 0, backwardNs = 0, idealNs = 0;
  int64_t recomputeNs = 0; ///< forwardNs of flagged ops
  int64_t forwardConversionNs = 0, backwardConversionNs = 0;
  int64_t weightUnits = 0, heldUnits = 0;
  /// heldUnits of op i where op i and i + 1 are flagged and no segment starts at i + 1.
  int64_t savedUnits = 0;

  /// Over all ops but the last of the stage.
  int64_t forwardReservedUnits = 0, backwardReservedUnits = 0;
  /// AcesoPeakScan over the stage.
  int64_t peakUnits = 0;

  bool operator==(const AcesoStageSums &) const = default;
};

/// What crosses the ends of a stage. Sizes in units.
struct AcesoStageEnds {
  int64_t inputUnits = 0;
  /// Looked up with the degrees of the last op, but the tensor parallelism of the first.
  int64_t outputUnits = 0;
  /// The same for the whole micro-batch on one device.
  int64_t idealInputUnits = 0, idealOutputUnits = 0;

  bool operator==(const AcesoStageEnds &) const = default;
};

/// Where a stage stands in the pipeline.
struct StagePlace {
  int64_t devices = 1;
  int64_t stagesBehind = 0;
  /// The first device of the stage (of what follows it) is the first of a node.
  bool inCrossNode = false, outCrossNode = false;
};
StagePlace stagePlace(const ClusterDesc &cluster, int64_t firstDevice, int64_t devices,
                      int64_t stagesBehind);

/// The formula for one model, one set of tables.
class AcesoFormula {
public:
  /// Errors: an op key that the formula or the tables do not know, parameters of several types (its
  /// memory factors are per model), a link table that it cannot index.
  static Result<AcesoFormula> create(const ModelFacts &facts,
                                     std::shared_ptr<const CostTables> tables);

  uint32_t numOps() const { return opKeys.size(); }
  /// Ops of equal key have equal terms; keys are those of getTables().getOps().
  OpTable::KeyId key(uint32_t op) const { return opKeys[op]; }
  const AcesoOpTraits &traits(uint32_t op) const { return keyTraits[opKeys[op]]; }
  const CostTables &getTables() const { return *tables; }

  // Terms. An error is a look-up without an entry.

  Result<AcesoOpTerms> opTerms(uint32_t op, const OpPlan &plan, int64_t microBatch) const;
  /// Between op - 1, split as in `before`, and op, split as in `plan`, in one stage.
  Result<AcesoSeamTerms> seamTerms(uint32_t op, const OpPlan &before, const OpPlan &plan,
                                   int64_t microBatch) const;

  // Stages.

  /// By walking ops first .. first + numOps - 1, split as in plans[0 .. numOps - 1], as one stage.
  Result<AcesoStageSums> sumOps(uint32_t first, uint32_t numOps, const OpPlan *plans,
                                int64_t microBatch) const;
  Result<AcesoStageEnds> stageEnds(uint32_t first, uint32_t numOps, const OpPlan &firstPlan,
                                   const OpPlan &lastPlan, int64_t microBatch) const;
  /// Everything of a stage that does not need the others: all but timeMs, efficientTime,
  /// withinLimit.
  StageCost finishStage(const AcesoStageSums &sums, const AcesoStageEnds &ends,
                        const StagePlace &place) const;
  /// Exactly finishStage's memoryUnits.
  int64_t memoryUnits(const AcesoStageSums &sums, int64_t inputUnits, int64_t stagesBehind) const;
  /// Exactly finishStage's stageMs (quickStageMs for a place that crosses no node).
  double stageMs(const AcesoStageSums &sums, const AcesoStageEnds &ends,
                 const StagePlace &place) const;
  /// The same with the transfers of its ends already priced (transferUs).
  static double stageMs(const AcesoStageSums &sums, double receiveUs, double sendUs);
  /// Change of a stage's time when the ops of the sums leave it forwards (backwards): the transfer
  /// on the side that stays moves along and is subtracted. Links inside a node.
  double moveDeltaMs(const AcesoStageSums &sums, const AcesoStageEnds &ends, bool forwards) const;

  // Plans.

  /// Fills what depends on the other stages. Looks at the plan's stages, not at its ops.
  PlanCost finishPlan(const CompactPlan &plan, std::vector<StageCost> stages) const;
  /// By walking all ops.
  Result<PlanCost> evaluate(const CompactPlan &plan) const;

  /// us to move `units` over a link: the published table index (half the message size).
  double transferUs(int64_t units, bool crossNode) const;

private:
  AcesoFormula() = default;

  Result<const OpRow *> row(uint32_t op, int64_t samples, int64_t tp, unsigned rule) const;
  Result<const OpRow *> rowOf(uint32_t op, const OpPlan &plan, int64_t microBatch) const;
  Result<int64_t> collectiveNs(std::optional<CollectiveKind> kind, int64_t groupSize,
                               int64_t units) const;

  std::shared_ptr<const CostTables> tables;
  std::vector<OpTable::KeyId> opKeys;
  /// By key; unused for keys that no op has.
  std::vector<AcesoOpTraits> keyTraits;
  bool pricesConversions = false;
  /// Main copy and optimizer state in multiples of the weights.
  int64_t mainFactor = 0, optimizerFactor = 0;
  /// MiB a us for messages of 1, 2, 4, ... MiB: inside a node, between nodes.
  std::vector<double> bandwidth[2];
};

} // namespace aceso

#endif // ACESO_COST_ACESOFORMULA_H
