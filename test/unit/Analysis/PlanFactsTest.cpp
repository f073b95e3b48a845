//===- PlanFactsTest.cpp - IR to facts and back -----------------*- C++ -*-===//

#include "IR.h"
#include "RandomCompactPlan.h"

#include "aceso/Analysis/PlanFacts.h"
#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Cost/PlanCheck.h"

#include "mlir/IR/Verifier.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::ElementsAre;

namespace {

class PlanFactsTest : public testing::Test {
protected:
  void SetUp() override {
    module = gptTiny(context.get());
    ASSERT_TRUE(module) << context.takeDiagnostics();
    facts = collectModelFacts(modelOf(*module));
  }

  const OpFacts &op(const std::string &path) {
    for (const OpFacts &op : facts.ops)
      if (op.path == path)
        return op;
    ADD_FAILURE() << "no op " << path;
    return facts.ops.front();
  }

  TestContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ModelFacts facts;
};

} // namespace

TEST_F(PlanFactsTest, NamesOpsAndValues) {
  EXPECT_EQ(facts.name, "gpt");
  EXPECT_EQ(facts.tablePrefix, "gpt_tiny");
  ASSERT_EQ(facts.ops.size(), 13u * 2 + 3);
  EXPECT_EQ(facts.ops[2].path, "layers.0.attention.qkv");
  EXPECT_EQ(facts.ops[2].profileKey, "enc-attention-qkv");
  EXPECT_EQ(facts.ops[2].numRules, 3u);
  EXPECT_EQ(facts.values[0].path, "ids");
  EXPECT_EQ(facts.values[0].kind, ValueKind::Input);
  EXPECT_THAT(facts.values[0].shape, ElementsAre(ValueFacts::kDynamic, 8));
  EXPECT_EQ(facts.values[2].path, "wte");
  EXPECT_EQ(facts.values[2].kind, ValueKind::Parameter);
  EXPECT_THAT(facts.values[2].shape, ElementsAre(32, 16));
  EXPECT_EQ(facts.values[2].elementBytes, 4u);
}

TEST_F(PlanFactsTest, BlocksAreLayersAndKindsRepeat) {
  EXPECT_EQ(op("embedding").block, 0u);
  EXPECT_EQ(op("layers.0.ln_1").block, 1u);
  EXPECT_EQ(op("layers.0.mlp.add").block, 1u);
  EXPECT_EQ(op("layers.1.ln_1").block, 2u);
  EXPECT_EQ(op("final_ln").block, 3u);
  EXPECT_EQ(op("head").block, 4u);
  EXPECT_EQ(op("layers.0.mlp.fc1").kind, op("layers.1.mlp.fc1").kind);
  EXPECT_NE(op("layers.0.mlp.fc1").kind, op("layers.0.mlp.fc2").kind);
}

/// Every layer of a GPT scales its scores by its number; nothing that is planned depends on it, and
/// a search lives on layers that are alike.
TEST_F(PlanFactsTest, LayersAreAlikeWhateverTheirFactors) {
  mlir::Builder builder(context.get());
  for (nn::NNOp unit : modelOf(*module).getBody().front().getOps<nn::NNOp>())
    if (unit.getPath() == "layers.1.attention.softmax" ||
        unit.getPath() == "layers.1.attention.score")
      unit->setAttr("scale", builder.getF64FloatAttr(7));
  facts = collectModelFacts(modelOf(*module));
  for (const char *name : {"score", "softmax"})
    EXPECT_EQ(op(std::string("layers.0.attention.") + name).kind,
              op(std::string("layers.1.attention.") + name).kind);
  EXPECT_NE(op("layers.0.attention.softmax").kind, op("layers.0.attention.dropout").kind);
}

TEST_F(PlanFactsTest, CompositesAreTheirPrimitives) {
  const OpFacts &qkv = op("layers.0.attention.qkv");
  ASSERT_EQ(qkv.primitives.size(), 2u);
  EXPECT_EQ(qkv.primitives[0].signature.rules, "okk");
  EXPECT_EQ(qkv.primitives[1].signature.rules, "n-n");
  EXPECT_FALSE(qkv.primitives[0].signature.extents.count(batchLetter));
  ValueId merged = qkv.primitives[0].results[0];
  EXPECT_EQ(qkv.primitives[1].operands[0], merged);
  EXPECT_EQ(facts.values[merged].kind, ValueKind::Activation);
  EXPECT_THAT(facts.values[merged].shape, ElementsAre(8, ValueFacts::kDynamic, 48));
  EXPECT_THAT(facts.values[merged].majors, ElementsAre(8, ValueFacts::kDynamic, 4));
  const OpFacts &score = op("layers.0.attention.score");
  EXPECT_EQ(score.primitives[0].operands[0], qkv.primitives[1].results[0]);
  EXPECT_EQ(score.primitives[0].operands[1], qkv.primitives[1].results[1]);
  // The head's loss consists of four.
  EXPECT_EQ(op("head").primitives.size(), 4u);
  EXPECT_EQ(op("head").primitives[0].operands[1], 2u) << "the tied word table";
}

TEST_F(PlanFactsTest, WhoSeesADimensionWholeDecidesItsMajor) {
  // The context's result is heads times head size, which the dense layer reads as one letter.
  const PrimitiveFacts &context = op("layers.0.attention.context").primitives[0];
  EXPECT_THAT(facts.values[context.results[0]].majors, ElementsAre(8, ValueFacts::kDynamic, 16));
  const PrimitiveFacts &linear = op("layers.0.attention.qkv").primitives[0];
  EXPECT_THAT(facts.values[linear.operands[1]].majors, ElementsAre(4, 16)) << "cut between heads";
}

