//===- SearchInput.cpp - What a search is about ---------------------------===//

#include "SearchInput.h"

#include "aceso/Search/StageModels.h"

#include "mlir/IR/Remarks.h"

#include <algorithm>

using namespace mlir;
using namespace aceso;

Result<SearchInput> SearchInput::create(ModelFacts facts, const CostOptions &cost,
                                        const ClusterDesc &cluster, int64_t globalBatch,
                                        std::vector<int64_t> microBatches, int64_t own) {
  Result<std::shared_ptr<const CostTables>> tables = loadTables(cost, facts);
  if (!tables)
    return tables.takeError();
  if (microBatches.empty()) {
    for (int64_t size : (*tables)->getOps().getSamples())
      if (globalBatch % size == 0)
        microBatches.push_back(size);
    if (own != 0)
      microBatches.push_back(own);
  }
  std::sort(microBatches.begin(), microBatches.end());
  microBatches.erase(std::unique(microBatches.begin(), microBatches.end()), microBatches.end());
  SearchInput input;
  input.facts = std::move(facts);
  input.cost = cost;
  input.tables = *tables;
  input.cluster = cluster;
  input.globalBatch = globalBatch;
  input.microBatches = std::move(microBatches);
  return input;
}

Result<std::unique_ptr<StageModel>>
SearchInput::makeModel(const ClusterDesc &forCluster, const std::vector<int64_t> &sizes) const {
  return createStageModel(cost.formula, facts, tables, forCluster, globalBatch, sizes,
                          reserveUnits);
}

void aceso::remarkOn(Location loc, StringRef pass, const Trial &trial,
                     const Bottleneck &bottleneck) {
  remark::RemarkOpts options = remark::RemarkOpts::name(trial.remedy).category(pass);
  auto describe = [&](auto &&remark) {
    remark << remark::metric("bottleneck", bottleneck.stage)
           << remark::metric("resource", resourceName(bottleneck.resources.front()))
           << remark::metric("what", trial.what)
           << remark::metric("iteration_ms", trial.predicted.iterationMs)
           << remark::metric("max_memory_mb", trial.predicted.maxMemoryMiB);
  };
  if (trial.accepted)
    describe(remark::passed(loc, options));
  else
    describe(remark::missed(loc, options) << remark::reason("{0}", trial.verdict));
}
