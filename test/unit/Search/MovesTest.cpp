//===- MovesTest.cpp - What moves do to plans, and refuse -------*- C++ -*-===//

#include "GptFacts.h"
#include "RandomCompactPlan.h"

#include "aceso/Cost/PlanCheck.h"
#include "aceso/Search/Moves.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

constexpr DeviceAxis tp = DeviceAxis::Tp, dp = DeviceAxis::Dp;

/// GPT of 29 ops on 1 node of 4 devices: stages of 10, 10 and 9 ops on 2, 1 and 1 devices.
class MovesTest : public testing::Test {
protected:
  MovesTest() {
    plan.cluster = {1, 4, 1000, ""};
    plan.globalBatch = 8;
    plan.microBatch = 2;
    plan.stages = {{10, 2}, {10, 1}, {9, 1}};
    OpPlan two;
    two.tp = 2;
    plan.ops.assign(10, two);
    plan.ops.resize(29);
  }

  /// Applies a move that must be refused and leave the plan alone; gives the reason.
  std::string refusal(const Move &move) {
    CompactPlan before = plan;
    std::string reason = move.apply(plan, facts);
    EXPECT_FALSE(reason.empty()) << move.toString();
    EXPECT_EQ(before, plan) << move.toString();
    return reason;
  }

  void apply(const Move &move) {
    ASSERT_EQ(move.apply(plan, facts), "") << move.toString();
    ASSERT_FALSE(checkPlan(plan, facts));
  }

  ModelFacts facts = gptFacts({});
  CompactPlan plan;
};

} // namespace

TEST_F(MovesTest, MoveOpsForwardsTakesTheNeighboursDegrees) {
  plan.ops[9].rule = 1;
  plan.ops[8].recompute = true;
  apply(MoveOps(0, 2));
  EXPECT_EQ(plan.stages, (std::vector<StagePlan>{{8, 2}, {12, 1}, {9, 1}}));
  EXPECT_EQ(plan.ops[8], (OpPlan{1, 1, 0, true})) << "keeps its flag";
  EXPECT_EQ(plan.ops[9], (OpPlan{1, 1, 1, false})) << "keeps its rule";
  EXPECT_EQ(plan.ops[7], (OpPlan{2, 1, 0, false}));
}

TEST_F(MovesTest, MoveOpsBackwards) {
  apply(MoveOps(0, -3));
  EXPECT_EQ(plan.stages, (std::vector<StagePlan>{{13, 2}, {7, 1}, {9, 1}}));
  EXPECT_EQ(plan.ops[12], (OpPlan{2, 1, 0, false}));
  EXPECT_EQ(plan.ops[13], (OpPlan{1, 1, 0, false}));
}

TEST_F(MovesTest, MoveOpsRefuses) {
  EXPECT_EQ(refusal(MoveOps(3, 1)), "has no stage 3: its stages are 0 to 2");
  EXPECT_EQ(refusal(MoveOps(2, 1)), "has no stage after stage 2 to move ops to");
  EXPECT_EQ(refusal(MoveOps(2, -1)), "has no stage after stage 2 to take ops from");
  EXPECT_EQ(refusal(MoveOps(0, 0)), "is not changed by count=0");
  EXPECT_THAT(refusal(MoveOps(0, 10)),
              HasSubstr("cannot move 10 ops out of stage 0, which has 10"));
  EXPECT_THAT(refusal(MoveOps(0, -10)), HasSubstr("cannot move 10 ops out of stage 1"));
  EXPECT_THAT(refusal(MoveOps(0, INT64_MIN)), HasSubstr("ops out of stage 1"));
}

TEST_F(MovesTest, MoveOpsRefusesDegreesThatDoNotDivide) {
  // Three heads cannot be split over two devices; layer norms can be.
  facts = gptFacts({.hidden = 12, .heads = 3});
  plan.stages = {{2, 2}, {18, 1}, {9, 1}};
  for (uint32_t op = 2; op < 10; ++op)
    plan.ops[op].tp = 1;
  ASSERT_FALSE(checkPlan(plan, facts));
  EXPECT_THAT(refusal(MoveOps(0, -1)),
              HasSubstr("cannot run with tp 2, dp 1, rule 0 at a micro-batch of 2: op "
                        "'layers.0.qkv': tp 2 does not divide letter o of size 3"));
}

