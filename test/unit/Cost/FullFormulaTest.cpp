//===- FullFormulaTest.cpp - Formula `full` on a small GPT ------*- C++ -*-===//
//
// Tables with round numbers, so that what a plan communicates can be counted: each kind of
// collective has a price of its own (1, 10, 100, 1000 ms) whatever its size.
//
//===----------------------------------------------------------------------===//

#include "GptFacts.h"
#include "TableText.h"
#include "TestFolder.h"

#include "aceso/Cost/FullFormula.h"
#include "aceso/Cost/ParameterMemory.h"
#include "aceso/Cost/RecomputeChooser.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

constexpr int64_t ms = 1000000, us = 1000;
constexpr int64_t allReduce = 1 * ms, allGather = 10 * ms, allToAll = 1000 * ms;
constexpr int64_t opForward = 100 * us, opBackward = 200 * us;
constexpr const char *opKeys[] = {
    "encoder-embedding",     "enc-1st-layernorm",     "enc-attention-qkv",
    "enc-attention-score",   "enc-attention-softmax", "enc-attention-dropout",
    "enc-attention-context", "enc-attention-dense",   "enc-post-attention-dropout",
    "enc-2nd-layernorm",     "enc-MLP-GEMM-1",        "enc-MLP-gelu",
    "enc-MLP-GEMM-2",        "enc-post-MLP-dropout",  "final-layernorm",
    "gpt-post-process"};
constexpr uint32_t opsPerLayer = 13, numOps = 2 * opsPerLayer + 3;

/// One stage after the other, each of one split.
struct Stage {
  uint32_t numOps;
  OpPlan plan;
};

class FullFormulaTest : public testing::Test {
protected:
  FullFormulaTest() : facts(gptFacts({})) {
    cluster = {2, 4, 1000, ""};
    writeTables(true);
  }

  /// Own collectives take 30 us of forward and 50 us of backward where the columns tell.
  void writeTables(bool withCollectives) {
    for (int64_t samples : {1, 2, 4})
      for (int64_t tp : {1, 2, 4})
        for (int rule : {0, 1}) {
          std::string text = opHeader + (withCollectives ? ",fwd_collective,bwd_collective" : "");
          for (const char *key : opKeys)
            text += "\n" + std::string(key) + ",130,250,1,1,9,2,0.5,0.25" +
                    (withCollectives ? ",30,50" : "");
          folder.write("gpt_tiny_mbs" + std::to_string(samples) + "_tp" + std::to_string(tp) +
                           "_algo" + std::to_string(rule) + ".csv",
                       text + "\n");
        }
    int64_t price = 1;
    for (const char *kind : {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"}) {
      for (int64_t group : {2, 4})
        folder.write(std::string("prim_gpt_tiny_") + kind + "_" + std::to_string(group) +
                         "gpus.csv",
                     "data_size(MB),time(ms)\n0," + std::to_string(price) + "\n1024," +
                         std::to_string(price) + "\n");
      price *= 10;
    }
    // 2^30 bytes a second, between nodes a quarter of that.
    folder.write("p2p_intra_node.csv", "0.0009765625,1024\n1,1\n");
    folder.write("p2p_inter_node.csv", "0.0009765625,1024\n0.25,0.25\n");
  }

  FullFormula formula() {
    Result<CostTables> tables = CostTables::load(folder.path, "gpt_tiny");
    EXPECT_TRUE(tables) << tables.error();
    Result<FullFormula> formula =
        FullFormula::create(facts, std::make_shared<CostTables>(std::move(*tables)), cluster);
    EXPECT_TRUE(formula) << formula.error();
    return std::move(*formula);
  }

  CompactPlan plan(const std::vector<Stage> &stages, int64_t microBatch = 4) const {
    CompactPlan plan;
    plan.cluster = cluster;
    plan.globalBatch = 64;
    plan.microBatch = microBatch;
    for (const Stage &stage : stages) {
      plan.stages.push_back({stage.numOps, uint32_t(stage.plan.tp * stage.plan.dp)});
      plan.ops.insert(plan.ops.end(), stage.numOps, stage.plan);
    }
    return plan;
  }

  static FullStageSums sumOf(const FullFormula &formula, const CompactPlan &plan, uint32_t stage) {
    Result<FullStageSums> sums =
        formula.sumOps(plan.firstOp(stage), plan.stages[stage].numOps,
                       &plan.ops[plan.firstOp(stage)], plan.microBatch, plan.stages[stage].devices);
    EXPECT_TRUE(sums) << sums.error();
    return sums ? *sums : FullStageSums{};
  }

  TestFolder folder;
  ModelFacts facts;
  ClusterDesc cluster;
};

/// The link between nodes takes so much longer.
constexpr int64_t slowness = 4;

/// Of a micro-batch of 4: [s, b, h], [b, n, s, s].
constexpr int64_t streamBytes = 8 * 4 * 16 * 4, scoreBytes = 4 * 4 * 8 * 8 * 4;
/// Activations of an op in the tables.
constexpr int64_t activation = 2 * unitsPerMiB;
constexpr int64_t unitsOf(int64_t bytes) { return bytes * unitsPerMiB / bytesPerMiB; }

/// ns of `bytes` at 2^30 bytes a second.
int64_t messageNs(int64_t bytes) { return std::llround(double(bytes) / (1 << 30) * 1e9); }

} // namespace

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

