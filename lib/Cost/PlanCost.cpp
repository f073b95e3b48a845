//===- PlanCost.cpp - From stages to a pipeline -----------------*- C++ -*-===//

#include "aceso/Cost/PlanCost.h"

#include "aceso/Cost/Units.h"

#include <algorithm>

using namespace aceso;

PlanCost aceso::finishPlanCost(std::string formula, const CompactPlan &plan,
                               std::vector<StageCost> stages) {
  PlanCost cost;
  cost.formula = std::move(formula);
  cost.numMicroBatches = plan.numMicroBatches();
  cost.stages = std::move(stages);
  double repeats = cost.numMicroBatches - 1, sumMs = 0, deviceMs = 0;
  for (size_t i = 0; i < cost.stages.size(); ++i) {
    sumMs += cost.stages[i].stageMs;
    deviceMs += cost.stages[i].stageMs * plan.stages[i].devices;
  }
  cost.totalDeviceTimeMs = repeats * deviceMs;
  int64_t limitUnits = plan.cluster.memoryLimitMiB * unitsPerMiB, maxUnits = 0;
  for (StageCost &stage : cost.stages) {
    stage.timeMs = stage.stageMs * repeats + sumMs +
                   (stage.gradientSyncMs + stage.tiedWeightsMs + stage.optimizerMs);
    cost.iterationMs = std::max(cost.iterationMs, stage.timeMs);
    maxUnits = std::max(maxUnits, stage.memoryUnits);
    stage.withinLimit = stage.memoryUnits <= limitUnits;
    cost.feasible &= stage.withinLimit;
  }
  cost.maxMemoryMiB = unitsToMiB(maxUnits);

  // How long a partner could work more: until it is as slow as the slowest stage, but only half as
  // long beyond the point where its memory, growing in step, is full.
  for (size_t i = 0; i < cost.stages.size(); ++i) {
    StageCost &stage = cost.stages[i];
    double idleMs = cost.iterationMs - stage.timeMs;
    if (stage.recomputeUs > 0) {
      idleMs /= 2;
    } else {
      double roomMs =
          (plan.cluster.memoryLimitMiB - stage.memoryMiB) / stage.memoryMiB * stage.timeMs;
      if (roomMs <= idleMs)
        idleMs = roomMs + (idleMs - roomMs) / 2;
    }
    stage.efficientTime = idleMs * plan.stages[i].devices * stage.efficiency;
  }
  return cost;
}
