//===- PlanCheckTest.cpp - checkPlan and the verifier agree -----*- C++ -*-===//

#include "IR.h"
#include "RandomCompactPlan.h"

#include "aceso/Analysis/PlanFacts.h"
#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Cost/PlanCheck.h"

#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>

#include <map>

using namespace aceso;
using namespace aceso::test;

/// Breaks something, perhaps.
static void disturb(CompactPlan &plan, std::mt19937_64 &random) {
  OpPlan &op = plan.ops[pick(random, 0, plan.ops.size() - 1)];
  StagePlan &stage = plan.stages[pick(random, 0, plan.stages.size() - 1)];
  switch (pick(random, 0, 6)) {
  case 0:
    op.tp = pick(random, 1, 4);
    break;
  case 1:
    op.dp = pick(random, 1, 4);
    break;
  case 2:
    std::swap(op.tp, op.dp);
    break;
  case 3:
    op.rule = pick(random, 0, 3);
    break;
  case 4:
    plan.microBatch = pick(random, 1, 12);
    break;
  case 5:
    stage.devices = pick(random, 1, 8);
    break;
  case 6:
    std::swap(stage.devices, plan.stages.front().devices);
    break;
  }
  // Devices and degrees fit together again, half of the time.
  if (pick(random, 0, 1))
    return;
  uint32_t first = 0;
  for (const StagePlan &each : plan.stages)
    for (uint32_t end = first + each.numOps; first < end; ++first)
      if (OpPlan &own = plan.ops[first]; uint32_t(own.tp) * own.dp != each.devices) {
        own.tp = each.devices;
        own.dp = 1;
      }
}

/// Every invariant that a compact plan can break is met, and the verifier's verdict is the same.
TEST(PlanCheckTest, AgreesWithTheVerifier) {
  TestContext context;
  // Three heads, 24 features: not everything divides.
  auto module = gptTiny(context.get(), {"n_head=3", "n_embd=24", "n_layer=1"});
  ASSERT_TRUE(module) << context.takeDiagnostics();
  ModelFacts facts = collectModelFacts(modelOf(*module));
  std::mt19937_64 random(7);
  par::PlanOp plan =
      convertToPlan(modelOf(*module), randomCompactPlan(facts, {2, 3, 1000, ""}, 12, random));
  std::map<int, int> broken;
  int legal = 0;
  for (int i = 0; i < 3000; ++i) {
    ClusterDesc cluster = i % 2 ? ClusterDesc{2, 3, 1000, ""} : ClusterDesc{2, 4, 1000, ""};
    CompactPlan compact = randomCompactPlan(facts, cluster, 12, random);
    for (int64_t n = pick(random, 1, 2); n > 0; --n)
      disturb(compact, random);
    std::optional<PlanViolation> violation = checkPlan(compact, facts);
    applyCompactPlan(plan, compact);
    bool verified = mlir::succeeded(mlir::verify(plan));
    std::string message = context.takeDiagnostics();
    ASSERT_EQ(verified, !violation) << (violation ? violation->message : message);
    if (violation)
      ++broken[int(violation->invariant)];
    else
      ++legal;
  }
  EXPECT_GT(legal, 100);
  for (PlanInvariant invariant :
       {PlanInvariant::ShardsFillTheirStage, PlanInvariant::StagesFillTheCluster,
        PlanInvariant::StagesKeepToNodes, PlanInvariant::OneFactorisation, PlanInvariant::Batches,
        PlanInvariant::DegreesDivide})
    EXPECT_GT(broken[int(invariant)], 0) << "C" << int(invariant);
}

TEST(PlanCheckTest, AStageNeedsOps) {
  TestContext context;
  auto module = gptTiny(context.get());
  ModelFacts facts = collectModelFacts(modelOf(*module));
  CompactPlan compact;
  compact.cluster = {1, 2, 1000, ""};
  compact.stages = {{0, 1}, {29, 1}};
  compact.ops.resize(29);
  std::optional<PlanViolation> violation = checkPlan(compact, facts);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->invariant, PlanInvariant::StageHasOps);
  EXPECT_EQ(violation->message, "would have no ops in stage 0");
}
