//===- FullFormula.h - What a plan will really cost -------------*- C++ -*-===//
//
// Formula `full`: compute times of the tables; every conversion and transfer as Layout gives it;
// gradient synchronization, tied weights and optimizer; memory by parameter type. Like `aceso` it
// adds integers over a stage (FullStageSums), what its ends exchange (FullStageLinks), and then
// finishes in double precision, so that a walk and a search with prefix sums get the same bits.
//
// How it reads published tables: their op times contain the op's own collectives (a row-parallel
// linear's all-reduce forward, a column-parallel one's backward, everything between the primitives
// of one op). Where tables lack the two columns that tell how long these take, a value counts as
// left with nothing pending, and so does a gradient: only what changes the split is a conversion
// then. With the columns (our own profiler's tables) they are subtracted and all conversions are
// priced.
//
// Time of an iteration: 1F1B without overlap. A stage waits for what it receives, sends cost it
// nothing but the conversion in front; (micro-batches - 1) of the stage, one of every stage, then
// its gradient synchronization, tied weights and optimizer.
//
// Memory: weights, main copies, gradients and moments by element type where the parameter is at
// home, weights and gradients where else it is read; for each micro-batch in flight (at most as
// many as there are) received values and the tables' activations, but not the results that no
// gradient reads (tables count every result) and not what recompute drops (the block rule of
// docs/rationale/Layout.md); the largest block's dropped activations while it is recomputed; the
// largest workspace of an op.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_FULLFORMULA_H
#define ACESO_COST_FULLFORMULA_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Cost/CostTables.h"
#include "aceso/Cost/LinkModel.h"
#include "aceso/Cost/ModelFacts.h"
#include "aceso/Cost/PlanCost.h"

#include <memory>

namespace aceso {

/// What one op adds to its stage, whatever stands beside it and whether it is recomputed.
struct FullOpTerms {
  int64_t forwardNs = 0, backwardNs = 0; ///< computation alone (see above)
  int64_t idealNs = 0;                   ///< both, of the whole micro-batch on one device
  /// Once an iteration, of the parameters that only this op uses.
  int64_t gradientSyncNs = 0;
  int64_t weightBytes = 0, mainBytes = 0, gradientBytes = 0, optimizerBytes = 0;
  int64_t optimizerTraffic = 0; ///< bytes that an optimizer step moves
  int64_t activationUnits = 0;  ///< kept for backward (see above)
  int64_t workspaceUnits = 0;   ///< beyond activations, forward and backward
  EstimateSet estimates = NoEstimate;
};

/// Conversions of one value between its producer and its users on one stage.
struct FullValueTerms {
  int64_t forwardNs = 0, backwardNs = 0;
  EstimateSet estimates = NoEstimate;
};

/// What flags do to the ops of one block on one stage.
struct FullBlockTerms {
  int64_t recomputeNs = 0; ///< computation and conversions done again
  /// Activations not kept, less what is kept only to run others again (may be below 0).
  int64_t droppedUnits = 0;
  int64_t peakUnits = 0; ///< those of them that are there again while backward runs the block
  EstimateSet estimates = NoEstimate;
};

/// Everything that is added up over the ops of one stage. All are sums over ops, values or blocks,
/// except the two maxima.
struct FullStageSums {
  int64_t forwardNs = 0, backwardNs = 0, idealNs = 0;
  int64_t forwardConversionNs = 0, backwardConversionNs = 0;
  int64_t recomputeNs = 0;
  int64_t gradientSyncNs = 0;
  int64_t weightBytes = 0, mainBytes = 0, gradientBytes = 0, optimizerBytes = 0;
  int64_t optimizerTraffic = 0;
  int64_t activationUnits = 0, droppedUnits = 0;

  int64_t workspaceUnits = 0; ///< largest of an op
  int64_t peakUnits = 0;      ///< largest of a block

  EstimateSet estimates = NoEstimate;
};

/// What a stage exchanges with others: depends on the ops at both ends of each exchange.
struct FullStageLinks {
  // Every micro-batch.
  int64_t receiveNs = 0; ///< messages that bring values, and conversions to where they are used
  int64_t sendNs = 0;    ///< conversions in front of sending values
  int64_t gradientReceiveNs = 0, gradientSendNs = 0;         ///< the same for gradients
  int64_t forwardConversionNs = 0, backwardConversionNs = 0; ///< received values, further users
  int64_t receivedBytes = 0;                                 ///< kept for backward
  bool inCrossNode = false, outCrossNode = false;            ///< whether a message crosses nodes
  // Once an iteration: parameters that several ops use.
  int64_t tiedNs = 0, gradientSyncNs = 0;
  int64_t weightBytes = 0, mainBytes = 0, gradientBytes = 0, optimizerBytes = 0;
  int64_t optimizerTraffic = 0;

