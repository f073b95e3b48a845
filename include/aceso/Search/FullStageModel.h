//===- FullStageModel.h - Formula `full`, for searching ---------*- C++ -*-===//
//
// What a stage exchanges with its neighbours depends on their degrees too. A stage is judged with
// neighbours split like it where they are not known; whole plans are always judged exactly.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_FULLSTAGEMODEL_H
#define ACESO_SEARCH_FULLSTAGEMODEL_H

#include "aceso/Cost/FullFormula.h"
#include "aceso/Search/StageModel.h"

namespace aceso {

class CrossingOps;
class FullPatternSums;

class FullStageModel : public StageModel {
public:
  /// `microBatches`: those to choose from. Error: the tables do not know an op.
  static Result<std::unique_ptr<StageModel>> create(const ModelFacts &facts,
                                                    std::shared_ptr<const CostTables> tables,
                                                    const ClusterDesc &cluster, int64_t globalBatch,
                                                    std::vector<int64_t> microBatches);
  ~FullStageModel() override;

  std::string formulaName() const override { return "full"; }
  bool isLegal(PatternId pattern, uint32_t first, uint32_t end) const override;
  std::optional<double> walkStageMs(int64_t microBatch, uint32_t first,
                                    std::span<const OpPlan> ops) const override;
  uint32_t placeKey(uint32_t firstDevice, uint32_t devices) const override;
  PlanCost evaluate(const SearchPlan &plan) override;
  Result<PlanCost> walk(const CompactPlan &plan) const override;
  Result<CompactPlan> chooseStartRecompute(CompactPlan plan) const override;
  void boundOptions(uint32_t opKind, int64_t microBatch, uint32_t devices,
                    std::vector<BoundOption> &options) override;
  bool dropsAlone() const override { return true; }
  bool keepsInFrontOf(uint32_t opKind, uint32_t nextKind) const override;
  int64_t inFlight(uint32_t stagesBehind, int64_t microBatch) const override;

private:
  FullStageModel(const ModelFacts &facts, FullFormula formula, SearchRules rules,
                 const ClusterDesc &cluster, int64_t globalBatch);

  bool rangeCost(const StageQuery &query, RangeCost &cost) override;
  double stageMs(const RangeCost &cost, int64_t recomputeNs) const override;
  bool preparePattern(PatternId id) override;
  std::string whyIllegal(int64_t microBatch, uint32_t first,
                         std::span<const OpPlan> ops) const override;
  void chooseFastestRules(uint32_t block, int64_t microBatch, std::span<OpPlan> ops) const override;
  uint32_t blockContext(uint32_t block) const override;
  MaskFrontier makeFrontier(PatternId pattern, uint32_t block, uint32_t from, uint32_t to,
                            bool isLast) override;

  FullStageSums sumsOf(const StageChoice &stage, const OpPlan *ops);
  /// What stands in front of `position` pays, and what stands behind it.
  struct Boundary {
    FullStageLinks front, behind;
  };
  const Boundary &boundary(uint32_t position, PatternId front, PatternId behind,
                           uint32_t firstDeviceBehind);
  const FullStageLinks &shared(PatternId pattern, uint32_t first, uint32_t end);

  FullFormula formula;
  std::unique_ptr<CrossingOps> crossings;
  std::vector<std::unique_ptr<FullPatternSums>> sums;
  /// By block: the last op that uses anything that it gives.
  std::vector<uint32_t> lastUsers;
  std::vector<uint32_t> sharedUsers;
  /// A layer of the model is more than one block here: costs are walked then.
  bool hasLongBlocks = false;
  std::map<std::tuple<uint32_t, PatternId, PatternId, uint32_t>, Boundary> boundaries;
  std::map<std::pair<PatternId, std::vector<bool>>, FullStageLinks> sharedParts;
};

} // namespace aceso

#endif // ACESO_SEARCH_FULLSTAGEMODEL_H