TEST_F(MovesTest, MoveDevices) {
  apply(MoveDevices({0}, {tp}, 2, dp));
  EXPECT_EQ(plan.stages, (std::vector<StagePlan>{{10, 1}, {10, 1}, {9, 2}}));
  EXPECT_EQ(plan.ops[0], (OpPlan{1, 1, 0, false}));
  EXPECT_EQ(plan.ops[28], (OpPlan{1, 2, 0, false}));
}

TEST_F(MovesTest, MoveDevicesFromSeveralStages) {
  plan.cluster.devicesPerNode = 8;
  plan.globalBatch = plan.microBatch = 12;
  plan.stages = {{10, 2}, {10, 2}, {9, 4}};
  for (uint32_t op = 0; op < 29; ++op) {
    plan.ops[op].tp = op < 10 ? 2 : op < 20 ? 1 : 4;
    plan.ops[op].dp = op < 10 || op >= 20 ? 1 : 2;
  }
  ASSERT_FALSE(checkPlan(plan, facts));
  // Twice from the last stage, once from the second: 2 + 1 + 1 = two times what stage 0 has.
  apply(MoveDevices({2, 2, 1}, {tp, tp, dp}, 0, dp));
  EXPECT_EQ(plan.stages, (std::vector<StagePlan>{{10, 6}, {10, 1}, {9, 1}}));
  EXPECT_EQ(plan.ops[0], (OpPlan{2, 3, 0, false}));
}

TEST_F(MovesTest, MoveDevicesRefuses) {
  EXPECT_THAT(refusal(MoveDevices({}, {}, 0, tp)), HasSubstr("one axis for each stage"));
  EXPECT_THAT(refusal(MoveDevices({0}, {tp, dp}, 1, tp)), HasSubstr("one axis for each stage"));
  EXPECT_THAT(refusal(MoveDevices({0}, {tp}, 3, tp)), HasSubstr("has no stage 3"));
  EXPECT_THAT(refusal(MoveDevices({5}, {tp}, 0, tp)), HasSubstr("has no stage 5"));
  EXPECT_THAT(refusal(MoveDevices({1}, {tp}, 1, tp)), HasSubstr("from stage 1 to itself"));
  EXPECT_THAT(refusal(MoveDevices({0}, {dp}, 1, tp)), HasSubstr("cannot halve dp 1 of op 0"));
  EXPECT_THAT(refusal(MoveDevices({1}, {tp}, 0, tp)), HasSubstr("cannot halve tp 1 of op 10"));
  plan.microBatch = 1;
  EXPECT_THAT(refusal(MoveDevices({0}, {tp}, 2, dp)),
              HasSubstr("dp 2 does not divide letter b of size 1"));
}

TEST_F(MovesTest, MoveDevicesRefusesUnevenShares) {
  plan.cluster.devicesPerNode = 5;
  plan.stages[2].devices = 2;
  for (uint32_t op = 20; op < 29; ++op)
    plan.ops[op].tp = 2;
  ASSERT_FALSE(checkPlan(plan, facts));
  EXPECT_EQ(refusal(MoveDevices({0}, {tp}, 2, tp)),
            "cannot grow stage 2 of 2 devices by 1: the sum must be a multiple of what it has");
}

TEST_F(MovesTest, MoveDevicesRefusesToStraddleNodes) {
  plan.cluster = {2, 4, 1000, ""};
  plan.stages = {{10, 4}, {10, 2}, {9, 2}};
  for (uint32_t op = 0; op < 29; ++op)
    plan.ops[op].tp = op < 10 ? 4 : 2;
  ASSERT_FALSE(checkPlan(plan, facts));
  // 2 + 4 + 2: the second stage would lie on both nodes.
  EXPECT_THAT(refusal(MoveDevices({0}, {tp}, 1, tp)),
              HasSubstr("stage 1 on devices 2 to 5, which straddle nodes of 4"));
}

