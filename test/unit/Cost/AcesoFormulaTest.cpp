//===- AcesoFormulaTest.cpp - Sums, terms and errors ------------*- C++ -*-===//
//
// What the golden plans do not show: that prefix sums give what a walk gives, and the errors.
//
//===----------------------------------------------------------------------===//

#include "GoldenSetting.h"
#include "TestFolder.h"

#include "aceso/Cost/InitialPlan.h"
#include "aceso/Cost/RecomputeChooser.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

class AcesoFormulaTest : public testing::Test {
protected:
  void SetUp() override {
    std::string folder = ACESO_SOURCE_DIR "/test/unit/Cost/golden";
    setting = GoldenSetting::load(folder + "/tiny.json", folder);
    ASSERT_TRUE(setting);
  }

  /// The golden plan of this name.
  CompactPlan plan(const std::string &name) {
    for (const nlohmann::json &entry : setting->golden["cases"])
      if (entry["name"] == name)
        return setting->plan(entry["config"]);
    ADD_FAILURE() << "no case " << name;
    return {};
  }

  std::string createError(const ModelFacts &facts) {
    Result<AcesoFormula> formula = AcesoFormula::create(facts, setting->tables);
    return formula ? "no error" : formula.error();
  }

  std::unique_ptr<GoldenSetting> setting;
};

} // namespace

/// Any stage [first, end) of one plan, from prefix sums over ops, seams and flagged seams; the
/// maxima from a walk over what a search would look up.
TEST_F(AcesoFormulaTest, PrefixSumsEqualTheWalk) {
  const AcesoFormula &formula = *setting->formula;
  for (const char *name :
       {"mixed_dp_first", "rules_alternate", "recompute_islands", "open_segment"}) {
    CompactPlan whole = plan(name);
    uint32_t n = whole.ops.size();
    std::vector<AcesoStageSums> prefix(n + 1), seams(n + 1);
    for (uint32_t i = 0; i < n; ++i) {
      AcesoOpTerms terms = *formula.opTerms(i, whole.ops[i], whole.microBatch);
      prefix[i + 1] = prefix[i];
      prefix[i + 1].forwardNs += terms.forwardNs;
      prefix[i + 1].backwardNs += terms.backwardNs;
      prefix[i + 1].idealNs += terms.idealNs;
      prefix[i + 1].recomputeNs += whole.ops[i].recompute ? terms.forwardNs : 0;
      prefix[i + 1].weightUnits += terms.weightUnits;
      prefix[i + 1].heldUnits += terms.heldUnits;
      // seams[i + 1]: all seams up to the one between i - 1 and i.
      seams[i + 1] = seams[i];
      if (i == 0)
        continue;
      if (whole.ops[i].tp * whole.ops[i].dp == whole.ops[i - 1].tp * whole.ops[i - 1].dp) {
        AcesoSeamTerms seam =
            *formula.seamTerms(i, whole.ops[i - 1], whole.ops[i], whole.microBatch);
        seams[i + 1].forwardConversionNs += seam.forwardConversionNs;
        seams[i + 1].backwardConversionNs += seam.backwardConversionNs;
      }
      bool ends = formula.traits(i - 1).isPlainlyHeld() && formula.traits(i).startsSegment;
      if (whole.ops[i - 1].recompute && whole.ops[i].recompute && !ends)
        seams[i + 1].savedUnits +=
            formula.opTerms(i - 1, whole.ops[i - 1], whole.microBatch)->heldUnits;
    }
    for (uint32_t first = 0; first < n; ++first)
      for (uint32_t end = first + 1; end <= n; ++end) {
        // Stages of several device counts are no stages.
        if (whole.ops[first].tp * whole.ops[first].dp !=
            whole.ops[end - 1].tp * whole.ops[end - 1].dp)
          continue;
        Result<AcesoStageSums> walked =
            formula.sumOps(first, end - first, &whole.ops[first], whole.microBatch);
        ASSERT_TRUE(walked) << walked.error();
        AcesoStageSums sums = *walked; // the maxima stay
        sums.forwardNs = prefix[end].forwardNs - prefix[first].forwardNs;
        sums.backwardNs = prefix[end].backwardNs - prefix[first].backwardNs;
        sums.idealNs = prefix[end].idealNs - prefix[first].idealNs;
        sums.recomputeNs = prefix[end].recomputeNs - prefix[first].recomputeNs;
        sums.weightUnits = prefix[end].weightUnits - prefix[first].weightUnits;
        sums.heldUnits = prefix[end].heldUnits - prefix[first].heldUnits;
        sums.forwardConversionNs =
            seams[end].forwardConversionNs - seams[first + 1].forwardConversionNs;
        sums.backwardConversionNs =
            seams[end].backwardConversionNs - seams[first + 1].backwardConversionNs;
        sums.savedUnits = seams[end].savedUnits - seams[first + 1].savedUnits;
        ASSERT_EQ(*walked, sums) << name << " [" << first << ", " << end << ")";
      }
  }
}

