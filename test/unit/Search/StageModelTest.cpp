//===- StageModelTest.cpp - Compact costs against walks ---------*- C++ -*-===//

#include "../Cost/GptFacts.h"
#include "PublishedSetting.h"

#include "../../../lib/Search/Partitioner.h"

#include "aceso/Search/FullStageModel.h"
#include "aceso/Search/Remedy.h"

#include "aceso/Cost/RecomputeChooser.h"

#include <gtest/gtest.h>

#include <random>

using namespace aceso;
using namespace aceso::test;

namespace {

/// Random plans that a search's rules allow, with any flags; some op's cost may be missing.
class RandomPlans {
public:
  RandomPlans(StageModel &model, unsigned seed) : model(model), random(seed) {}

  CompactPlan next() {
    const SearchRules &rules = model.getRules();
    CompactPlan plan;
    plan.cluster = model.getCluster();
    plan.globalBatch = model.getGlobalBatch();
    plan.microBatch = pick(rules.microBatches);
    std::vector<uint32_t> devices = randomDevices();
    uint32_t numStages = devices.size(), numOps = model.numOps();
    std::vector<uint32_t> cuts{0, numOps};
    while (cuts.size() < numStages + 1) {
      uint32_t cut = below(numOps - 1) + 1;
      if (std::find(cuts.begin(), cuts.end(), cut) == cuts.end())
        cuts.push_back(cut);
    }
    std::sort(cuts.begin(), cuts.end());
    for (uint32_t stage = 0; stage < numStages; ++stage) {
      plan.stages.push_back({cuts[stage + 1] - cuts[stage], devices[stage]});
      OpPlan split = randomSplit(plan.microBatch, devices[stage]);
      bool isMixed = below(4) == 0, hasRules = below(3) == 0;
      unsigned flags = below(4);
      for (uint32_t op = cuts[stage]; op < cuts[stage + 1]; ++op) {
        if (isMixed && below(20) == 0)
          split = randomSplit(plan.microBatch, devices[stage]);
        split.rule = hasRules && below(5) == 0;
        split.recompute = flags == 1 || (flags >= 2 && below(flags == 2 ? 2 : 6) != 0);
        plan.ops.push_back(split);
      }
    }
    return plan;
  }

private:
  uint32_t below(uint32_t bound) { return random() % bound; }
  template <typename T> T pick(const std::vector<T> &values) {
    return values[below(values.size())];
  }

  std::vector<uint32_t> randomDevices() {
    const ClusterDesc &cluster = model.getCluster();
    std::vector<uint32_t> devices;
    for (uint32_t used = 0, next; used < cluster.numDevices(); used += next) {
      do
        next = pick(model.getRules().stageDevices);
      while (used + next > cluster.numDevices() ||
             !model.getRules().allowsPlace(used, next, cluster.devicesPerNode));
      devices.push_back(next);
    }
    return devices;
  }
  OpPlan randomSplit(int64_t microBatch, uint32_t devices) {
    OpPlan split;
    do {
      split.tp = pick(model.getRules().tps);
      split.dp = std::max<uint32_t>(devices / split.tp, 1);
    } while (split.tp * split.dp != devices ||
             (split.tp < devices && !model.getRules().allowsDp(microBatch, split.dp)));
    return split;
  }

