//===- GoldenTest.cpp - The aceso formula on published plans -*- C++ -*-===//
//
// Every golden plan of the published cost model, except the three with switches that we do not
// offer. Skipped where the data is absent; the set under golden/ never is.
//
//===----------------------------------------------------------------------===//

#include "GoldenSetting.h"

#include "aceso/Cost/InitialPlan.h"
#include "aceso/Cost/PlanCostJson.h"
#include "aceso/Cost/RecomputeChooser.h"

#include <gtest/gtest.h>

using namespace aceso;
using namespace aceso::test;
using nlohmann::json;

namespace {

/// Name of a golden file and how many of its plans are to be compared at least.
struct Setting {
  const char *name;
  bool published;
  int minCompared;
};

class GoldenTest : public testing::TestWithParam<Setting> {
protected:
  void SetUp() override {
    std::string name = GetParam().name;
    if (!GetParam().published) {
      std::string folder = ACESO_SOURCE_DIR "/test/unit/Cost/golden";
      setting = GoldenSetting::load(folder + "/" + name + ".json", folder);
    } else {
      std::optional<std::string> data = sharedDataFolder();
      if (!data)
        GTEST_SKIP()
            << "no published data: set ACESO_SHARED_DIR, or put `shared` beside the checkout";
      setting = GoldenSetting::load(*data + "/golden/" + name + ".json", *data);
    }
    ASSERT_TRUE(setting);
  }

  std::unique_ptr<GoldenSetting> setting;
};

void PrintTo(const Setting &setting, std::ostream *stream) { *stream << setting.name; }

} // namespace

TEST_P(GoldenTest, CostOfEveryPlan) {
  int compared = 0, refused = 0;
  for (const json &entry : setting->golden["cases"]) {
    std::string name = entry["name"];
    if (entry.contains("flag_overrides") && !entry["flag_overrides"].empty())
      continue;
    const json &expected = entry["expected"];
    Result<PlanCost> cost = setting->formula->evaluate(setting->plan(entry["config"]));
    if (missingEntries(expected) > 0) {
      ASSERT_FALSE(cost) << name << ": a look-up has no entry";
      EXPECT_NE(cost.error().find(setting->golden["table_prefix"].get<std::string>()),
                std::string::npos)
          << cost.error();
      EXPECT_NE(cost.error().find(".csv: no "), std::string::npos) << cost.error();
      ++refused;
      continue;
    }
    ASSERT_TRUE(cost) << name << ": " << cost.error();
    expectCost(expected, planCostToJson(*cost), name);
    ++compared;
  }
  EXPECT_GE(compared, GetParam().minCompared);
  std::cout << GetParam().name << ": " << compared << " plans compared, " << refused
            << " refused for want of entries\n";
}

TEST_P(GoldenTest, ChosenRecompute) {
  for (const json &entry : setting->golden["cases"]) {
    if ((entry.contains("flag_overrides") && !entry["flag_overrides"].empty()) ||
        missingEntries(entry["expected"]) > 0)
      continue;
    CompactPlan plan = setting->plan(entry["config"]);
    Result<uint32_t> flags = chooseRecompute(*setting->formula, plan, setting->extraPeakUnits);
    ASSERT_TRUE(flags) << flags.error();
    for (size_t stage = 0; stage < plan.stages.size(); ++stage) {
      std::string digits;
      for (uint32_t op = plan.firstOp(stage); op < plan.firstOp(stage + 1); ++op)
        digits += plan.ops[op].recompute ? '1' : '0';
      EXPECT_EQ(entry["expected"]["stages"][stage]["chosen_recompute"], digits)
          << entry["name"] << " stage " << stage;
    }
  }
}

TEST_P(GoldenTest, InitialPoints) {
  for (const json &point : setting->golden["initial_points"]) {
    InitialPlanOptions options;
    options.numStages = point["num_stages"];
    options.cluster = setting->cluster;
    options.globalBatch = setting->globalBatch;
    options.microBatch = setting->golden["flags"]["--micro-batch-size"][0];
    options.maxTp = setting->maxTp;
    Result<CompactPlan> plan = balancedInitialPlan(setting->facts.ops.size(), options);
    ASSERT_EQ(point["possible"].get<bool>(), bool(plan)) << options.numStages << " stages";
    if (!plan)
      continue;
    EXPECT_EQ(point["micro_batch_size"], plan->microBatch);
    ASSERT_TRUE(chooseRecompute(*setting->formula, *plan, setting->extraPeakUnits));
    for (size_t stage = 0; stage < plan->stages.size(); ++stage) {
      EXPECT_EQ(point["num_gpus"][stage], plan->stages[stage].devices);
      EXPECT_EQ(point["num_ops_in_each_stage"][stage], plan->stages[stage].numOps);
      int flags = 0;
      for (uint32_t op = plan->firstOp(stage); op < plan->firstOp(stage + 1); ++op)
        flags += plan->ops[op].recompute;
      EXPECT_EQ(point["recomputed_ops"][stage], flags)
          << options.numStages << " stages, stage " << stage;
    }
    Result<PlanCost> cost = setting->formula->evaluate(*plan);
    ASSERT_TRUE(cost) << cost.error();
    EXPECT_NEAR(point["iteration_time_ms"], cost->iterationMs, 1e-9 * cost->iterationMs);
    EXPECT_NEAR(point["max_memory_mb"], cost->maxMemoryMiB, 1e-9 * cost->maxMemoryMiB);
    EXPECT_EQ(point["feasible"], cost->feasible);
  }
}

TEST_P(GoldenTest, MoveDeltas) {
  for (const json &entry : setting->golden["cases"]) {
    if (!entry["expected"].contains("move_deltas"))
      continue;
    CompactPlan plan = setting->plan(entry["config"]);
    for (const json &move : entry["expected"]["move_deltas"]) {
      uint32_t from = move["from_stage"], count = move["num_ops"];
      bool forwards = move["towards_stage"] > from;
      if (count == 0)
        continue;
      uint32_t first = forwards ? plan.firstOp(from + 1) - count : plan.firstOp(from);
      Result<AcesoStageSums> sums =
          setting->formula->sumOps(first, count, &plan.ops[first], plan.microBatch);
      ASSERT_TRUE(sums) << sums.error();
      Result<AcesoStageEnds> ends = setting->formula->stageEnds(
          first, count, plan.ops[first], plan.ops[first + count - 1], plan.microBatch);
      ASSERT_TRUE(ends) << ends.error();
      double delta = setting->formula->moveDeltaMs(*sums, *ends, forwards);
      EXPECT_NEAR(move["delta_ms"], delta, 1e-9 * std::abs(delta))
          << entry["name"] << " from " << from << " " << count << " ops";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Settings, GoldenTest,
    testing::Values(Setting{"tiny", false, 12}, Setting{"small_gpt_1_3B", true, 27},
                    Setting{"large_gpt_1_3B", true, 27}, Setting{"large_gpt_6_7B", true, 28},
                    Setting{"scale_layer_8", true, 27}, Setting{"scale_layer_64", true, 27},
                    Setting{"scale_layer_1024", true, 27}, Setting{"small_t5_770M", true, 27},
                    Setting{"large_t5_3B", true, 27}, Setting{"large_t5_11B", true, 26},
                    Setting{"small_resnet_1B", true, 25}, Setting{"large_resnet_2B", true, 27},
                    Setting{"large_resnet_6_8B", true, 29}),
    [](const testing::TestParamInfo<Setting> &info) { return std::string(info.param.name); });