TEST_F(MovesTest, ExchangeAxes) {
  apply(ExchangeAxes(0, {}, dp));
  for (uint32_t op = 0; op < 10; ++op)
    EXPECT_EQ(plan.ops[op], (OpPlan{1, 2, 0, false}));
  apply(ExchangeAxes(0, OpRanges(2, 4), tp));
  EXPECT_EQ(plan.ops[1], (OpPlan{1, 2, 0, false}));
  EXPECT_EQ(plan.ops[2], (OpPlan{2, 1, 0, false}));
  EXPECT_EQ(plan.ops[4], (OpPlan{2, 1, 0, false}));
  EXPECT_EQ(plan.ops[5], (OpPlan{1, 2, 0, false}));
}

TEST_F(MovesTest, ExchangeAxesRefuses) {
  EXPECT_THAT(refusal(ExchangeAxes(3, {}, tp)), HasSubstr("has no stage 3"));
  EXPECT_EQ(refusal(ExchangeAxes(0, {}, tp)), "cannot halve dp 1 of op 0 in stage 0");
  EXPECT_EQ(refusal(ExchangeAxes(0, OpRanges(8, 10), dp)),
            "has ops 0 to 9 in stage 0, not all of 8-10");
  EXPECT_THAT(refusal(ExchangeAxes(0, OpRanges(28, 29), dp)), HasSubstr("has no op 29"));
  plan.microBatch = 1;
  EXPECT_THAT(refusal(ExchangeAxes(0, {}, dp)), HasSubstr("dp 2 does not divide letter b"));
}

TEST_F(MovesTest, SetMicroBatch) {
  apply(SetMicroBatch(8));
  EXPECT_EQ(plan.microBatch, 8);
  apply(ExchangeAxes(0, {}, dp));
  EXPECT_EQ(refusal(SetMicroBatch(3)), "would have a global batch of 8 and a micro-batch of 3 "
                                       "samples; the first must be a multiple of the second, both "
                                       "above 0");
  EXPECT_THAT(refusal(SetMicroBatch(0)), HasSubstr("a micro-batch of 0"));
  EXPECT_THAT(refusal(SetMicroBatch(1)), HasSubstr("dp 2 does not divide letter b of size 1"));
}

TEST_F(MovesTest, SetRecompute) {
  OpRanges ops = OpRanges::of({0, 1, 2, 7});
  apply(SetRecompute(ops, true));
  for (uint32_t op = 0; op < 29; ++op)
    EXPECT_EQ(plan.ops[op].recompute, op < 3 || op == 7) << op;
  apply(SetRecompute(OpRanges(1, 28), false));
  EXPECT_TRUE(plan.ops[0].recompute);
  EXPECT_FALSE(plan.ops[7].recompute);
  EXPECT_EQ(refusal(SetRecompute(OpRanges(4, 29), true)), "has no op 29: its ops are 0 to 28");
  EXPECT_THAT(refusal(SetRecompute({}, true)), HasSubstr("needs the option ops"));
}

TEST_F(MovesTest, SetRule) {
  apply(SetRule(OpRanges::of({2, 7}), 1));
  EXPECT_EQ(plan.ops[2].rule, 1);
  EXPECT_EQ(plan.ops[3].rule, 0);
  EXPECT_EQ(plan.ops[7].rule, 1);
  EXPECT_THAT(refusal(SetRule(OpRanges(0, 3), 2)), HasSubstr("rule 2 does not exist"));
  EXPECT_EQ(refusal(SetRule(OpRanges(0, 3), 300)), "has no op with a rule 300");
}

TEST_F(MovesTest, SetDegrees) {
  apply(SetDegrees(OpRanges(3, 5), 1, 2));
  EXPECT_EQ(plan.ops[3], (OpPlan{1, 2, 0, false}));
  EXPECT_EQ(plan.ops[6], (OpPlan{2, 1, 0, false}));
  EXPECT_THAT(refusal(SetDegrees(OpRanges(3, 5), 2, 2)),
              HasSubstr("tp 2 x dp 2 = 4 devices, but stage 0 has 2"));
  EXPECT_THAT(refusal(SetDegrees(OpRanges(3, 10), 2, 1)), HasSubstr("(op 10) tp 2 x dp 1"));
  EXPECT_THAT(refusal(SetDegrees(OpRanges(3, 5), 0, 2)), HasSubstr("cannot have tp=0"));
  EXPECT_THAT(refusal(SetDegrees(OpRanges(3, 5), 1, 70000)), HasSubstr("cannot have dp=70000"));
}

