//===- StageModels.h - A stage model by its formula's name ------*- C++ -*-===//

#ifndef ACESO_SEARCH_STAGEMODELS_H
#define ACESO_SEARCH_STAGEMODELS_H

#include "aceso/Search/StageModel.h"

#include <string_view>

namespace aceso {

/// Formula "aceso" or "full". `reserveUnits` stay free in each stage when a start's recomputation
/// is chosen (`aceso` only). Errors: another name; micro-batches that do not divide the global
/// batch; a cluster beyond all sizes; a reserve for `full`; what the formula reports.
Result<std::unique_ptr<StageModel>>
createStageModel(std::string_view formula, const ModelFacts &facts,
                 std::shared_ptr<const CostTables> tables, const ClusterDesc &cluster,
                 int64_t globalBatch, std::vector<int64_t> microBatches, int64_t reserveUnits = 0);

} // namespace aceso

#endif // ACESO_SEARCH_STAGEMODELS_H
