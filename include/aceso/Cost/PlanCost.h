//===- PlanCost.h - What a formula says of a plan ---------------*- C++ -*-===//
//
// One result for all formulas: the time and memory of every stage, and of the iteration. Search and
// analysis fill it through the same functions.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_PLANCOST_H
#define ACESO_COST_PLANCOST_H

#include "aceso/Cost/CompactPlan.h"

namespace aceso {

/// Names in brackets: the fields of golden results and of the JSON report. Times in us where the
/// name ends in Us, else ms; memory in MiB. Times are of one micro-batch unless said otherwise.
struct StageCost {
  // Communication with neighbours.
  bool inCrossNode = false;  ///< whether the input comes over the inter-node link [in_cross_node]
  bool outCrossNode = false; ///< [out_cross_node]
  double inUs = 0;           ///< receive, and conversions of forward [in_comm_us]
  double outUs = 0;          ///< send, and conversions of backward [out_comm_us]
  double conversionUs = 0;   ///< conversions alone, both directions; inside the two [tp_comm_us]

  // Computation.
  double forwardUs = 0;   ///< [fwd_comp_us]
  double backwardUs = 0;  ///< [bwd_comp_us]
  double recomputeUs = 0; ///< forward done again by backward [recomp_time_us]

  double stageMs = 0; ///< all of the above [stage_time_ms]
  double quickStageMs =
      0;                ///< the same with the intra-node link on both sides [quick_stage_time_ms]
  double computeMs = 0; ///< forward, backward and recompute [compute_time_ms]
  /// Of the whole iteration if this stage is its bottleneck [time_ms]
  double timeMs = 0;

  // What orders moves (docs/rationale/Cost.md).
  double idealPerDeviceMs = 0;     ///< [ideal_time_per_gpu_ms]
  double effLossPerDeviceMs = 0;   ///< [eff_loss_time_per_gpu_ms]
  double recomputePerDeviceMs = 0; ///< [recomp_time_per_gpu_ms]
  double efficiency = 0;           ///< ideal time over time used
  double efficientTime = 0;        ///< idle ms * devices * efficiency [efficient_time]

  // Memory, the parts of the sums.
  double opWeightsMiB = 0;        ///< [op_weights_mb]
  double inputsMiB = 0;           ///< input of the first op [inputs_mb]
  double opActivationsMiB = 0;    ///< [op_activations_mb]
  double savedActivationsMiB = 0; ///< not kept thanks to recompute [saved_activations_mb]
  double peakActivationsMiB = 0;  ///< largest recomputed segment [peak_activations_mb]

  // Memory, the sums.
  double weightsMiB = 0;     ///< with main copies [memory_weights_mb]
  double gradientsMiB = 0;   ///< [memory_gradients_mb]
  double optimizerMiB = 0;   ///< [memory_optimizer_mb]
  double activationsMiB = 0; ///< micro-batches in flight [memory_activations_mb]
  double peakMiB = 0;        ///< the current micro-batch [memory_peak_mb]
  double reservedMiB = 0;    ///< [memory_reserved_mb]
  double memoryMiB = 0;      ///< the sum of the six [memory_mb]
  int64_t memoryUnits = 0;   ///< the same, exact (Units.h): comparisons use it
  bool withinLimit = true;   ///< [within_limit]

  // Once an iteration, after the last backward; zero in the `aceso` formula, which leaves them out.
  double gradientSyncMs = 0; ///< [gradient_sync_ms]
  double tiedWeightsMs = 0;  ///< [tied_weights_ms]
  double optimizerMs = 0;    ///< [optimizer_ms]

  bool operator==(const StageCost &) const = default;
};

struct PlanCost {
  std::string formula; ///< "aceso" or "full"
  int64_t numMicroBatches = 0;
  double iterationMs = 0;  ///< largest timeMs [iteration_time_ms]
  double maxMemoryMiB = 0; ///< [max_memory_mb]
  bool feasible = true;    ///< every stage within the limit
  double totalDeviceTimeMs =
      0; ///< (micro-batches - 1) * sum of stageMs * devices [total_gpu_time_ms]
  std::vector<StageCost> stages;
  /// What was estimated because no table holds it; one line each.
  std::vector<std::string> estimates;

  bool operator==(const PlanCost &) const = default;
};

/// Puts together what finishStage of a formula gave for each stage: fills what depends on the other
/// stages (timeMs, efficientTime, withinLimit), and the iteration. (docs/rationale/Cost.md)
PlanCost finishPlanCost(std::string formula, const CompactPlan &plan,
                        std::vector<StageCost> stages);

} // namespace aceso

#endif // ACESO_COST_PLANCOST_H