TEST_F(MovesTest, SetDegreesRefusesTwoFactorisations) {
  plan.cluster.devicesPerNode = 6;
  plan.microBatch = plan.globalBatch = 6;
  plan.stages = {{29, 6}};
  for (OpPlan &op : plan.ops)
    op = {1, 6, 0, false};
  apply(SetDegrees(OpRanges(0, 3), 2, 3));
  EXPECT_EQ(refusal(SetDegrees(OpRanges(1, 1), 3, 2)),
            "would have ops of dp 2, 3, 6 in stage 0 of 6 devices; each dp must divide the next "
            "larger one");
}

TEST_F(MovesTest, SetStages) {
  plan.ops[2].rule = 1;
  plan.ops[20].recompute = true;
  apply(SetStages({15, 14}, {2, 2}, {1, 2}));
  EXPECT_EQ(plan.stages, (std::vector<StagePlan>{{15, 2}, {14, 2}}));
  EXPECT_EQ(plan.ops[2], (OpPlan{1, 2, 1, false}));
  EXPECT_EQ(plan.ops[20], (OpPlan{2, 1, 0, true}));
  apply(SetStages({29}, {4}, {}));
  EXPECT_EQ(plan.ops[0].tp, 4);
}

TEST_F(MovesTest, SetStagesRefuses) {
  EXPECT_THAT(refusal(SetStages({}, {}, {})), HasSubstr("one entry a stage"));
  EXPECT_THAT(refusal(SetStages({29}, {2, 2}, {})), HasSubstr("one entry a stage"));
  EXPECT_THAT(refusal(SetStages({29}, {4}, {1, 2})), HasSubstr("one entry a stage"));
  EXPECT_EQ(refusal(SetStages({20, 10}, {2, 2}, {})), "has 29 ops, but ops=20,10 adds up to 30");
  EXPECT_THAT(refusal(SetStages({0, 29}, {2, 2}, {})), HasSubstr("no ops in stage 0"));
  EXPECT_THAT(refusal(SetStages({15, 14}, {2, 3}, {})), HasSubstr("straddle"));
  EXPECT_THAT(refusal(SetStages({15, 14}, {2, 1}, {})),
              HasSubstr("would give its stages 3 devices, but the cluster has 1 nodes of 4"));
  EXPECT_THAT(refusal(SetStages({15, 14}, {2, 2}, {2, 4})),
              HasSubstr("cannot have tp 4 in stage 1"));
  EXPECT_THAT(refusal(SetStages({15, 14}, {2, 2}, {2, 0})),
              HasSubstr("cannot have tp 0 in stage 1"));
}

//===----------------------------------------------------------------------===//
// Effects
//===----------------------------------------------------------------------===//

TEST_F(MovesTest, EffectsAreThePublishedTable) {
  constexpr Change less = Change::Less, none = Change::None, more = Change::More;
  const StageEffect decOp = {less, less, none, less, none, none};
  const StageEffect incDevices = {less, less, more, none, less, more};
  const StageEffect decDevices = {more, more, less, none, more, less};
  EXPECT_EQ(MoveOps(0, 2).effectOn(plan, 0), decOp);
  EXPECT_EQ(MoveOps(0, -2).effectOn(plan, 1), decOp);
  EXPECT_EQ(MoveOps(0, 2).effectOn(plan, 1), (StageEffect{more, more, none, more, none, none}));
  EXPECT_EQ(MoveOps(0, 2).effectOn(plan, 2), StageEffect());
  MoveDevices devices({0}, {tp}, 2, dp);
  EXPECT_EQ(devices.effectOn(plan, 0), decDevices);
  EXPECT_EQ(devices.effectOn(plan, 1), StageEffect());
  EXPECT_EQ(devices.effectOn(plan, 2), incDevices);
  EXPECT_EQ(SetMicroBatch(4).effectOn(plan, 1), (StageEffect{less, more, none, none, more, none}));
  EXPECT_EQ(SetMicroBatch(1).effectOn(plan, 1), (StageEffect{more, less, none, none, less, none}));
  EXPECT_EQ(SetMicroBatch(2).effectOn(plan, 1), StageEffect());
  EXPECT_EQ(ExchangeAxes(0, {}, tp).effectOn(plan, 0),
            (StageEffect{more, less, none, none, less, more}));
  EXPECT_EQ(ExchangeAxes(0, {}, dp).effectOn(plan, 0),
            (StageEffect{less, more, none, none, more, none}));
  EXPECT_EQ(ExchangeAxes(0, {}, dp).effectOn(plan, 1), StageEffect());
  SetRecompute recompute(OpRanges(12, 13), true);
  EXPECT_EQ(recompute.effectOn(plan, 0), StageEffect());
  EXPECT_EQ(recompute.effectOn(plan, 1), (StageEffect{more, less, none, none, none, none}));
  EXPECT_EQ(SetRule(OpRanges(12, 13), 1).effectOn(plan, 2), StageEffect());
  EXPECT_EQ(SetRule(OpRanges(12, 13), 1).effectOn(plan, 1).time, Change::Varies);
}