  EstimateSet estimates = NoEstimate;
};

class FullModel;

/// The formula for one model, one set of tables, one cluster. It remembers layouts and prices as it
/// goes: not for several threads at once, each makes its own.
class FullFormula {
public:
  /// Errors: an op key that the tables do not know.
  static Result<FullFormula> create(const ModelFacts &facts,
                                    std::shared_ptr<const CostTables> tables,
                                    const ClusterDesc &cluster);
  FullFormula(FullFormula &&);
  FullFormula &operator=(FullFormula &&);
  ~FullFormula();

  uint32_t numOps() const;

  // Terms. `plans` are those of ops first, first + 1, ..., all of one stage; `devices` are the
  // stage's. An error is a row that is missing, or degrees that an op cannot have; only opTerms
  // tells the latter, so ask it first.

  Result<FullOpTerms> opTerms(uint32_t op, const OpPlan &plan, int64_t microBatch,
                              int64_t devices) const;
  /// Of all values that op `first + index` gives, towards users among the plans' ops. Only ops in
  /// [first + index, lastUser(first + index)] count.
  Result<FullValueTerms> valueTerms(uint32_t first, uint32_t numOps, const OpPlan *plans,
                                    uint32_t index, int64_t microBatch, int64_t devices) const;
  /// Of the ops first + begin .. first + end - 1, which are all of their block on the stage.
  Result<FullBlockTerms> blockTerms(uint32_t first, uint32_t numOps, const OpPlan *plans,
                                    uint32_t begin, uint32_t end, int64_t microBatch,
                                    int64_t devices) const;
  /// The last op that uses a value of `op`; `op` itself if none does.
  uint32_t lastUser(uint32_t op) const;
  uint32_t block(uint32_t op) const;
  /// Ops of equal key have equal rows; keys are those of the tables.
  OpTable::KeyId key(uint32_t op) const;

  // Stages and plans.

  Result<FullStageSums> sumOps(uint32_t first, uint32_t numOps, const OpPlan *plans,
                               int64_t microBatch, int64_t devices) const;
  /// For every stage. Looks only at values that cross a boundary and at shared parameters.
  Result<std::vector<FullStageLinks>> links(const CompactPlan &plan) const;

  // Parts of links, for searches: the sum of what a stage has of both is its links, but for the
  // transfers of shared parameters.

  /// What values that cross a boundary cost, parameters left out, when the first stage stands on
  /// devices from `firstDevice` on. Stages may be fewer than the cluster has devices.
  Result<std::vector<FullStageLinks>> arrivalLinks(const CompactPlan &plan,
                                                   int64_t firstDevice) const;
  /// What a stage has of parameters that several ops use, without transfers to other stages.
  Result<FullStageLinks> sharedLinks(uint32_t first, uint32_t numOps, const OpPlan *plans,
                                     int64_t microBatch, int64_t devices) const;
  /// Ops that use a parameter that another op uses, ascending.
  std::vector<uint32_t> sharedUsers() const;

  /// Exactly finishStage's memoryUnits, and stageMs in ns.
  int64_t memoryUnits(const FullStageSums &sums, const FullStageLinks &links, int64_t stagesBehind,
                      int64_t numMicroBatches) const;
  int64_t stageNs(const FullStageSums &sums, const FullStageLinks &links) const;
  /// Of finishStage: gradient synchronization, tied weights and optimizer.
  double onceMs(const FullStageSums &sums, const FullStageLinks &links) const;

  /// Everything of a stage that does not need the others: all but timeMs, efficientTime,
  /// withinLimit.
  StageCost finishStage(const FullStageSums &sums, const FullStageLinks &links, int64_t devices,
                        int64_t stagesBehind, int64_t numMicroBatches) const;
  /// `estimates`: of all sums and links. Looks at the plan's stages, not at its ops.
  PlanCost finishPlan(const CompactPlan &plan, std::vector<StageCost> stages,
                      EstimateSet estimates) const;
  /// By walking all ops.
  Result<PlanCost> evaluate(const CompactPlan &plan) const;

private:
  explicit FullFormula(std::unique_ptr<FullModel> model);
  std::unique_ptr<FullModel> model;
};

} // namespace aceso

#endif // ACESO_COST_FULLFORMULA_H