TEST_F(FullFormulaTest, TensorParallelLayersReduceTwiceEachWay) {
  FullFormula full = formula();
  FullStageSums sums = sumOf(full, plan({{numOps, {2, 1}}}), 0);
  // Two a layer, one behind the embedding, three in the loss.
  EXPECT_EQ(sums.forwardConversionNs, (2 * 2 + 1 + 3) * allReduce);
  // Two a layer, one in front of the head.
  EXPECT_EQ(sums.backwardConversionNs, (2 * 2 + 1) * allReduce);
  EXPECT_EQ(sums.forwardNs, numOps * opForward) << "without own collectives";
  EXPECT_EQ(sums.backwardNs, numOps * opBackward);
  EXPECT_EQ(sums.gradientSyncNs, 0) << "no replicas";
}

TEST_F(FullFormulaTest, PublishedTablesContainAnOpsOwnCollectives) {
  writeTables(false);
  FullFormula full = formula();
  FullStageSums sums = sumOf(full, plan({{numOps, {2, 1}}}), 0);
  EXPECT_EQ(sums.forwardConversionNs, 0);
  EXPECT_EQ(sums.backwardConversionNs, 0);
  EXPECT_EQ(sums.forwardNs, numOps * 130 * us) << "with own collectives";
  EXPECT_EQ(sums.backwardNs, numOps * 250 * us);
}

TEST_F(FullFormulaTest, ChangeOfDegreesIsPricedFromEitherTable) {
  for (bool withCollectives : {false, true}) {
    writeTables(withCollectives);
    FullFormula full = formula();
    // The stream is whole over tp in front of layer 1 and split over the batch behind: cut forward,
    // gathered backward. Once for the norm and once for the residual: forms and sums are shared.
    CompactPlan mixed = plan({{numOps, {2, 1}}});
    for (uint32_t op = 1 + opsPerLayer; op < numOps; ++op)
      mixed.ops[op] = {1, 2};
    FullStageSums sums = sumOf(full, mixed, 0);
    int64_t own = withCollectives ? 1 : 0;
    // fc2's sum is reduced in its own layer, before the stream leaves it.
    EXPECT_EQ(sums.forwardConversionNs, own * (2 + 1) * allReduce);
    EXPECT_EQ(sums.backwardConversionNs, own * 2 * allReduce + allGather);
  }
}

