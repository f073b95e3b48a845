//===- BruteForceTest.cpp - Search against all there is ---------*- C++ -*-===//
//
// Models small enough that every plan that the rules allow can be priced.
//
//===----------------------------------------------------------------------===//

#include "PublishedSetting.h"

#include "aceso/Search/Search.h"
#include "aceso/Search/StageModels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace aceso;
using namespace aceso::test;

namespace {

/// A few consecutive ops of the tiny GPT's layers, and its loss.
ModelFacts randomFacts(std::mt19937 &random, uint32_t numOps) {
  const char *keys[] = {"enc-1st-layernorm",     "enc-attention-qkv",
                        "enc-attention-score",   "enc-attention-softmax",
                        "enc-attention-dropout", "enc-attention-context",
                        "enc-attention-dense",   "enc-post-attention-dropout",
                        "enc-2nd-layernorm",     "enc-MLP-GEMM-1",
                        "enc-MLP-gelu",          "enc-MLP-GEMM-2",
                        "enc-post-MLP-dropout"};
  ModelFacts facts;
  facts.name = facts.tablePrefix = "gpt_tiny";
  std::map<std::string, uint32_t> kinds;
  uint32_t block = 0, start = random() % std::size(keys);
  for (uint32_t op = 0; op < numOps; ++op) {
    OpFacts one{};
    one.profileKey = op + 1 == numOps ? "gpt-post-process" : keys[(start + op) % std::size(keys)];
    one.path = "op" + std::to_string(op);
    if (op > 0 && one.profileKey == "enc-1st-layernorm")
      ++block;
    one.block = block;
    one.kind = kinds.try_emplace(one.profileKey, kinds.size()).first->second;
    one.numRules = 2;
    facts.ops.push_back(one);
  }
  ValueFacts parameter{};
  parameter.kind = ValueKind::Parameter;
  parameter.path = "w";
  parameter.elementBytes = 2;
  facts.values.push_back(parameter);
  return facts;
}

std::shared_ptr<const CostTables> tinyTables() {
  Result<CostTables> tables =
      CostTables::load(std::string(ACESO_SOURCE_DIR) + "/test/unit/Cost/golden/tables", "gpt_tiny");
  EXPECT_TRUE(bool(tables));
  return std::make_shared<CostTables>(std::move(*tables));
}

/// All plans, by walking; memory limits are looked at afterwards.
struct Priced {
  double iterationMs;
  int64_t memoryUnits;
  bool isUniform; ///< no stage mixes degrees
};

class Enumerator {
public:
  Enumerator(const StageModel &model, const AcesoFormula &formula)
      : model(model), formula(formula) {}

  std::vector<Priced> all() {
    plan.cluster = model.getCluster();
    plan.globalBatch = model.getGlobalBatch();
    plan.ops.resize(model.numOps());
    for (int64_t size : model.getRules().microBatches) {
      plan.microBatch = size;
      plan.stages.clear();
      addStage(0, 0);
    }
    return std::move(priced);
  }

private:
  void addStage(uint32_t first, uint32_t firstDevice) {
    const SearchRules &rules = model.getRules();
    uint32_t devicesLeft = model.getCluster().numDevices() - firstDevice;
    if (first == model.numOps()) {
      if (devicesLeft == 0)
        chooseOp(0, 0, 0);
      return;
    }
    for (uint32_t devices : rules.stageDevices)
      if (devices <= devicesLeft &&
          rules.allowsPlace(firstDevice, devices, model.getCluster().devicesPerNode))
        for (uint32_t end = first + 1; end <= model.numOps(); ++end) {
          plan.stages.push_back({end - first, devices});
          addStage(end, firstDevice + devices);
          plan.stages.pop_back();
        }
  }