/// Over whole layers the peak is the largest of the layers' own.
TEST_F(AcesoFormulaTest, PeakOfARunOfLayersIsTheLargestOfEach) {
  const AcesoFormula &formula = *setting->formula;
  CompactPlan whole = plan("all_recomputed");
  auto peak = [&](uint32_t first, uint32_t numOps) {
    return formula.sumOps(first, numOps, &whole.ops[first], whole.microBatch)->peakUnits;
  };
  // Layers start at ops 1 and 14; each range takes the first op of the layer behind it along, where
  // the segment ends.
  EXPECT_EQ(peak(1, 27), std::max(peak(1, 14), peak(14, 14)));
  EXPECT_GT(peak(1, 27), 0);
}

TEST_F(AcesoFormulaTest, StageMsAndMemoryAreThoseOfFinishStage) {
  const AcesoFormula &formula = *setting->formula;
  CompactPlan mixed = plan("mixed_dp_first");
  PlanCost cost = *formula.evaluate(mixed);
  uint32_t first = mixed.firstOp(1), numOps = mixed.stages[1].numOps;
  AcesoStageSums sums = *formula.sumOps(first, numOps, &mixed.ops[first], mixed.microBatch);
  AcesoStageEnds ends =
      *formula.stageEnds(first, numOps, mixed.ops[first], mixed.ops.back(), mixed.microBatch);
  StagePlace place = stagePlace(mixed.cluster, 2, 2, 0);
  EXPECT_TRUE(place.inCrossNode);
  EXPECT_EQ(formula.stageMs(sums, ends, place), cost.stages[1].stageMs);
  EXPECT_EQ(formula.memoryUnits(sums, ends.inputUnits, 0), cost.stages[1].memoryUnits);
  EXPECT_NE(cost.stages[1].stageMs, cost.stages[1].quickStageMs);
}

TEST_F(AcesoFormulaTest, ErrorsOfCreation) {
  ModelFacts facts = setting->facts;
  facts.ops[3].profileKey = "mystery";
  EXPECT_THAT(createError(facts), HasSubstr("op 'op3': formula 'aceso' has no layout for profile "
                                            "key 'mystery'; use formula=full"));
  facts = setting->facts;
  facts.ops[3].profileKey = "dec-MLP-gelu";
  EXPECT_THAT(createError(facts), HasSubstr("gpt_tiny_*.csv has a row 'dec-MLP-gelu'"));
  facts = setting->facts;
  facts.ops.pop_back();
  EXPECT_THAT(createError(facts), HasSubstr("finds none of: gpt (gpt-post-process)"));
  facts = setting->facts;
  facts.values.push_back(facts.values.back());
  facts.values.back().elementBytes = 4;
  EXPECT_THAT(createError(facts), HasSubstr("4 bytes an element, others have 2"));
  facts.values.clear();
  EXPECT_THAT(createError(facts), HasSubstr("has no parameters"));
}

namespace {

/// The golden tables with some of them written anew.
class ChangedTables {
public:
  ChangedTables() {
    std::filesystem::copy(ACESO_SOURCE_DIR "/test/unit/Cost/golden/tables", folder.path,
                          std::filesystem::copy_options::recursive);
  }
  void writeCollectives(const std::string &rows) {
    for (const std::string &file : folder.files())
      if (file.starts_with("prim_"))
        folder.write(file, "data_size(MB),time(ms)\n" + rows);
  }
  Result<AcesoFormula> makeFormula(const ModelFacts &facts) {
    Result<CostTables> tables = CostTables::load(folder.path, "gpt_tiny");
    EXPECT_TRUE(tables) << tables.error();
    return AcesoFormula::create(facts, std::make_shared<CostTables>(std::move(*tables)));
  }

  TestFolder folder;
};

/// A stage of two devices whose first op leaves its stage's degrees.
CompactPlan mixedPlan(const ModelFacts &facts) {
  CompactPlan plan;
  plan.cluster = {1, 2, 1000, ""};
  plan.globalBatch = plan.microBatch = 2;
  plan.stages = {{uint32_t(facts.ops.size()), 2}};
  plan.ops.assign(facts.ops.size(), OpPlan{2, 1, 0, false});
  plan.ops[0] = {1, 2, 0, false};
  return plan;
}

} // namespace

TEST_F(AcesoFormulaTest, CollectivesOfOtherSizesAreErrors) {
  ChangedTables tables;
  tables.writeCollectives("4000,1\n");
  Result<AcesoFormula> formula = tables.makeFormula(setting->facts);
  ASSERT_TRUE(formula) << formula.error();
  Result<PlanCost> cost = formula->evaluate(mixedPlan(setting->facts));
  ASSERT_FALSE(cost);
  EXPECT_THAT(cost.error(), HasSubstr("gpus.csv: no time for data_size "));
  EXPECT_THAT(cost.error(), HasSubstr("MB; profile that size, or avoid this change of degrees"));
}

