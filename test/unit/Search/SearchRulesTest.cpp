//===- SearchRulesTest.cpp - Plans that a search may take -------*- C++ -*-===//

#include "aceso/Search/SearchRules.h"

#include <gmock/gmock.h>

using namespace aceso;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// Tables of the tiny GPT: samples, tp 1, 2, 4.
class SearchRulesTest : public testing::Test {
protected:
  void SetUp() override {
    Result<CostTables> loaded =
        CostTables::load(ACESO_SOURCE_DIR "/test/unit/Cost/golden/tables", "gpt_tiny");
    ASSERT_TRUE(loaded) << loaded.error();
    tables.emplace(std::move(*loaded));
  }
  SearchRules acesoRules() const { return acesoSearchRules(tables->getOps(), {4, 1, 2}); }
  SearchRules fullRules(const ClusterDesc &cluster) const {
    return fullSearchRules(tables->getOps(), cluster, {1, 2, 4, 8});
  }

  /// Stages of so many devices and one op each, of micro-batch 4 on nodes of four devices.
  static CompactPlan planOf(const std::vector<uint32_t> &devices) {
    CompactPlan plan;
    int64_t all = 0;
    for (uint32_t count : devices) {
      plan.stages.push_back({1, count});
      plan.ops.push_back({uint16_t(count), 1, 0, false});
      all += count;
    }
    plan.cluster = {(all + 3) / 4, 4, 1000, ""};
    plan.globalBatch = 16;
    plan.microBatch = 4;
    return plan;
  }

  std::optional<CostTables> tables;
};

} // namespace

TEST_F(SearchRulesTest, AcesoAllowsWhatWasPublished) {
  SearchRules rules = acesoRules();
  EXPECT_THAT(rules.microBatches, ElementsAre(1, 2, 4));
  EXPECT_THAT(rules.stageDevices, ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(rules.tps, ElementsAre(1, 2, 4));
  EXPECT_EQ(rules.maxStages, 16u);
  EXPECT_EQ(checkSearchRules(rules, planOf({4, 2, 1, 1})), "");
  EXPECT_EQ(checkSearchRules(rules, planOf(std::vector<uint32_t>(16, 1))), "");
}

TEST_F(SearchRulesTest, EveryNodeBoundaryIsAStageBoundary) {
  EXPECT_EQ(checkSearchRules(acesoRules(), planOf({2, 4, 2})),
            "stage 1: its devices 2 to 5 lie across a node boundary");
  EXPECT_EQ(checkSearchRules(acesoRules(), planOf({8})),
            "stage 0: its devices 0 to 7 lie across a node boundary");
  // Formula full prices stages of whole nodes.
  EXPECT_TRUE(fullRules({2, 4, 1000, ""}).allowsPlace(0, 8, 4));
  EXPECT_FALSE(fullRules({2, 4, 1000, ""}).allowsPlace(2, 4, 4));
}

TEST_F(SearchRulesTest, RefusalsNameWhatIsAllowed) {
  SearchRules rules = acesoRules();
  EXPECT_EQ(checkSearchRules(rules, planOf(std::vector<uint32_t>(17, 1))),
            "17 stages are more than 16");
  EXPECT_EQ(checkSearchRules(rules, planOf({3, 1})), "stage 0: 3 devices are none of 1, 2, 4, 8");
  CompactPlan plan = planOf({4});
  plan.microBatch = 8;
  EXPECT_EQ(checkSearchRules(rules, plan), "micro-batch 8 is none of 1, 2, 4");
  // Per replica there must be a table: half a sample is none.
  plan = planOf({4, 4});
  plan.microBatch = 2;
  plan.ops[1] = {1, 4, 0, false};
  EXPECT_EQ(
      checkSearchRules(rules, plan),
      "stage 1: op 1: micro-batch 2 over dp 4 is none of 1, 2, 4 samples, for which there are "
      "tables");
  rules.tps = {1, 2};
  EXPECT_EQ(checkSearchRules(rules, planOf({4})), "stage 0: op 0: tp 4 is none of 1, 2");
}

TEST_F(SearchRulesTest, FullAllowsWhatTheTablesHold) {
  // Three devices have no table; eight have one with dp 2 or more.
  EXPECT_THAT(fullRules({1, 8, 1000, ""}).stageDevices, ElementsAre(1, 2, 4, 8));
  // Stages of several nodes are of whole ones.
  EXPECT_THAT(fullRules({4, 2, 1000, ""}).stageDevices, ElementsAre(1, 2, 4, 8));
}
