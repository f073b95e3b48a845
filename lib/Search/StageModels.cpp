//===- StageModels.cpp - A stage model by its formula's name ----*- C++ -*-===//

#include "aceso/Search/StageModels.h"

#include "aceso/Search/AcesoStageModel.h"
#include "aceso/Search/FullStageModel.h"

using namespace aceso;

Result<std::unique_ptr<StageModel>>
aceso::createStageModel(std::string_view formula, const ModelFacts &facts,
                        std::shared_ptr<const CostTables> tables, const ClusterDesc &cluster,
                        int64_t globalBatch, std::vector<int64_t> microBatches,
                        int64_t reserveUnits) {
  if (microBatches.empty())
    return ErrorMessage{"micro-batches: there are none to choose from"};
  for (int64_t size : microBatches)
    if (size < 1)
      return ErrorMessage{"micro-batches: " + std::to_string(size) + " must be at least 1"};
    else if (globalBatch % size != 0)
      return ErrorMessage{"micro-batches: " + std::to_string(size) +
                          " does not divide the global batch of " + std::to_string(globalBatch)};
  // Start plans give up to 8 devices to each of 16 stages; plans to start from may have more.
  constexpr int64_t mostDevices = 4096;
  if (cluster.numDevices() > mostDevices)
    return ErrorMessage{"nodes=" + std::to_string(cluster.nodes) +
                        " devices-per-node=" + std::to_string(cluster.devicesPerNode) + " are " +
                        std::to_string(cluster.numDevices()) +
                        " devices; the search plans for at most " + std::to_string(mostDevices)};
  constexpr int64_t mostMiB = int64_t(1) << 40;
  if (cluster.memoryLimitMiB > mostMiB)
    return ErrorMessage{"memory-mb=" + std::to_string(cluster.memoryLimitMiB) +
                        " is more than can be counted; give at most " + std::to_string(mostMiB)};
  if (formula == "aceso")
    return AcesoStageModel::create(facts, std::move(tables), cluster, globalBatch,
                                   std::move(microBatches), reserveUnits);
  if (formula == "full" && reserveUnits != 0)
    return ErrorMessage{
        "recompute-reserve-mb: formula full keeps no reserve when it chooses what to "
        "recompute; lower memory-mb instead"};
  if (formula == "full")
    return FullStageModel::create(facts, std::move(tables), cluster, globalBatch,
                                  std::move(microBatches));
  return ErrorMessage{"formula=" + std::string(formula) +
                      ": there are the formulas aceso and full"};
}
