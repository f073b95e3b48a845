//===- ModelConversionsTest.cpp - What whole models communicate -----------===//

#include "Models.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aceso::test {
namespace {

using Counts = std::map<StepKind, int>;
using Rules = std::map<std::string, unsigned>;

/// Collectives by kind.
Counts countCollectives(const std::vector<OpGraph::Conversion> &conversions) {
  Counts counts;
  for (const OpGraph::Conversion &conversion : conversions)
    for (const ConversionStep &step : conversion.steps)
      if (!isLocal(step.kind))
        ++counts[step.kind];
  return counts;
}

/// The same degrees for every op, rule 0 where `rules` does not name the op.
OpGraph::Conversions placeUniformly(const OpGraph &graph, int64_t tp, int64_t dp,
                                    const Rules &rules = {}) {
  std::optional<Mesh> mesh = Mesh::factorize(tp * dp, tp * dp, {dp});
  std::vector<Degrees> degrees;
  for (const OpGraph::Op &op : graph.getOps()) {
    auto rule = rules.find(op.name);
    degrees.push_back({tp, dp, rule == rules.end() ? 0 : rule->second});
    EXPECT_EQ(checkDegrees(op.signature, degrees.back()), "") << op.name;
  }
  return graph.place(*mesh, degrees);
}

const Rules sequenceParallel = {{"dropout", 1}, {"layernorm", 1}, {"bias-dropout-add", 1}};

struct TpDp {
  int64_t tp, dp;
};

class StandardLayerTest : public ::testing::TestWithParam<TpDp> {
protected:
  OpGraph::Conversions place(int numLayers, const Rules &rules = {}) const {
    return placeUniformly(gptLayers({}, numLayers), GetParam().tp, GetParam().dp, rules);
  }
};

TEST_P(StandardLayerTest, ColumnThenRowReducesTwiceForwardAndTwiceBackward) {
  for (int layers : {1, 3}) {
    OpGraph::Conversions conversions = place(layers);
    EXPECT_EQ(countCollectives(conversions.forward), (Counts{{StepKind::AllReduce, 2 * layers}}));
    EXPECT_EQ(countCollectives(conversions.backward), (Counts{{StepKind::AllReduce, 2 * layers}}));
    EXPECT_TRUE(countCollectives(conversions.reads).empty());
    // No step at all beside them: not even a slice.
    EXPECT_EQ(conversions.forward.size(), size_t(2 * layers));
    EXPECT_EQ(conversions.backward.size(), size_t(2 * layers));
  }
}

TEST_P(StandardLayerTest, SequenceParallelGathersAndScatters) {
  for (int layers : {1, 3}) {
    OpGraph::Conversions conversions = place(layers, sequenceParallel);
    Counts pairs = {{StepKind::AllGather, 2 * layers}, {StepKind::ReduceScatter, 2 * layers}};
    EXPECT_EQ(countCollectives(conversions.forward), pairs);
    EXPECT_EQ(countCollectives(conversions.backward), pairs);
    EXPECT_EQ(conversions.forward.size(), size_t(4 * layers));
    EXPECT_EQ(conversions.backward.size(), size_t(4 * layers));
  }
}

TEST_P(StandardLayerTest, EachParameterGradientIsSummedOnce) {
  OpGraph graph = gptLayers({}, 2);
  // 2 layers of 2 norms, qkv, dense and its bias, fc1, gelu's bias, fc2 and its bias; the last
  // norm.
  int numParameters = 2 * (2 * 2 + 2 + 2 + 1 + 1 + 2) + 2;
  int numOfNormsAndBiases = 2 * (2 * 2 + 2) + 2;
  auto [tp, dp] = GetParam();
  OpGraph::Conversions conversions = place(2);
  Counts expected;
  if (dp > 1)
    expected[StepKind::AllReduce] = numParameters;
  EXPECT_EQ(countCollectives(conversions.synchronization), expected);
  // Where tp splits the sequence, norms and biases of split ops pend over tp as well: still one
  // sum.
  expected[StepKind::AllReduce] = dp > 1 ? numParameters : numOfNormsAndBiases;
  conversions = place(2, sequenceParallel);
  EXPECT_EQ(countCollectives(conversions.synchronization), expected);
  for (const OpGraph::Conversion &conversion : conversions.synchronization)
    EXPECT_EQ(conversion.steps.size(), 1u);
}

TEST_P(StandardLayerTest, WholeModel) {
  OpGraph::Conversions conversions = placeUniformly(gpt({}, 2), GetParam().tp, GetParam().dp);
  // Two for each layer, the embedding, and three of size [s, b] in the loss.
  Counts forward = countCollectives(conversions.forward);
  EXPECT_EQ(forward, (Counts{{StepKind::AllReduce, 2 * 2 + 1 + 3}}));
  // Two for each layer and the head.
  EXPECT_EQ(countCollectives(conversions.backward), (Counts{{StepKind::AllReduce, 2 * 2 + 1}}));
}

INSTANTIATE_TEST_SUITE_P(Degrees, StandardLayerTest,
                         ::testing::Values(TpDp{2, 1}, TpDp{4, 1}, TpDp{2, 2}),
                         [](const ::testing::TestParamInfo<TpDp> &info) {
                           return "tp" + std::to_string(info.param.tp) + "dp" +
                                  std::to_string(info.param.dp);
                         });

TEST(ModelConversionsTest, EncoderOutputIsReducedOnceForAllDecoderLayers) {
  auto backwardReductions = [](int decoderLayers) {
    return countCollectives(placeUniformly(t5({}, decoderLayers), 2, 1).backward)
        .at(StepKind::AllReduce);
  };
  // A decoder layer more: self attention, the query of cross attention, fc1; keys and values
  // nothing.
  EXPECT_EQ(backwardReductions(2) - backwardReductions(1), 3);
  EXPECT_EQ(backwardReductions(3) - backwardReductions(2), 3);
}

TEST(ModelConversionsTest, PublishedConvolutionRules) {
  OpGraph graph = resNet(8, 8, 2);
  // Split outputs: gathered forward; backward one sum for each input, both uses of the downsample
  // block's input (whose gradient comes first into relu) together.
  OpGraph::Conversions output = placeUniformly(graph, 2, 1);
  EXPECT_EQ(countCollectives(output.forward), (Counts{{StepKind::AllGather, 7}}));
  EXPECT_EQ(countCollectives(output.backward), (Counts{{StepKind::AllReduce, 6}}));
  // Split inputs: cut and summed forward; cut gradients gathered backward.
  OpGraph::Conversions input = placeUniformly(graph, 2, 1, {{"conv", 1}});
  EXPECT_EQ(countCollectives(input.forward), (Counts{{StepKind::AllReduce, 7}}));
  EXPECT_EQ(countCollectives(input.backward), (Counts{{StepKind::AllGather, 6}}));
}

TEST(ModelConversionsTest, BatchStatisticsPendOverDataParallel) {
  OpGraph::Conversions conversions = placeUniformly(resNet(8, 8, 1), 1, 2);
  // Two sums for each of 4 batch norms.
  EXPECT_EQ(countCollectives(conversions.forward), (Counts{{StepKind::AllReduce, 8}}));
}

} // namespace
} // namespace aceso::test
