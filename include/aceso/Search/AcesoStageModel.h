//===- AcesoStageModel.h - The published formula, for searching -*- C++ -*-===//

#ifndef ACESO_SEARCH_ACESOSTAGEMODEL_H
#define ACESO_SEARCH_ACESOSTAGEMODEL_H

#include "aceso/Cost/AcesoFormula.h"
#include "aceso/Search/StageModel.h"

namespace aceso {

class AcesoPatternSums;

class AcesoStageModel : public StageModel {
public:
  /// `microBatches`: those to choose from. `chooserPeakUnits`: what the recompute chooser of start
  /// plans adds to a stage's memory. Error: the formula does not know the model or its tables.
  static Result<std::unique_ptr<StageModel>> create(const ModelFacts &facts,
                                                    std::shared_ptr<const CostTables> tables,
                                                    const ClusterDesc &cluster, int64_t globalBatch,
                                                    std::vector<int64_t> microBatches,
                                                    int64_t chooserPeakUnits = 0);
  ~AcesoStageModel() override;

  std::string formulaName() const override { return "aceso"; }
  bool isLegal(PatternId pattern, uint32_t first, uint32_t end) const override;
  uint32_t placeKey(uint32_t firstDevice, uint32_t devices) const override;
  std::optional<double> walkStageMs(int64_t microBatch, uint32_t first,
                                    std::span<const OpPlan> ops) const override;
  PlanCost evaluate(const SearchPlan &plan) override;
  Result<PlanCost> walk(const CompactPlan &plan) const override;
  Result<CompactPlan> chooseStartRecompute(CompactPlan plan) const override;
  void boundOptions(uint32_t opKind, int64_t microBatch, uint32_t devices,
                    std::vector<BoundOption> &options) override;
  bool dropsAlone() const override { return false; }
  bool keepsInFrontOf(uint32_t opKind, uint32_t nextKind) const override;
  int64_t inFlight(uint32_t stagesBehind, int64_t microBatch) const override;

private:
  AcesoStageModel(const ModelFacts &facts, AcesoFormula formula, SearchRules rules,
                  const ClusterDesc &cluster, int64_t globalBatch, int64_t chooserPeakUnits);

  bool rangeCost(const StageQuery &query, RangeCost &cost) override;
  double stageMs(const RangeCost &cost, int64_t recomputeNs) const override;
  bool preparePattern(PatternId id) override;
  std::string whyIllegal(int64_t microBatch, uint32_t first,
                         std::span<const OpPlan> ops) const override;
  void chooseFastestRules(uint32_t block, int64_t microBatch, std::span<OpPlan> ops) const override;
  uint32_t blockContext(uint32_t block) const override;
  MaskFrontier makeFrontier(PatternId pattern, uint32_t block, uint32_t from, uint32_t to,
                            bool isLast) override;

  struct FlagTotals;
  FlagTotals addUpFlags(const StageChoice &stage) const;

  AcesoFormula formula;
  int64_t chooserPeakUnits;
  std::vector<std::unique_ptr<AcesoPatternSums>> sums;
};

} // namespace aceso

#endif // ACESO_SEARCH_ACESOSTAGEMODEL_H
