//===- PlanCostJson.cpp - A plan's cost as JSON -----------------*- C++ -*-===//

#include "aceso/Cost/PlanCostJson.h"

#include <nlohmann/json.hpp>

using namespace aceso;
using nlohmann::ordered_json;

static ordered_json stageToJson(const StageCost &stage) {
  return {
      {"in_cross_node", stage.inCrossNode},
      {"out_cross_node", stage.outCrossNode},
      {"fwd_comp_us", stage.forwardUs},
      {"bwd_comp_us", stage.backwardUs},
      {"recomp_time_us", stage.recomputeUs},
      {"in_comm_us", stage.inUs},
      {"out_comm_us", stage.outUs},
      {"tp_comm_us", stage.conversionUs},
      {"stage_time_ms", stage.stageMs},
      {"quick_stage_time_ms", stage.quickStageMs},
      {"compute_time_ms", stage.computeMs},
      {"time_ms", stage.timeMs},
      {"ideal_time_per_gpu_ms", stage.idealPerDeviceMs},
      {"eff_loss_time_per_gpu_ms", stage.effLossPerDeviceMs},
      {"recomp_time_per_gpu_ms", stage.recomputePerDeviceMs},
      {"efficiency", stage.efficiency},
      {"efficient_time", stage.efficientTime},
      {"op_weights_mb", stage.opWeightsMiB},
      {"inputs_mb", stage.inputsMiB},
      {"op_activations_mb", stage.opActivationsMiB},
      {"saved_activations_mb", stage.savedActivationsMiB},
      {"peak_activations_mb", stage.peakActivationsMiB},
      {"memory_weights_mb", stage.weightsMiB},
      {"memory_gradients_mb", stage.gradientsMiB},
      {"memory_optimizer_mb", stage.optimizerMiB},
      {"memory_activations_mb", stage.activationsMiB},
      {"memory_peak_mb", stage.peakMiB},
      {"memory_reserved_mb", stage.reservedMiB},
      {"memory_mb", stage.memoryMiB},
      {"within_limit", stage.withinLimit},
      // The published system counts look-ups that it answers with a made-up value; here they are
      // errors.
      {"missing_op_entries", 0},
      {"missing_ideal_entries", 0},
      {"missing_collective_entries", 0},
      {"gradient_sync_ms", stage.gradientSyncMs},
      {"tied_weights_ms", stage.tiedWeightsMs},
      {"optimizer_ms", stage.optimizerMs},
  };
}

ordered_json aceso::planCostToJson(const PlanCost &cost,
                                   const std::optional<LoweredMemory> &lowered,
                                   const CompactPlan *plan, const CompactPlan *chosen) {
  ordered_json stages = ordered_json::array();
  for (size_t i = 0; i < cost.stages.size(); ++i) {
    stages.push_back(stageToJson(cost.stages[i]));
    if (lowered && !lowered->stageBytes.empty())
      stages.back()["program_memory_mb"] = lowered->stageMiB(i);
    if (plan) {
      stages.back()["ops"] = plan->stages[i].numOps;
      stages.back()["devices"] = plan->stages[i].devices;
    }
    if (chosen) {
      std::string digits;
      for (uint32_t op = chosen->firstOp(i); op < chosen->firstOp(i + 1); ++op)
        digits += chosen->ops[op].recompute ? '1' : '0';
      stages.back()["chosen_recompute"] = digits;
    }
  }
  ordered_json json = {
      {"formula", cost.formula},
      {"num_batches", cost.numMicroBatches},
      {"iteration_time_ms", cost.iterationMs},
      {"max_memory_mb", cost.maxMemoryMiB},
      {"feasible", cost.feasible},
      {"total_gpu_time_ms", cost.totalDeviceTimeMs},
      {"stages", std::move(stages)},
      {"estimates", cost.estimates},
  };
  if (lowered && lowered->stageBytes.empty())
    json["program_memory_problem"] = lowered->problem;
  return json;
}