  void chooseOp(uint32_t op, uint32_t stage, uint32_t stageFirst) {
    if (op == model.numOps()) {
      Result<PlanCost> cost = formula.evaluate(plan);
      if (!cost)
        return;
      int64_t most = 0;
      for (const StageCost &one : cost->stages)
        most = std::max(most, one.memoryUnits);
      bool isUniform = true;
      uint32_t first = 0;
      for (const StagePlan &one : plan.stages) {
        for (uint32_t i = first; i < first + one.numOps; ++i)
          isUniform &= plan.ops[i].tp == plan.ops[first].tp;
        first += one.numOps;
      }
      priced.push_back({cost->iterationMs, most, isUniform});
      return;
    }
    if (op == stageFirst + plan.stages[stage].numOps)
      return chooseOp(op, stage + 1, op);
    const SearchRules &rules = model.getRules();
    uint32_t devices = plan.stages[stage].devices;
    OpPlan &split = plan.ops[op];
    for (int64_t tp : rules.tps) {
      if (devices % tp != 0 || !rules.allowsDp(plan.microBatch, devices / tp))
        continue;
      split.tp = tp;
      split.dp = devices / tp;
      for (uint8_t rule = 0; rule < (formula.traits(op).tunable ? 2 : 1); ++rule)
        for (bool recompute : {false, true}) {
          split.rule = rule;
          split.recompute = recompute;
          chooseOp(op + 1, stage, stageFirst);
        }
    }
  }

