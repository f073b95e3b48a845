//===- MovesTest.cpp - Moves on IR and on compact plans agree ---*- C++ -*-===//

#include "IR.h"
#include "RandomCompactPlan.h"

#include "aceso/Analysis/PlanCostAnalysis.h"
#include "aceso/Analysis/PlanFacts.h"
#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Dialect/Par/Transforms/Moves.h"
#include "aceso/Dialect/Par/Transforms/Passes.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include <gmock/gmock.h>

#include <map>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

class ParMovesTest : public testing::Test {
protected:
  static void SetUpTestSuite() { par::registerAcesoParPasses(); }

  void SetUp() override {
    module = gptTiny(context.get());
    ASSERT_TRUE(module) << context.takeDiagnostics();
    facts = collectModelFacts(modelOf(*module));
    plan = convertToPlan(modelOf(*module), randomCompactPlan(facts, cluster, globalBatch, random));
  }

  DeviceAxis axis() { return pick(random, 0, 1) ? DeviceAxis::Tp : DeviceAxis::Dp; }

  /// A few neighbouring ops, now and then beyond the end.
  OpRanges ops() {
    uint32_t first = pick(random, 0, facts.ops.size() - 1);
    return OpRanges(first, first + pick(random, 0, 2));
  }

  /// Any move; many are not legal.
  std::unique_ptr<Move> randomMove() {
    uint32_t numStages = par::getStages(plan).size();
    auto stage = [&] { return uint32_t(pick(random, 0, numStages)); };
    switch (pick(random, 0, 7)) {
    case 0:
      return std::make_unique<MoveOps>(stage(), pick(random, -6, 6));
    case 1: {
      // Few draws are legal: the first of some that is, now and then.
      CompactPlan compact = toCompactPlan(plan);
      for (int tries = pick(random, 1, 100);; --tries) {
        std::vector<uint32_t> from = {stage()};
        std::vector<DeviceAxis> axes = {axis()};
        if (pick(random, 0, 1)) {
          from.push_back(stage());
          axes.push_back(axis());
        }
        auto move = std::make_unique<MoveDevices>(from, axes, stage(), axis());
        CompactPlan copy = compact;
        if (tries == 0 || move->apply(copy, facts).empty())
          return move;
      }
    }
    case 2:
      return std::make_unique<ExchangeAxes>(stage(), pick(random, 0, 1) ? ops() : OpRanges(),
                                            axis());
    case 3:
      return std::make_unique<SetMicroBatch>(pick(random, 0, 9));
    case 4:
      return std::make_unique<SetRecompute>(ops(), pick(random, 0, 1));
    case 5:
      return std::make_unique<SetRule>(ops(), pick(random, 0, 3));
    case 6:
      return std::make_unique<SetDegrees>(ops(), pick(random, 1, 4), pick(random, 1, 4));
    default: {
      CompactPlan other = randomCompactPlan(facts, cluster, globalBatch, random);
      std::vector<uint32_t> sizes, devices, tp;
      for (const StagePlan &own : other.stages) {
        sizes.push_back(own.numOps);
        devices.push_back(own.devices);
        tp.push_back(pick(random, 1, own.devices));
      }
      return std::make_unique<SetStages>(sizes, devices, pick(random, 0, 1) ? tp : devices);
    }
    }
  }

  const ClusterDesc cluster = {1, 4, 1000, ""};
  const int64_t globalBatch = 8;
  std::mt19937_64 random{11};
  TestContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ModelFacts facts;
  par::PlanOp plan;
};

} // namespace

/// The same verdict, the same plan, the same words; and what is refused leaves the IR untouched.
TEST_F(ParMovesTest, IRAndCompactPlanAgree) {
  std::map<std::string, std::pair<int, int>> counts;
  for (int i = 0; i < 2000; ++i) {
    std::unique_ptr<Move> move = randomMove();
    CompactPlan before = toCompactPlan(plan), compact = before;
    std::string text = toText(plan);
    std::string refusal = move->apply(compact, facts);
    bool applied = mlir::succeeded(par::applyMove(plan, *move));
    std::string diagnostics = context.takeDiagnostics();
    ASSERT_EQ(applied, refusal.empty()) << move->toString();
    auto &[numApplied, numRefused] = counts[std::string(move->getName())];
    if (applied) {
      ++numApplied;
      EXPECT_EQ(diagnostics, "");
      ASSERT_TRUE(mlir::succeeded(mlir::verify(plan)))
          << move->toString() << ": " << context.takeDiagnostics();
      ASSERT_EQ(toCompactPlan(plan), compact) << move->toString();
    } else {
      ++numRefused;
      EXPECT_EQ(diagnostics, "'par.plan' op " + refusal + "\n");
      ASSERT_EQ(toText(plan), text) << move->toString();
      EXPECT_EQ(before, compact);
    }
  }
  ASSERT_EQ(counts.size(), 8u);
  for (auto &[name, count] : counts) {
    EXPECT_GT(count.first, 10) << name << " applied";
    EXPECT_GT(count.second, 5) << name << " refused";
  }
}

