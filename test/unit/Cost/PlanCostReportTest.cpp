//===- PlanCostReportTest.cpp - Reports beside a program's memory -*- C++ -*-===//

#include "aceso/Cost/PlanCostJson.h"
#include "aceso/Cost/PlanCostTable.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace aceso;
using testing::HasSubstr;
using testing::Not;

namespace {

class PlanCostReportTest : public testing::Test {
protected:
  PlanCostReportTest() {
    facts.name = "net";
    facts.ops.resize(1);
    facts.ops[0].path = "layers.0";
    plan.cluster.devicesPerNode = 1;
    plan.cluster.memoryLimitMiB = 100;
    plan.globalBatch = plan.microBatch = 1;
    plan.stages = {{1, 1}};
    plan.ops.resize(1);
    cost = finishPlanCost("full", plan, {StageCost{}});
  }

  std::string table(const std::optional<LoweredMemory> &lowered) {
    Result<CostTables> tables =
        CostTables::load(ACESO_SOURCE_DIR "/test/unit/Cost/golden/tables", "gpt_tiny");
    return planCostTable(cost, plan, facts, *tables, lowered);
  }

  ModelFacts facts;
  CompactPlan plan;
  PlanCost cost;
};

} // namespace

TEST_F(PlanCostReportTest, ProgramMemoryStandsBesideTheFormulas) {
  LoweredMemory lowered{{3 << 20}, ""};
  EXPECT_THAT(table(lowered), HasSubstr("memory MB  program MB  binds"));
  EXPECT_THAT(table(lowered), HasSubstr("  3.0  "));
  CompactPlan plan;
  plan.stages = {{7, 2}};
  auto stage = planCostToJson(cost, lowered, &plan)["stages"][0];
  EXPECT_EQ(stage["ops"], 7);
  EXPECT_EQ(stage["devices"], 2);
  EXPECT_EQ(planCostToJson(cost, lowered)["stages"][0]["program_memory_mb"], 3.0);
  EXPECT_THAT(table(std::nullopt), Not(HasSubstr("program")));
  EXPECT_FALSE(planCostToJson(cost)["stages"][0].contains("program_memory_mb"));
}

TEST_F(PlanCostReportTest, APlanThatCannotBeLoweredSaysWhy) {
  LoweredMemory lowered{{}, "'nn.net' op is strange"};
  EXPECT_THAT(table(lowered), HasSubstr("program    not known: the plan cannot be lowered: "
                                        "'nn.net' op is strange\n"));
  EXPECT_THAT(table(lowered), Not(HasSubstr("program MB")));
  EXPECT_EQ(planCostToJson(cost, lowered)["program_memory_problem"], "'nn.net' op is strange");
}