  StageModel &model;
  std::mt19937 random;
};

/// The search's cost of a plan is the formula's, bit for bit, whatever the plan.
void expectSameCosts(StageModel &model, unsigned count, unsigned minLegal) {
  RandomPlans plans(model, 7);
  unsigned legal = 0;
  for (unsigned i = 0; i < count; ++i) {
    CompactPlan plan = plans.next();
    Result<PlanCost> walked = model.walk(plan);
    Result<SearchPlan> compact = model.fromCompact(plan);
    ASSERT_EQ(bool(walked), bool(compact)) << (walked ? compact.error() : walked.error());
    if (!walked)
      continue;
    ++legal;
    ASSERT_EQ(model.toCompact(*compact), plan);
    PlanCost cost = model.evaluate(*compact);
    ASSERT_EQ(cost, *walked) << "plan " << i;
  }
  EXPECT_GE(legal, minLegal);
}

/// What solve promises of a stage is what the stage then costs. `minOps`: only where all stages
/// have so many, because values that skip a stage are not foreseen.
void expectSolvedStages(StageModel &model, unsigned count, uint32_t minOps = 1) {
  RandomPlans plans(model, 11);
  unsigned solved = 0, recomputed = 0;
  for (unsigned i = 0; i < count; ++i) {
    CompactPlan plan = plans.next();
    Result<SearchPlan> compact = model.fromCompact(plan);
    bool isLong = std::all_of(plan.stages.begin(), plan.stages.end(),
                              [&](const StagePlan &stage) { return stage.numOps >= minOps; });
    if (!compact || !isLong)
      continue;
    std::vector<StageValue> values;
    uint32_t firstDevice = 0;
    for (size_t s = 0; s < compact->stages.size(); ++s) {
      StageChoice &stage = compact->stages[s];
      StageQuery query;
      query.pattern = stage.pattern;
      query.first = stage.first;
      query.end = stage.end;
      query.firstDevice = firstDevice;
      query.behind = compact->stages.size() - 1 - s;
      if (s > 0)
        query.before = compact->stages[s - 1].pattern;
      if (query.behind > 0)
        query.after = compact->stages[s + 1].pattern;
      StageValue value = model.solve(query, &stage.masks);
      StageValue again = model.solve(query);
      ASSERT_EQ(again.ms, value.ms);
      ASSERT_EQ(again.memoryUnits, value.memoryUnits);
      values.push_back(value);
      firstDevice += model.pattern(stage.pattern).devices;
    }
    PlanCost cost = model.evaluate(*compact);
    Result<PlanCost> walked = model.walk(model.toCompact(*compact));
    ASSERT_TRUE(bool(walked));
    ASSERT_EQ(cost, *walked);
    for (size_t s = 0; s < values.size(); ++s) {
      ++solved;
      recomputed += cost.stages[s].recomputeUs > 0;
      EXPECT_EQ(cost.stages[s].stageMs, values[s].ms);
      EXPECT_LE(cost.stages[s].memoryUnits, values[s].memoryUnits)
          << "plan " << i << " stage " << s;
      if (values[s].fits) {
        EXPECT_TRUE(cost.stages[s].withinLimit);
      }
    }
  }
  EXPECT_GT(recomputed, solved / 50);
}

/// No plan that fits is below the bound of its stage count and micro-batch.
void expectBounds(StageModel &model, unsigned count) {
  RandomPlans plans(model, 13);
  Workshop workshop(model);
  unsigned fitting = 0;
  for (unsigned i = 0; i < count; ++i) {
    CompactPlan plan = plans.next();
    Result<SearchPlan> compact = model.fromCompact(plan);
    if (!compact)
      continue;
    // As drawn, and with the best recomputation.
    for (bool solved : {false, true}) {
      uint32_t firstDevice = 0;
      for (size_t s = 0; s < compact->stages.size() && solved; ++s) {
        StageChoice &stage = compact->stages[s];
        StageQuery query;
        query.pattern = stage.pattern;
        query.first = stage.first;
        query.end = stage.end;
        query.firstDevice = firstDevice;
        query.behind = compact->stages.size() - 1 - s;
        model.solve(query, &stage.masks);
        firstDevice += model.pattern(stage.pattern).devices;
      }
      PlanCost cost = model.evaluate(*compact);
      if (!cost.feasible)
        continue;
      ++fitting;
      const ReachBound &bound = workshop.partitioner(plan.microBatch).getBound();
      ASSERT_GE(cost.iterationMs, bound.leastIterationMs(plan.stages.size(), 1e12))
          << "plan " << i << " of " << plan.stages.size() << " stages";
    }
  }
  EXPECT_GT(fitting, 0u);
}

/// Formula `full` for a GPT on tables in `folder`.
std::unique_ptr<StageModel> fullModel(const GptSize &size, const std::string &folder,
                                      const std::string &prefix, const ClusterDesc &cluster,
                                      int64_t globalBatch, std::vector<int64_t> microBatches) {
  Result<CostTables> tables = CostTables::load(folder, prefix);
  if (!tables) {
    ADD_FAILURE() << tables.error();
    return nullptr;
  }
  Result<std::unique_ptr<StageModel>> model =
      FullStageModel::create(gptFacts(size), std::make_shared<CostTables>(std::move(*tables)),
                             cluster, globalBatch, std::move(microBatches));
  if (!model) {
    ADD_FAILURE() << model.error();
    return nullptr;
  }
  return std::move(*model);
}

TEST(FullStageModelTest, TinyPlansCostWhatTheFormulaSays) {
  auto model = fullModel(GptSize(), std::string(ACESO_SOURCE_DIR) + "/test/unit/Cost/golden/tables",
                         "gpt_tiny", {2, 2, 300, ""}, 64, {1, 2, 4});
  ASSERT_TRUE(model);
  expectSameCosts(*model, 2000, 300);
  expectSolvedStages(*model, 1000, 9);
  expectBounds(*model, 1000);
}

TEST(FullStageModelTest, PublishedTables) {
  std::optional<std::string> data = sharedDataFolder();
  if (!data)
    GTEST_SKIP() << "no published data: set ACESO_SHARED_DIR";
  auto model = fullModel({24, 2048, 2048, 32, 51200, 2}, *data + "/aceso-v100/small", "gpt_1_3B",
                         {1, 4, 12000, ""}, 512, {1, 2, 4, 8});
  ASSERT_TRUE(model);
  expectSameCosts(*model, 200, 40);
  expectSolvedStages(*model, 100, 9);
  expectBounds(*model, 300);
}

TEST(StageModelTest, TinyPlansCostWhatTheFormulaSays) {
  auto setting = PublishedSetting::loadTiny();
  ASSERT_TRUE(setting);
  expectSameCosts(*setting->model, 3000, 300);
  expectSolvedStages(*setting->model, 1000);
  expectBounds(*setting->model, 1000);
}

class PublishedStageModelTest : public testing::TestWithParam<const char *> {};

TEST_P(PublishedStageModelTest, PlansCostWhatTheFormulaSays) {
  auto setting = PublishedSetting::load(GetParam());
  if (!setting)
    GTEST_SKIP() << "no published data: set ACESO_SHARED_DIR";
  expectSameCosts(*setting->model, 400, 40);
  expectSolvedStages(*setting->model, 200);
  expectBounds(*setting->model, 300);
}

INSTANTIATE_TEST_SUITE_P(Settings, PublishedStageModelTest,
                         testing::Values("small_gpt_1_3B", "large_gpt_6_7B", "scale_layer_64",
                                         "large_t5_3B", "small_resnet_1B"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