/// What a move estimates is what the analysis finds on the rewritten IR.
TEST_F(ParMovesTest, EstimatesAreWhatTheAnalysisFinds) {
  CostOptions options{ACESO_SOURCE_DIR "/test/unit/Cost/golden/tables", "aceso"};
  Result<PlanFormula> formula = createFormula(options, facts, cluster);
  ASSERT_TRUE(formula) << formula.error();
  int numPriced = 0, numRefused = 0, numWithoutRow = 0;
  for (int i = 0; i < 1000; ++i) {
    std::unique_ptr<Move> move = randomMove();
    CompactPlan before = toCompactPlan(plan);
    Result<PlanCost> estimate = move->estimate(before, facts, *formula);
    EXPECT_EQ(toCompactPlan(plan), before);
    if (mlir::failed(par::applyMove(plan, *move))) {
      ASSERT_FALSE(estimate) << move->toString();
      EXPECT_EQ(context.takeDiagnostics(),
                "'par.plan' op " +
                    estimate.error().substr((move->toString() + ": the plan ").size()) + "\n");
      ++numRefused;
      continue;
    }
    Result<PlanCost> cost = PlanCostAnalysis(plan).getCost(options);
    ASSERT_EQ(bool(estimate), bool(cost)) << move->toString();
    if (cost) {
      EXPECT_EQ(*estimate, *cost) << move->toString();
      ++numPriced;
    } else {
      EXPECT_EQ(estimate.error(), cost.error());
      ++numWithoutRow;
    }
  }
  EXPECT_GT(numPriced, 20);
  EXPECT_GT(numRefused, 20);
  EXPECT_GT(numWithoutRow, 20);
}

/// Any plan from any other, as the pass pipeline that a log shows.
TEST_F(ParMovesTest, PipelinesSayAnyPlan) {
  for (int i = 0; i < 60; ++i) {
    CompactPlan target = randomCompactPlan(facts, cluster, globalBatch, random);
    Result<MoveList> moves = movesBetween(toCompactPlan(plan), target, facts);
    ASSERT_TRUE(moves) << moves.error();
    if (moves->empty())
      continue;
    mlir::PassManager passes(context.get());
    std::string error;
    llvm::raw_string_ostream stream(error);
    ASSERT_TRUE(mlir::succeeded(
        mlir::parsePassPipeline("par.plan(" + toString(*moves) + ")", passes, stream)))
        << error;
    ASSERT_TRUE(mlir::succeeded(passes.run(*module))) << context.takeDiagnostics();
    ASSERT_EQ(toCompactPlan(plan), target) << toString(*moves);
  }
}

TEST_F(ParMovesTest, ListsStopAtARefusal) {
  MoveList moves;
  moves.push_back(std::make_unique<SetStages>(std::vector<uint32_t>{29}, std::vector<uint32_t>{4},
                                              std::vector<uint32_t>{1}));
  moves.push_back(std::make_unique<SetMicroBatch>(3));
  ASSERT_TRUE(mlir::succeeded(par::applyMove(plan, SetMicroBatch(4))));
  EXPECT_TRUE(mlir::failed(par::applyMoves(plan, moves)));
  EXPECT_THAT(context.takeDiagnostics(), HasSubstr("a micro-batch of 3"));
  EXPECT_EQ(par::getStages(plan).size(), 1u) << "the first one stays";
  EXPECT_TRUE(mlir::succeeded(mlir::verify(plan)));
}

TEST_F(ParMovesTest, AMoveRemovesAnOldCost) {
  mlir::Builder builder(context.get());
  auto cost = [&](mlir::Operation *op) { return op->hasAttr(par::ParDialect::getCostAttrName()); };
  plan->setAttr(par::ParDialect::getCostAttrName(), builder.getDictionaryAttr({}));
  par::getStages(plan).front()->setAttr(par::ParDialect::getCostAttrName(),
                                        builder.getDictionaryAttr({}));
  bool value = toCompactPlan(plan).ops[0].recompute;
  ASSERT_TRUE(mlir::succeeded(par::applyMove(plan, SetRecompute(OpRanges(0, 0), value))));
  EXPECT_TRUE(cost(plan)) << "nothing has changed";
  ASSERT_TRUE(mlir::succeeded(par::applyMove(plan, SetRecompute(OpRanges(0, 0), !value))));
  EXPECT_FALSE(cost(plan));
  EXPECT_FALSE(cost(par::getStages(plan).front()));
}