TEST_F(FullFormulaTest, PartialSumsAreScatteredWhereTheNextOpWantsASlice) {
  // fc1 and gelu on (tp 1, dp 2), fc2 row-parallel on (2, 1): its input moves from b to k; its sum
  // is scattered over b for the add.
  FullFormula full = formula();
  CompactPlan mixed = plan({{numOps, {1, 2}}});
  FullStageSums uniform = sumOf(full, mixed, 0);
  mixed.ops[12] = {2, 1};
  FullStageSums sums = sumOf(full, mixed, 0);
  constexpr int64_t reduceScatter = 100 * ms;
  EXPECT_EQ(sums.forwardConversionNs - uniform.forwardConversionNs, allToAll + reduceScatter);
  EXPECT_EQ(sums.backwardConversionNs - uniform.backwardConversionNs, allToAll + allGather);
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

TEST_F(FullFormulaTest, ReplicasSumEveryGradientOnce) {
  FullFormula full = formula();
  CompactPlan replicas = plan({{numOps, {1, 2}}});
  FullStageSums sums = sumOf(full, replicas, 0);
  // 12 a layer, positions, 2 of the last norm; the word table is shared.
  EXPECT_EQ(sums.gradientSyncNs, (2 * 12 + 3) * allReduce);
  EXPECT_EQ(sums.forwardConversionNs, 0);
  // The loss is the last value; nothing reduces it over dp in a micro-batch.
  EXPECT_EQ(sums.backwardConversionNs, 0);
  std::vector<FullStageLinks> links = *full.links(replicas);
  EXPECT_EQ(links[0].gradientSyncNs, allReduce) << "both uses leave it in one layout";
  EXPECT_EQ(links[0].tiedNs, 0);
}

TEST_F(FullFormulaTest, MemoryByParameterType) {
  int64_t h = 16, s = 8, v = 32;
  // Split over tp: qkv, dense, fc1, fc2 weights, qkv and fc1 bias, the word table.
  int64_t split = 2 * (3 * h * h + h * h + 8 * h * h + 3 * h + 4 * h);
  int64_t whole = 2 * (6 * h) + 2 * h + s * h;
  for (unsigned elementBytes : {2, 4, 8}) {
    facts = gptFacts({.elementBytes = elementBytes});
    FullFormula full = formula();
    CompactPlan halves = plan({{numOps, {2, 1}}});
    FullStageSums sums = sumOf(full, halves, 0);
    FullStageLinks links = (*full.links(halves))[0];
    ParameterBytes bytes = parameterBytes(elementBytes);
    int64_t elements = split / 2 + whole, table = v * h / 2;
    EXPECT_EQ(sums.weightBytes, elements * bytes.weight);
    EXPECT_EQ(sums.gradientBytes, elements * bytes.gradient);
    EXPECT_EQ(sums.mainBytes, elements * bytes.mainCopy);
    EXPECT_EQ(sums.optimizerBytes, elements * bytes.optimizer);
    EXPECT_EQ(links.weightBytes, table * bytes.weight);
    EXPECT_EQ(links.gradientBytes, table * bytes.gradient);
    EXPECT_EQ(links.optimizerBytes, table * bytes.optimizer);
  }
}

TEST_F(FullFormulaTest, ParameterBytesByType) {
  EXPECT_EQ(parameterBytes(2).total(), 2 + 4 + 4 + 8);
  EXPECT_EQ(parameterBytes(4).total(), 4 + 4 + 8);
  EXPECT_EQ(parameterBytes(8).total(), 8 + 8 + 16);
}

TEST_F(FullFormulaTest, TiedTableIsReadAndItsGradientSent) {
  FullFormula full = formula();
  CompactPlan two = plan({{14, {1, 1}}, {15, {1, 1}}});
  std::vector<FullStageLinks> links = *full.links(two);
  int64_t tableBytes = 32 * 16 * 4;
  EXPECT_EQ(links[0].tiedNs, messageNs(tableBytes)) << "gradient received at home";
  EXPECT_EQ(links[1].tiedNs, messageNs(tableBytes)) << "table received";
  EXPECT_EQ(links[0].weightBytes, tableBytes);
  EXPECT_EQ(links[1].weightBytes, tableBytes);
  EXPECT_EQ(links[1].gradientBytes, tableBytes);
  EXPECT_EQ(links[0].optimizerBytes, 2 * tableBytes);
  EXPECT_EQ(links[1].optimizerBytes, 0);
  EXPECT_EQ(links[1].optimizerTraffic, 0);
  PlanCost cost = *full.evaluate(two);
  EXPECT_EQ(cost.stages[0].tiedWeightsMs, nsToMs(links[0].tiedNs));
  EXPECT_GT(cost.stages[0].optimizerMs, 0);
  EXPECT_EQ(cost.stages[0].timeMs, cost.stages[0].stageMs * 15 +
                                       (cost.stages[0].stageMs + cost.stages[1].stageMs) +
                                       (cost.stages[0].gradientSyncMs +
                                        cost.stages[0].tiedWeightsMs + cost.stages[0].optimizerMs));
}

/// Weights move in their own type, sums of gradients in the wider one that they are kept in.
TEST_F(FullFormulaTest, GradientsOfHalfPrecisionMoveInFourBytes) {
  facts = gptFacts({.elementBytes = 2});
  FullFormula full = formula();
  CompactPlan two = plan({{14, {1, 1}}, {15, {1, 1}}});
  std::vector<FullStageLinks> links = *full.links(two);
  int64_t elements = 32 * 16;
  EXPECT_EQ(links[0].tiedNs, messageNs(elements * 4)) << "gradient received at home";
  EXPECT_EQ(links[1].tiedNs, messageNs(elements * 2)) << "table received";
}

//===----------------------------------------------------------------------===//
// Between stages
//===----------------------------------------------------------------------===//

TEST_F(FullFormulaTest, BoundaryBetweenLayersMovesTheStreamOnce) {
  FullFormula full = formula();
  CompactPlan two = plan({{14, {1, 1}}, {15, {1, 1}}});
  std::vector<FullStageLinks> links = *full.links(two);
  EXPECT_EQ(links[1].receiveNs, messageNs(streamBytes));
  EXPECT_EQ(links[0].gradientReceiveNs, messageNs(streamBytes));
  EXPECT_EQ(links[0].receiveNs, 0);
  EXPECT_EQ(links[1].gradientReceiveNs, 0);
  EXPECT_EQ(links[1].receivedBytes, streamBytes);
  EXPECT_FALSE(links[1].inCrossNode);

  // Two devices on each side: every element crosses once, half of them on each.
  CompactPlan wide = plan({{14, {1, 2}}, {15, {1, 2}}});
  links = *full.links(wide);
  EXPECT_EQ(links[1].receiveNs, messageNs(streamBytes / 2));
  EXPECT_EQ(links[1].receivedBytes, streamBytes / 2);

  // Whole on each of two tp devices: half is received, then gathered.
  CompactPlan replicated = plan({{14, {2, 1}}, {15, {2, 1}}});
  links = *full.links(replicated);
  EXPECT_EQ(links[1].receiveNs, messageNs(streamBytes / 2) + allGather);
  EXPECT_EQ(links[1].receivedBytes, streamBytes);
}

TEST_F(FullFormulaTest, BoundaryInsideALayerMovesTheResidualToo) {
  FullFormula full = formula();
  // Behind the first layer's norm: its result and the stream.
  CompactPlan two = plan({{2, {1, 1}}, {27, {1, 1}}});
  std::vector<FullStageLinks> links = *full.links(two);
  EXPECT_EQ(links[1].receiveNs, 2 * messageNs(streamBytes));
  EXPECT_EQ(links[0].gradientReceiveNs, 2 * messageNs(streamBytes));
  EXPECT_EQ(links[1].receivedBytes, 2 * streamBytes);
}

TEST_F(FullFormulaTest, ValueThatSkipsAStageGoesDirectly) {
  FullFormula full = formula();
  // The residual of layer 0 is used by its attention add (op 8), not in the middle stage.
  CompactPlan three = plan({{2, {1, 1}}, {4, {1, 1}}, {23, {1, 1}}});
  std::vector<FullStageLinks> links = *full.links(three);
  EXPECT_EQ(links[1].receiveNs, messageNs(streamBytes)) << "the norm's result alone";
  EXPECT_EQ(links[0].gradientReceiveNs, 2 * messageNs(streamBytes));
  // Residual, value heads (a third of qkv), scores.
  EXPECT_EQ(links[2].receivedBytes, 2 * streamBytes + scoreBytes);
}

TEST_F(FullFormulaTest, DevicesOfANodeShareItsLinkToOthers) {
  FullFormula full = formula();
  CompactPlan nodes = plan({{14, {1, 4}}, {15, {1, 4}}});
  std::vector<FullStageLinks> links = *full.links(nodes);
  EXPECT_TRUE(links[1].inCrossNode);
  EXPECT_TRUE(links[0].outCrossNode);
  EXPECT_EQ(links[1].receiveNs, messageNs(slowness * streamBytes));
}

TEST_F(FullFormulaTest, GroupOverNodesIsARingOverTheirLink) {
  // Rows for tp 4 with dp 2 on all 8 devices: dp pairs stand in different nodes.
  FullFormula full = formula();
  CompactPlan whole = plan({{numOps, {4, 2}}});
  Result<FullOpTerms> norm = full.opTerms(1, whole.ops[1], 4, 8);
  ASSERT_TRUE(norm) << norm.error();
  // Two parameters of 16 floats: in halves, twice each; 32 bytes are below the link's table.
  int64_t smallest = messageNs(slowness * 1024);
  EXPECT_EQ(norm->gradientSyncNs, 2 * 2 * smallest);
  EXPECT_TRUE(norm->estimates & CollectiveNodesEstimate);
  EXPECT_TRUE(norm->estimates & LinkSizeEstimate);
}

//===----------------------------------------------------------------------===//
// Recompute and memory
//===----------------------------------------------------------------------===//

TEST_F(FullFormulaTest, RecomputedLayerRunsWhatBackwardNeeds) {
  FullFormula full = formula();
  CompactPlan flagged = plan({{numOps, {2, 1}}});
  for (uint32_t op = 1; op <= opsPerLayer; ++op)
    flagged.ops[op].recompute = true;
  FullStageSums sums = sumOf(full, flagged, 0);
  // All results are dropped but the last, which the next layer uses. fc2 need not run again:
  // backward reads neither its result nor any other of the last add's operands. So one of the two
  // all-reduces is done again.
  EXPECT_EQ(sums.recomputeNs, 11 * opForward + allReduce);
  // Results that no gradient reads are not kept in the first place: scores (split over heads), what
  // dense gives.
  EXPECT_EQ(sums.droppedUnits, 11 * activation - unitsOf(scoreBytes / 2) - unitsOf(streamBytes));
  EXPECT_EQ(sums.peakUnits, sums.droppedUnits);

  // Tables with own collectives inside: the all-reduce is in the op's time.
  writeTables(false);
  FullFormula published = formula();
  EXPECT_EQ(sumOf(published, flagged, 0).recomputeNs, 11 * 130 * us);
}

TEST_F(FullFormulaTest, FlagsOnCheapOpsAlone) {
  FullFormula full = formula();
  CompactPlan flagged = plan({{numOps, {2, 1}}});
  // Dropouts and gelu: their inputs are kept.
  for (uint32_t op : {5, 11})
    flagged.ops[op].recompute = true;
  FullStageSums sums = sumOf(full, flagged, 0);
  EXPECT_EQ(sums.recomputeNs, 2 * opForward);
  EXPECT_EQ(sums.droppedUnits, 2 * activation);
}

TEST_F(FullFormulaTest, ResultsThatNoGradientReadsAreNotKept) {
  FullFormula full = formula();
  CompactPlan one = plan({{numOps, {1, 1}}});
  // Scores, and the results of dense and fc2; the lookup's result stays inside the embedding.
  EXPECT_EQ(sumOf(full, one, 0).activationUnits,
            numOps * activation - 2 * (unitsOf(scoreBytes) + 2 * unitsOf(streamBytes)));
  // Where it is not known what gradients read, only sums read nothing.
  for (OpFacts &op : facts.ops)
    for (PrimitiveFacts &primitive : op.primitives)
      primitive.gradientReadsOperand.clear();
  EXPECT_EQ(sumOf(formula(), one, 0).activationUnits, numOps * activation);
}

TEST_F(FullFormulaTest, OperandsOfWhatRunsAgainAreKept) {
  FullFormula full = formula();
  CompactPlan flagged = plan({{numOps, {1, 1}}});
  // Softmax alone: the scores, which no gradient reads, must stay.
  flagged.ops[4].recompute = true;
  EXPECT_EQ(sumOf(full, flagged, 0).droppedUnits, activation - unitsOf(scoreBytes));
  // With the scores computed again they need not.
  flagged.ops[3].recompute = true;
  EXPECT_EQ(sumOf(full, flagged, 0).droppedUnits, 2 * activation - unitsOf(scoreBytes));
  EXPECT_EQ(sumOf(full, flagged, 0).recomputeNs, 2 * opForward);
}

TEST_F(FullFormulaTest, UnknownReadsMeanEveryMultipliedOperand) {
  for (OpFacts &op : facts.ops)
    for (PrimitiveFacts &primitive : op.primitives)
      primitive.gradientReadsOperand.clear();
  FullFormula full = formula();
  CompactPlan flagged = plan({{numOps, {1, 1}}});
  for (uint32_t op = 1; op <= opsPerLayer; ++op)
    flagged.ops[op].recompute = true;
  EXPECT_EQ(sumOf(full, flagged, 0).recomputeNs, 12 * opForward);
}

TEST_F(FullFormulaTest, ChooserFreesWhatIsNeededForTheLeastTime) {
  FullFormula full = formula();
  CompactPlan two = plan({{14, {2, 1}}, {15, {2, 1}}});
  PlanCost before = *full.evaluate(two);
  ASSERT_EQ(*chooseRecompute(full, two), 0u) << "everything fits";
  int64_t need = before.stages[0].memoryUnits / unitsPerMiB;
  double slowest = 0;
  // Ever less memory, down to what no flags reach.
  bool fits = true;
  for (int64_t limit = need; limit > need - 60; limit -= 6) {
    two.cluster.memoryLimitMiB = limit;
    uint32_t flags = *chooseRecompute(full, two);
    PlanCost cost = *full.evaluate(two);
    EXPECT_TRUE(fits || !cost.feasible) << "less memory, but now it fits";
    fits = cost.feasible;
    EXPECT_GE(cost.stages[0].recomputeUs, slowest);
    slowest = cost.stages[0].recomputeUs;
    EXPECT_EQ(flags > 0, limit < before.maxMemoryMiB);
  }
  EXPECT_FALSE(fits);
  EXPECT_GT(slowest, 0);
  // The cheapest way to free a little: one op whose operands are kept anyway, in one layer.
  two.cluster.memoryLimitMiB = need;
  ASSERT_GT(*chooseRecompute(full, two), 0u);
  EXPECT_EQ(full.evaluate(two)->stages[0].recomputeUs, opForward / us);
}

TEST_F(FullFormulaTest, MicroBatchesInFlight) {
  FullFormula full = formula();
  CompactPlan three = plan({{10, {1, 1}}, {10, {1, 1}}, {9, {1, 1}}});
  PlanCost cost = *full.evaluate(three);
  double kept = cost.stages[0].opActivationsMiB + cost.stages[0].inputsMiB;
  EXPECT_EQ(cost.stages[0].activationsMiB, 2 * kept);
  EXPECT_EQ(cost.stages[0].peakMiB, kept);
  EXPECT_EQ(cost.stages[0].reservedMiB, 0.75);
  EXPECT_EQ(cost.stages[2].activationsMiB, 0);
  // Two micro-batches: no stage holds three.
  three.globalBatch = 8;
  cost = *full.evaluate(three);
  EXPECT_EQ(cost.stages[0].activationsMiB, kept);
  const StageCost &stage = cost.stages[0];
  EXPECT_DOUBLE_EQ(stage.memoryMiB, stage.weightsMiB + stage.gradientsMiB + stage.optimizerMiB +
                                        stage.activationsMiB + stage.peakMiB + stage.reservedMiB);
}

//===----------------------------------------------------------------------===//
// Sums by parts
//===----------------------------------------------------------------------===//

/// A stage's sums from terms of its ops, values and blocks as the whole model has them; only values
/// with a user behind the stage and the two blocks at its ends are looked at anew.
TEST_F(FullFormulaTest, PartsOfTheWholeGiveEveryStage) {
  FullFormula full = formula();
  CompactPlan whole = plan({{numOps, {2, 1}}});
  for (uint32_t op = 0; op < numOps; ++op) {
    whole.ops[op] = op % 7 < 4 ? OpPlan{2, 1} : OpPlan{1, 2};
    whole.ops[op].recompute = op % 5 != 0;
  }
  const OpPlan *ops = whole.ops.data();
  for (uint32_t first = 0; first < numOps; ++first)
    for (uint32_t end = first + 1; end <= numOps; ++end) {
      FullStageSums sums;
      for (uint32_t op = first; op < end; ++op) {
        FullOpTerms own = *full.opTerms(op, ops[op], 4, 2);
        sums.forwardNs += own.forwardNs;
        sums.gradientSyncNs += own.gradientSyncNs;
        sums.weightBytes += own.weightBytes;
        // From op to its last user, or to the end of the stage.
        uint32_t behind = std::min(full.lastUser(op) + 1, end);
        FullValueTerms values = *full.valueTerms(op, behind - op, ops + op, 0, 4, 2);
        sums.forwardConversionNs += values.forwardNs;
        sums.backwardConversionNs += values.backwardNs;
      }
      for (uint32_t begin = first, next; begin < end; begin = next) {
        for (next = begin + 1; next < end && full.block(next) == full.block(begin);)
          ++next;
        // One op behind tells whether a value has users there.
        uint32_t known = std::min(next + opsPerLayer, end);
        FullBlockTerms block =
            *full.blockTerms(begin, known - begin, ops + begin, 0, next - begin, 4, 2);
        sums.recomputeNs += block.recomputeNs;
        sums.droppedUnits += block.droppedUnits;
        sums.peakUnits = std::max(sums.peakUnits, block.peakUnits);
      }
      FullStageSums walked = *full.sumOps(first, end - first, ops + first, 4, 2);
      ASSERT_EQ(walked.forwardNs, sums.forwardNs);
      ASSERT_EQ(walked.gradientSyncNs, sums.gradientSyncNs);
      ASSERT_EQ(walked.weightBytes, sums.weightBytes);
      ASSERT_EQ(walked.forwardConversionNs, sums.forwardConversionNs) << first << " " << end;
      ASSERT_EQ(walked.backwardConversionNs, sums.backwardConversionNs) << first << " " << end;
      ASSERT_EQ(walked.recomputeNs, sums.recomputeNs) << first << " " << end;
      ASSERT_EQ(walked.droppedUnits, sums.droppedUnits) << first << " " << end;
      ASSERT_EQ(walked.peakUnits, sums.peakUnits) << first << " " << end;
    }
}

TEST_F(FullFormulaTest, EvaluationIsRepeatable) {
  CompactPlan mixed = plan({{14, {2, 1}}, {15, {1, 2}}});
  FullFormula one = formula(), two = formula();
  PlanCost first = *one.evaluate(mixed);
  EXPECT_EQ(first, *one.evaluate(mixed));
  EXPECT_EQ(first, *two.evaluate(mixed));
}

//===----------------------------------------------------------------------===//
// Estimates and errors
//===----------------------------------------------------------------------===//

TEST_F(FullFormulaTest, EstimatesAreOneLine) {
  FullFormula full = formula();
  PlanCost cost = *full.evaluate(plan({{numOps, {1, 2}}}));
  EXPECT_THAT(cost.estimates,
              testing::ElementsAre("estimated: the optimizer, by bytes over memory bandwidth; "
                                   "memory bandwidth, from the fastest op (the tables have no "
                                   "provenance file that tells it)"));
  cost = *full.evaluate(plan({{numOps, {1, 2}}}, 8));
  ASSERT_EQ(cost.estimates.size(), 1u);
  EXPECT_THAT(cost.estimates[0], HasSubstr("; ideal times without a row"));
  EXPECT_EQ(cost.stages[0].idealPerDeviceMs, nsToMs(numOps * 2 * (opForward + opBackward)) / 2);
}

TEST_F(FullFormulaTest, Errors) {
  FullFormula full = formula();
  auto error = [&](const CompactPlan &plan) {
    Result<PlanCost> cost = full.evaluate(plan);
    return cost ? "no error" : cost.error();
  };
  EXPECT_THAT(error(plan({{numOps, {1, 1}}}, 8)),
              HasSubstr("stage 0: " + folder.path +
                        "/gpt_tiny_mbs8_tp1_algo0.csv: no row for op 'encoder-embedding'"));
  EXPECT_THAT(error(plan({{numOps, {1, 8}}})), HasSubstr("op 'embedding': dp 8 does not divide"));
  EXPECT_THAT(error(plan({{numOps, {3, 1}}})),
              HasSubstr("op 'embedding': tp 3 does not divide letter"));
  CompactPlan uneven = plan({{numOps, {2, 1}}});
  uneven.ops[5] = {2, 2};
  EXPECT_THAT(error(uneven), HasSubstr("op 'layers.0.dropout': tp 2 x dp 2 is not the stage's 2"));

  facts.ops[3].profileKey = "mystery";
  Result<CostTables> tables = CostTables::load(folder.path, "gpt_tiny");
  Result<FullFormula> created =
      FullFormula::create(facts, std::make_shared<CostTables>(std::move(*tables)), cluster);
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error(), HasSubstr("op 'layers.0.score': no table"));
  EXPECT_THAT(created.error(), HasSubstr("has a row 'mystery'"));
}