TEST_F(AcesoFormulaTest, SkippedCollectivesAreReported) {
  std::string rows;
  for (int size = 0; size < 64; ++size)
    rows += std::to_string(size) + ",1000000\n";
  ChangedTables tables;
  tables.writeCollectives(rows);
  Result<AcesoFormula> formula = tables.makeFormula(setting->facts);
  ASSERT_TRUE(formula) << formula.error();
  Result<PlanCost> cost = formula->evaluate(mixedPlan(setting->facts));
  ASSERT_TRUE(cost) << cost.error();
  ASSERT_EQ(cost->estimates.size(), 1u);
  EXPECT_THAT(cost->estimates[0], HasSubstr("stage 0: the profiler skipped a collective"));
}

TEST_F(AcesoFormulaTest, LinksWithoutAWholeMegabyteAreErrors) {
  ChangedTables tables;
  for (const char *file : {"p2p_intra_node.csv", "p2p_inter_node.csv"})
    tables.folder.write(file, "0.5,2\n1.0,2.0\n");
  Result<AcesoFormula> formula = tables.makeFormula(setting->facts);
  ASSERT_FALSE(formula);
  EXPECT_THAT(formula.error(), HasSubstr("_node.csv: has no bandwidth for messages of 1 MB"));
}

TEST_F(AcesoFormulaTest, RuleWithoutALayoutIsAnError) {
  OpPlan plain{2, 1, 0, false}, extra{2, 1, 2, false};
  Result<AcesoSeamTerms> seam = setting->formula->seamTerms(2, plain, extra, 2);
  ASSERT_FALSE(seam);
  EXPECT_THAT(seam.error(), HasSubstr("no layout for rule 2"));
  Result<AcesoOpTerms> terms = setting->formula->opTerms(2, extra, 2);
  ASSERT_FALSE(terms);
  EXPECT_THAT(terms.error(), HasSubstr("gpt_tiny_mbs2_tp2_algo2.csv: no row for op"));
}

TEST_F(AcesoFormulaTest, ErrorOfAPlanNamesItsStage) {
  Result<PlanCost> cost = setting->formula->evaluate(plan("missing_row"));
  ASSERT_FALSE(cost);
  EXPECT_THAT(cost.error(), HasSubstr("stage 0: "));
  EXPECT_THAT(cost.error(), HasSubstr("gpt_tiny_mbs8_tp2_algo0.csv: no row for op "
                                      "'encoder-embedding' with 8 samples per replica"));
}

/// 16-bit parameters have a main copy and four times their size in moments, 32-bit ones twice.
TEST_F(AcesoFormulaTest, MemoryFactorsFollowTheElementType) {
  ModelFacts facts = setting->facts;
  facts.values.back().elementBytes = 4;
  Result<AcesoFormula> wide = AcesoFormula::create(facts, setting->tables);
  ASSERT_TRUE(wide) << wide.error();
  StageCost half = setting->formula->evaluate(plan("tp_only"))->stages[0];
  StageCost full = wide->evaluate(plan("tp_only"))->stages[0];
  EXPECT_EQ(half.weightsMiB, 3 * half.opWeightsMiB);
  EXPECT_EQ(half.optimizerMiB, 4 * half.opWeightsMiB);
  EXPECT_EQ(full.weightsMiB, full.opWeightsMiB);
  EXPECT_EQ(full.optimizerMiB, 2 * full.opWeightsMiB);
}

TEST_F(AcesoFormulaTest, ChooserStartsFromNothingAndIsIdempotent) {
  CompactPlan once = plan("tp_only");
  for (OpPlan &op : once.ops)
    op.recompute = true;
  ASSERT_TRUE(chooseRecompute(*setting->formula, once, setting->extraPeakUnits));
  CompactPlan twice = once;
  Result<uint32_t> flags = chooseRecompute(*setting->formula, twice, setting->extraPeakUnits);
  ASSERT_TRUE(flags);
  EXPECT_EQ(once, twice);
  EXPECT_GT(*flags, 0u);
  once.cluster.memoryLimitMiB = 1 << 20;
  EXPECT_EQ(*chooseRecompute(*setting->formula, once), 0u) << "everything fits";
}

TEST(InitialPlanTest, DevicesThatCannotBeGivenOut) {
  InitialPlanOptions options;
  options.cluster = {1, 3, 1000, ""};
  options.globalBatch = options.microBatch = 8;
  Result<CompactPlan> plan = balancedInitialPlan(10, options);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error(), HasSubstr("stages=1: 3 devices cannot be given out by doubling"));
  options.numStages = 2;
  ASSERT_TRUE(plan = balancedInitialPlan(10, options));
  EXPECT_EQ(plan->stages[0].devices, 2u);
  EXPECT_EQ(plan->stages[1].devices, 1u);
  options.numStages = 11;
  EXPECT_THAT(balancedInitialPlan(10, options).error(), HasSubstr("can have 1 to 10 stages"));
}