TEST_F(PlanFactsTest, WhatGradientsRead) {
  auto reads = [&](const std::string &path, size_t primitive = 0) {
    return op(path).primitives[primitive];
  };
  EXPECT_THAT(reads("layers.0.mlp.fc1").gradientReadsOperand, ElementsAre(true, true));
  EXPECT_THAT(reads("layers.0.mlp.fc1").gradientReadsResult, ElementsAre(false));
  EXPECT_THAT(reads("layers.0.attention.softmax").gradientReadsOperand, ElementsAre(false));
  EXPECT_THAT(reads("layers.0.attention.softmax").gradientReadsResult, ElementsAre(true));
  EXPECT_THAT(reads("layers.0.attention.add").gradientReadsOperand,
              ElementsAre(false, false, false));
  EXPECT_THAT(reads("embedding", 0).gradientReadsOperand, ElementsAre(true, false, false));
  EXPECT_THAT(reads("embedding", 1).gradientReadsOperand, ElementsAre(false));
  // Layer norm reads x, its scale, and the statistics that it left.
  EXPECT_THAT(reads("final_ln").gradientReadsOperand, ElementsAre(true, true, false));
  EXPECT_THAT(reads("final_ln").gradientReadsResult, ElementsAre(false, true, true));
  // One gradient for the whole cross entropy: it reads logits, maximum, sum and labels.
  EXPECT_TRUE(reads("head", 0).hasOwnGradient);
  for (size_t covered : {1, 2, 3})
    EXPECT_FALSE(reads("head", covered).hasOwnGradient) << covered;
  EXPECT_THAT(reads("head", 2).gradientReadsOperand, ElementsAre(true, true, false));
  EXPECT_THAT(reads("head", 3).gradientReadsOperand, ElementsAre(true, false, true));
}

TEST_F(PlanFactsTest, CostsOfOneSample) {
  // s * o * k multiply-adds; backward does twice as many.
  EXPECT_EQ(op("layers.0.mlp.fc1").forwardFlopsPerSample, 2.0 * 8 * 64 * 16);
  EXPECT_EQ(op("layers.0.mlp.fc1").backwardFlopsPerSample, 4.0 * 8 * 64 * 16);
}

TEST_F(PlanFactsTest, PlanAndModelHaveEqualFacts) {
  std::mt19937_64 random(1);
  CompactPlan compact = randomCompactPlan(facts, {1, 4, 1000, "cpu"}, 8, random);
  par::PlanOp plan = convertToPlan(modelOf(*module), compact);
  ModelFacts ofPlan = collectModelFacts(plan);
  ASSERT_EQ(ofPlan.ops.size(), facts.ops.size());
  EXPECT_EQ(ofPlan.name, facts.name);
  EXPECT_EQ(ofPlan.tablePrefix, facts.tablePrefix);
  ASSERT_EQ(ofPlan.values.size(), facts.values.size());
  for (size_t i = 0; i < facts.values.size(); ++i) {
    EXPECT_EQ(ofPlan.values[i].shape, facts.values[i].shape);
    EXPECT_EQ(ofPlan.values[i].path, facts.values[i].path);
  }
  for (size_t i = 0; i < facts.ops.size(); ++i) {
    EXPECT_EQ(ofPlan.ops[i].path, facts.ops[i].path);
    EXPECT_EQ(ofPlan.ops[i].kind, facts.ops[i].kind);
    EXPECT_EQ(ofPlan.ops[i].block, facts.ops[i].block);
    ASSERT_EQ(ofPlan.ops[i].primitives.size(), facts.ops[i].primitives.size());
    for (size_t p = 0; p < facts.ops[i].primitives.size(); ++p)
      EXPECT_EQ(ofPlan.ops[i].primitives[p].operands, facts.ops[i].primitives[p].operands);
  }
}

TEST_F(PlanFactsTest, CompactPlanToIRAndBack) {
  std::mt19937_64 random(2);
  CompactPlan first = randomCompactPlan(facts, {1, 4, 1000, ""}, 8, random);
  par::PlanOp plan = convertToPlan(modelOf(*module), first);
  EXPECT_EQ(toCompactPlan(plan), first);
  std::string ops = toText(plan.getUnits().front());
  for (int i = 0; i < 200; ++i) {
    ClusterDesc cluster = i % 2 ? ClusterDesc{1, 4, 1000, ""} : ClusterDesc{2, 4, 500, "v100"};
    CompactPlan compact = randomCompactPlan(facts, cluster, i % 3 ? 8 : 12, random);
    applyCompactPlan(plan, compact);
    ASSERT_TRUE(mlir::succeeded(mlir::verify(plan))) << context.takeDiagnostics();
    ASSERT_EQ(toCompactPlan(plan), compact) << toText(plan);
  }
}

TEST_F(PlanFactsTest, ApplyingAnEqualPlanChangesNothing) {
  std::mt19937_64 random(3);
  par::PlanOp plan =
      convertToPlan(modelOf(*module), randomCompactPlan(facts, {1, 4, 1000, ""}, 8, random));
  std::vector<mlir::Operation *> before, after;
  for (mlir::Operation &op : plan.getBody().front())
    before.push_back(&op);
  std::string text = toText(plan);
  applyCompactPlan(plan, toCompactPlan(plan));
  for (mlir::Operation &op : plan.getBody().front())
    after.push_back(&op);
  EXPECT_EQ(before, after);
  EXPECT_EQ(text, toText(plan));
}