  const StageModel &model;
  const AcesoFormula &formula;
  CompactPlan plan;
  std::vector<Priced> priced;
};

/// The best plan is never beaten, the bound never violated, and the best plan among those that do
/// not mix degrees inside a stage reached, nearly always.
TEST(BruteForceTest, SearchFindsTheBestPlanAndBoundsIt) {
  std::shared_ptr<const CostTables> tables = tinyTables();
  std::mt19937 random(3);
  unsigned searched = 0, reached = 0, missed = 0;
  double worst = 1, loosest = 1;
  for (unsigned trial = 0; trial < 40; ++trial) {
    ModelFacts facts = randomFacts(random, 4 + trial % 2);
    ClusterDesc cluster{1, trial % 4 == 0 ? 1 : 2, 100000, ""};
    std::vector<int64_t> sizes = trial % 2 ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{2};
    int64_t globalBatch = trial % 3 == 0 ? 4 : 32;
    Result<AcesoFormula> formula = AcesoFormula::create(facts, tables);
    ASSERT_TRUE(bool(formula)) << formula.error();
    auto makeModel = [&] {
      return createStageModel("aceso", facts, tables, cluster, globalBatch, sizes);
    };
    auto model = makeModel();
    ASSERT_TRUE(bool(model)) << model.error();
    std::vector<Priced> all = Enumerator(**model, *formula).all();
    ASSERT_FALSE(all.empty());

    std::vector<int64_t> memories;
    for (const Priced &one : all)
      memories.push_back(one.memoryUnits);
    std::sort(memories.begin(), memories.end());
    // Limits that nothing, hardly anything, some plans and all keep.
    for (double part : {-1.0, 0.0, 0.002, 0.05, 0.3, 1.0}) {
      int64_t units = part < 0 ? memories.front() - 2 * unitsPerMiB
                               : memories[size_t(part * double(memories.size() - 1))];
      cluster.memoryLimitMiB = (units + unitsPerMiB - 1) / unitsPerMiB;
      if (cluster.memoryLimitMiB < 1)
        continue;
      double best = INFINITY, bestUniform = INFINITY;
      for (const Priced &one : all)
        if (one.memoryUnits <= cluster.memoryLimitMiB * unitsPerMiB) {
          best = std::min(best, one.iterationMs);
          if (one.isUniform)
            bestUniform = std::min(bestUniform, one.iterationMs);
        }
      Result<SearchResult> result = searchPlan(makeModel, {});
      ASSERT_TRUE(bool(result)) << result.error();
      std::string where =
          "trial " + std::to_string(trial) + ", limit " + std::to_string(cluster.memoryLimitMiB);
      EXPECT_LE(result->leastIterationMs, best * (1 + 1e-12)) << where;
      if (!std::isfinite(bestUniform)) {
        EXPECT_TRUE(!result->feasible || result->cost.iterationMs >= best) << where;
        continue;
      }
      ++searched;
      loosest = std::max(loosest, best / result->leastIterationMs);
      if (!result->feasible) {
        ++missed;
        continue;
      }
      EXPECT_GE(result->cost.iterationMs, best) << where;
      reached += result->cost.iterationMs <= bestUniform;
      worst = std::max(worst, result->cost.iterationMs / bestUniform);
    }
  }
  std::printf("%u of %u searches reach the best plan, the worst %.2f %% off, %u find none; bounds "
              "are up to %.1f %% below the best plan\n",
              reached, searched, (worst - 1) * 100, missed, (loosest - 1) * 100);
  EXPECT_GE(reached, searched * 19 / 20);
  EXPECT_LE(missed, searched / 20);
  EXPECT_LE(worst, 1.06);
}

/// The best flags of one stage, among all.
TEST(BruteForceTest, RecomputationIsNearlyTheBest) {
  auto setting = PublishedSetting::loadTiny();
  ASSERT_TRUE(setting);
  StageModel &model = *setting->model;
  const AcesoFormula &formula = *setting->golden->formula;
  std::mt19937 random(9);
  unsigned stages = 0, optimal = 0;
  double worst = 1;
  for (unsigned trial = 0; trial < 400; ++trial) {
    int64_t size = model.getRules().microBatches[random() % 3];
    uint32_t count = 3 + random() % 8, first = random() % (model.numOps() - count);
    std::optional<PatternId> id = model.uniform(size, 1, 1, RuleSet::Default);
    ASSERT_TRUE(id);
    StageQuery query;
    query.pattern = *id;
    query.first = first;
    query.end = first + count;
    query.behind = random() % 4;
    std::vector<OpPlan> ops(model.pattern(*id).ops.begin() + first,
                            model.pattern(*id).ops.begin() + query.end);
    StagePlace place = stagePlace(model.getCluster(), 0, 1, query.behind);
    Result<AcesoStageEnds> ends = formula.stageEnds(first, count, ops.front(), ops.back(), size);
    ASSERT_TRUE(bool(ends));
    double best = INFINITY;
    for (uint32_t flags = 0; flags < 1u << count; ++flags) {
      for (uint32_t i = 0; i < count; ++i)
        ops[i].recompute = flags >> i & 1;
      Result<AcesoStageSums> sums = formula.sumOps(first, count, ops.data(), size);
      ASSERT_TRUE(bool(sums));
      StageCost cost = formula.finishStage(*sums, *ends, place);
      if (cost.memoryUnits <= model.getLimitUnits())
        best = std::min(best, cost.stageMs);
    }
    std::vector<MaskRun> masks;
    StageValue value = model.solve(query, &masks);
    // The same if a slower one is of no interest, but only where it is faster.
    double solvedMs = value.fits ? value.ms : INFINITY;
    EXPECT_EQ(model.solveBelow(query, 0, INFINITY), solvedMs);
    EXPECT_EQ(model.solveBelow(query, 0, std::nextafter(value.ms, INFINITY)), solvedMs);
    EXPECT_EQ(model.solveBelow(query, 0, value.ms), INFINITY);
    // What is not found is a segment that runs from one layer into the next.
    EXPECT_TRUE(value.fits || !std::isfinite(best) ||
                model.getBlocks().blockOf(first) != model.getBlocks().blockOf(query.end - 1));
    bool recomputes =
        std::any_of(masks.begin(), masks.end(), [](const MaskRun &run) { return run.mask != 0; });
    if (!value.fits || !recomputes)
      continue;
    ++stages;
    EXPECT_GE(value.ms, best);
    optimal += value.ms == best;
    worst = std::max(worst, value.ms / best);
  }
  std::printf("%u of %u stages optimal, the worst %.2f %% off\n", optimal, stages,
              (worst - 1) * 100);
  EXPECT_GE(optimal, stages * 9 / 10);
  EXPECT_LE(worst, 1.05);
}

} // namespace
