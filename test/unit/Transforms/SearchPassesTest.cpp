//===- SearchPassesTest.cpp - The search on IR --------------------------===//

#include "IR.h"
#include "RandomCompactPlan.h"

#include "aceso/Analysis/PlanCostAnalysis.h"
#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Search/Alleviation.h"
#include "aceso/Search/StageModels.h"
#include "aceso/Transforms/Search/Passes.h"

#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace aceso;
using namespace aceso::test;

namespace {

const std::string tablesFolder = ACESO_SOURCE_DIR "/test/unit/Cost/golden/tables";
const std::vector<int64_t> microBatches{1, 2, 4};

std::shared_ptr<const CostTables> tinyTables() {
  Result<CostTables> tables = CostTables::load(tablesFolder, "gpt_tiny");
  EXPECT_TRUE(bool(tables));
  return std::make_shared<const CostTables>(std::move(*tables));
}

class SearchPassesTest : public testing::TestWithParam<const char *> {
protected:
  LogicalResult runSearch(ModuleOp module, int64_t threads) {
    ParSearchPassOptions options;
    options.nodes = 2;
    options.devicesPerNode = 2;
    options.memoryMiB = 300;
    options.globalBatch = 64;
    options.microBatches.assign(microBatches.begin(), microBatches.end());
    options.profiles = tablesFolder;
    options.formula = GetParam();
    options.threads = threads;
    PassManager manager(context.get());
    manager.addPass(createParSearchPass(options));
    return manager.run(module);
  }

  /// A random plan from which a search can start: the tables hold its batches and degrees.
  CompactPlan searchablePlan(StageModel &model, std::mt19937_64 &random) {
    for (;;) {
      std::optional<CompactPlan> plan =
          drawCompactPlan(model.getFacts(), model.getCluster(), model.getGlobalBatch(), random);
      if (plan && checkSearchRules(model.getRules(), *plan).empty() && model.fromCompact(*plan))
        return std::move(*plan);
    }
  }

  std::unique_ptr<StageModel> makeModel(const ModelFacts &facts, const ClusterDesc &cluster) {
    Result<std::unique_ptr<StageModel>> model =
        createStageModel(GetParam(), facts, tables, cluster, 16, microBatches);
    EXPECT_TRUE(bool(model)) << model.error();
    return std::move(*model);
  }

  TestContext context;
  std::shared_ptr<const CostTables> tables = tinyTables();
};

TEST_P(SearchPassesTest, SameIRFromAnyNumberOfThreads) {
  std::string texts[2];
  for (int64_t threads : {1, 2}) {
    OwningOpRef<ModuleOp> module = gptTiny(context.get());
    ASSERT_TRUE(succeeded(runSearch(*module, threads))) << context.takeDiagnostics();
    texts[threads - 1] = toText(*module);
  }
  EXPECT_EQ(texts[0], texts[1]);
}

/// The pass itself compares its prediction with the analysis; here from plans of every kind.
TEST_P(SearchPassesTest, PredictsWhatTheAnalysisFindsFromAnyPlan) {
  std::mt19937_64 random(5);
  unsigned improved = 0;
  for (unsigned i = 0; i < 12; ++i) {
    OwningOpRef<ModuleOp> module = gptTiny(context.get());
    ModelFacts facts = collectModelFacts(modelOf(*module));
    ClusterDesc cluster{1 + i % 2, 2, 400, ""};
    std::unique_ptr<StageModel> model = makeModel(facts, cluster);
    CompactPlan start = searchablePlan(*model, random);
    par::PlanOp plan = convertToPlan(modelOf(*module), start);
    Result<PlanCost> before = PlanCostAnalysis(plan).getCost({tablesFolder, GetParam()});
    ASSERT_TRUE(bool(before)) << before.error();
    ParSearchPassOptions options;
    options.profiles = tablesFolder;
    options.formula = GetParam();
    options.budget = 3000;
    PassManager manager(context.get());
    manager.addPass(createParSearchPass(options));
    ASSERT_TRUE(succeeded(manager.run(*module))) << context.takeDiagnostics();
    Result<PlanCost> after = PlanCostAnalysis(plan).getCost({tablesFolder, GetParam()});
    ASSERT_TRUE(bool(after)) << after.error();
    EXPECT_TRUE(after->feasible);
    EXPECT_TRUE(!before->feasible || after->iterationMs <= before->iterationMs);
    EXPECT_EQ(toCompactPlan(plan).stages.size(), start.stages.size());
    improved += !before->feasible || after->iterationMs < before->iterationMs;
  }
  EXPECT_GE(improved, 10u);
}

/// One step on IR, driven by the analysis, is the step of the compact search.
TEST_P(SearchPassesTest, AlleviatesAsTheCompactSearchDoes) {
  std::mt19937_64 random(11);
  unsigned changed = 0;
  for (unsigned i = 0; i < 30; ++i) {
    OwningOpRef<ModuleOp> module = gptTiny(context.get());
    ModelFacts facts = collectModelFacts(modelOf(*module));
    ClusterDesc cluster{1 + i % 2, 2, i % 3 ? 400 : 150, ""};
    std::unique_ptr<StageModel> model = makeModel(facts, cluster);
    CompactPlan start = searchablePlan(*model, random);
    SearchPlan compact = *model->fromCompact(start);
    Budget budget(*model, 30000);
    Workshop workshop(*model);
    auto judge = [&](const SearchPlan &plan) { return model->evaluate(plan); };
    AlleviationStep step =
        Alleviation(workshop, judge, budget).step(compact, model->evaluate(compact), true, 0);
    CompactPlan expected = step.plan.stages.empty() ? start : model->toCompact(step.plan);

    par::PlanOp plan = convertToPlan(modelOf(*module), start);
    ParAlleviatePassOptions options;
    options.profiles = tablesFolder;
    options.formula = GetParam();
    options.microBatches.assign(microBatches.begin(), microBatches.end());
    PassManager manager(context.get());
    manager.addNestedPass<par::PlanOp>(createParAlleviatePass(options));
    ASSERT_TRUE(succeeded(manager.run(*module))) << context.takeDiagnostics();
    changed += expected != start;
    EXPECT_EQ(toCompactPlan(plan), expected) << "plan " << i;
  }
  EXPECT_GT(changed, 20u);
}

INSTANTIATE_TEST_SUITE_P(Formulas, SearchPassesTest, testing::Values("aceso", "full"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