//===----------------------------------------------------------------------===//
// Any plan from any other
//===----------------------------------------------------------------------===//

namespace {

/// Walks from plan to plan and replays the moves from their text.
void walk(const ModelFacts &facts, const ClusterDesc &cluster, int64_t globalBatch, int steps,
          uint64_t seed) {
  std::mt19937_64 random(seed);
  CompactPlan plan = randomCompactPlan(facts, cluster, globalBatch, random);
  for (int i = 0; i < steps; ++i) {
    CompactPlan target = randomCompactPlan(facts, cluster, globalBatch, random);
    Result<MoveList> moves = movesBetween(plan, target, facts);
    ASSERT_TRUE(moves) << moves.error();
    Result<MoveList> parsed = parseMoves(toString(*moves));
    ASSERT_TRUE(parsed) << parsed.error() << " in " << toString(*moves);
    for (const std::unique_ptr<Move> &move : *parsed)
      ASSERT_EQ(move->apply(plan, facts), "") << move->toString();
    ASSERT_EQ(plan, target) << toString(*moves);
  }
}

} // namespace

TEST(MovesBetweenTest, AnyPlanFromAnyOther) {
  walk(gptFacts({}), {1, 4, 1000, ""}, 8, 300, 1);
  walk(gptFacts({}), {2, 4, 1000, "cpu"}, 16, 200, 2);
  // Devices, batches and heads that are no powers of two.
  walk(gptFacts({.sequence = 12, .hidden = 24, .heads = 6, .vocabulary = 36}), {1, 6, 1000, ""}, 12,
       200, 3);
  walk(gptFacts({.sequence = 12, .hidden = 24, .heads = 6, .vocabulary = 36}), {3, 2, 1000, ""}, 18,
       200, 4);
}

TEST(MovesBetweenTest, NothingToDoBetweenEqualPlans) {
  ModelFacts facts = gptFacts({});
  std::mt19937_64 random(5);
  CompactPlan plan = randomCompactPlan(facts, {1, 4, 1000, ""}, 8, random);
  Result<MoveList> moves = movesBetween(plan, plan, facts);
  ASSERT_TRUE(moves);
  EXPECT_TRUE(moves->empty());
}

TEST(MovesBetweenTest, NearPlansAreFewMovesApart) {
  ModelFacts facts = gptFacts({});
  CompactPlan from;
  from.cluster = {1, 2, 1000, ""};
  from.globalBatch = 8;
  from.microBatch = 2;
  from.stages = {{29, 2}};
  from.ops.assign(29, OpPlan{2, 1, 0, false});
  CompactPlan to = from;
  to.microBatch = 4;
  to.ops[3].recompute = to.ops[4].recompute = true;
  Result<MoveList> moves = movesBetween(from, to, facts);
  ASSERT_TRUE(moves);
  EXPECT_EQ(toString(*moves),
            "par-set-micro-batch{size=4},par-set-recompute{ops=3-4 value=recompute}");
  to.cluster.devicesPerNode = 4;
  EXPECT_FALSE(movesBetween(from, to, facts));
}
