//===- InitialPlan.cpp - Where a search starts ------------------*- C++ -*-===//

#include "aceso/Cost/InitialPlan.h"

using namespace aceso;

Result<CompactPlan> aceso::balancedInitialPlan(uint32_t numOps, const InitialPlanOptions &options) {
  int64_t numDevices = options.cluster.numDevices();
  uint32_t numStages = options.numStages;
  if (numStages < 1 || numStages > numOps)
    return ErrorMessage{"stages=" + std::to_string(numStages) + ": a model of " +
                        std::to_string(numOps) + " ops can have 1 to " + std::to_string(numOps) +
                        " stages"};
  int64_t left = numDevices - numStages;
  std::vector<int64_t> devices(numStages, 1);
  bool doubled = true;
  while (left > 0 && doubled) {
    doubled = false;
    for (int64_t &stageDevices : devices)
      if (stageDevices < options.maxTp && stageDevices <= left) {
        left -= stageDevices;
        stageDevices *= 2;
        doubled = true;
      }
  }
  if (left != 0)
    return ErrorMessage{"stages=" + std::to_string(numStages) + ": " + std::to_string(numDevices) +
                        " devices cannot be given out by doubling from one a stage, at most " +
                        std::to_string(options.maxTp) + " each; choose another number of stages"};

  CompactPlan plan;
  plan.cluster = options.cluster;
  plan.globalBatch = options.globalBatch;
  plan.microBatch = options.microBatch;
  for (uint32_t i = 0; i < numStages; ++i) {
    uint32_t count = numOps / numStages + (i + 1 == numStages ? numOps % numStages : 0);
    plan.stages.push_back({count, uint32_t(devices[i])});
    OpPlan op;
    op.tp = devices[i];
    plan.ops.insert(plan.ops.end(), count, op);
  }
  return plan;
}
