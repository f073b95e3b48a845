//===- AcesoOpsTest.cpp - The data of the aceso formula ---------*- C++ -*-===//

#include "aceso/Cost/AcesoOps.h"

#include <gtest/gtest.h>

using namespace aceso;

static TensorSpec spec(int64_t replicas, int64_t d0, int64_t d1, int64_t d2) {
  return {true, replicas, {d0, d1, d2}};
}

static AcesoOpTraits traitsOf(const char *key) {
  std::optional<AcesoOpTraits> traits = acesoOpTraits(key);
  EXPECT_TRUE(traits) << key;
  return traits.value_or(AcesoOpTraits{});
}

TEST(AcesoOpsTest, LayoutsByRule) {
  AcesoOpTraits column = traitsOf("enc-MLP-GEMM-1");
  EXPECT_EQ(instantiate(column.input[0], 4, 2), spec(4, 1, 2, 1));
  EXPECT_EQ(instantiate(column.output[0], 4, 2), spec(1, 1, 2, 4));
  EXPECT_EQ(instantiate(column.input[1], 4, 2), spec(1, 1, 2, 4));
  EXPECT_EQ(instantiate(column.output[1], 4, 2), spec(4, 1, 2, 1));
  AcesoOpTraits row = traitsOf("dec-attention-dense-2");
  EXPECT_EQ(instantiate(row.input[0], 4, 2), spec(1, 1, 2, 4));
  EXPECT_EQ(instantiate(row.output[0], 4, 2), spec(4, 1, 2, 1));
  AcesoOpTraits score = traitsOf("enc-attention-score");
  EXPECT_EQ(instantiate(score.output[0], 4, 2), spec(1, 2, 4, 1));
  EXPECT_EQ(instantiate(traitsOf("final-layernorm").output[0], 4, 2), spec(4, 2, 1, 1));
  EXPECT_FALSE(traitsOf("encoder-embedding").input[0].given);
  EXPECT_FALSE(traitsOf("gpt-post-process").output[0].given);
}

/// Names that contain other names: the dropouts behind attention and MLP are not attention dropout.
TEST(AcesoOpsTest, PatternsDoNotShadowEachOther) {
  EXPECT_EQ(instantiate(traitsOf("enc-post-attention-dropout").input[0], 2, 1), spec(2, 1, 1, 1));
  EXPECT_EQ(instantiate(traitsOf("enc-attention-dropout").input[0], 2, 1), spec(1, 1, 2, 1));
  EXPECT_EQ(instantiate(traitsOf("dec-attention-dropout-1").input[0], 2, 1), spec(1, 1, 2, 1));
  EXPECT_TRUE(traitsOf("block-0-0-downsample").tunable);
  EXPECT_FALSE(acesoOpTraits("rms-norm"));
}

TEST(AcesoOpsTest, SecondRules) {
  for (const char *key : {"enc-attention-qkv", "enc-attention-dense", "enc-MLP-GEMM-1",
                          "enc-MLP-GEMM-2", "conv1", "block-0-0-downsample"})
    EXPECT_TRUE(traitsOf(key).hasSecondRule) << key;
  for (const char *key : {"encoder-embedding", "enc-1st-layernorm", "enc-attention-score",
                          "enc-MLP-gelu", "gpt-post-process", "fc"})
    EXPECT_FALSE(traitsOf(key).hasSecondRule) << key;
}

TEST(AcesoOpsTest, ExceptionsByName) {
  EXPECT_EQ(traitsOf("enc-attention-dropout").heldHalves, 3);
  EXPECT_EQ(traitsOf("dec-attention-dropout-1").heldHalves, 2);
  EXPECT_EQ(traitsOf("enc-attention-softmax").heldHalves, 0);
  EXPECT_EQ(traitsOf("dec-attention-softmax-1").heldHalves, 2);
  EXPECT_EQ(traitsOf("bn1").heldHalves, 0);
  EXPECT_EQ(traitsOf("block-1-0-bn1").heldHalves, 2);
  EXPECT_EQ(traitsOf("block-1-0-bn3").heldHalves, 0);
  EXPECT_EQ(traitsOf("block-0-0-downsample").heldHalves, 2);
  EXPECT_EQ(traitsOf("block-1-0-downsample").heldHalves, 0);

  EXPECT_TRUE(traitsOf("enc-1st-layernorm").startsSegment);
  EXPECT_TRUE(traitsOf("block-1-0-conv1").startsSegment);
  EXPECT_FALSE(traitsOf("conv1").startsSegment);
  EXPECT_FALSE(traitsOf("dec-1st-layernorm").startsSegment);

  for (const char *key :
       {"enc-1st-layernorm", "block-1-0-conv1", "conv1", "relu1", "encoder-embedding",
        "decoder-embedding", "gpt-post-process", "t5-post-process"})
    EXPECT_EQ(traitsOf(key).neverChosen, std::string(key) != "relu1") << key;
  EXPECT_TRUE(traitsOf("block-1-0-relu").neverChosen);
  EXPECT_FALSE(traitsOf("enc-2nd-layernorm").neverChosen);
}

TEST(AcesoOpsTest, TunableOps) {
  for (const char *key :
       {"encoder-embedding", "enc-attention-qkv", "dec-attention-qkv-2", "enc-attention-dense",
        "enc-MLP-GEMM-1", "dec-MLP-GEMM-2", "conv1", "block-3-2-conv3", "block-2-1-downsample"})
    EXPECT_TRUE(traitsOf(key).tunable) << key;
  for (const char *key : {"decoder-embedding", "enc-MLP-gelu", "enc-attention-score", "bn1", "fc",
                          "maxpool", "gpt-post-process"})
    EXPECT_FALSE(traitsOf(key).tunable) << key;
}

TEST(AcesoOpsTest, Conversions) {
  auto conversion = [](const TensorSpec &have, const TensorSpec &need) {
    return acesoConversion(have, need).value();
  };
  // Equal, and unknown on either side: nothing.
  EXPECT_FALSE(conversion(spec(2, 1, 1, 1), spec(2, 1, 1, 1)).forward);
  EXPECT_FALSE(conversion(TensorSpec(), spec(2, 1, 1, 1)).backward);
  // Split; its backward gathers.
  AcesoConversion split = conversion(spec(4, 1, 1, 1), spec(2, 1, 2, 1));
  EXPECT_FALSE(split.forward);
  EXPECT_EQ(split.backward, CollectiveKind::AllGather);
  EXPECT_EQ(split.groupSize, 2);
  // Gather; its backward cuts.
  AcesoConversion gather = conversion(spec(1, 1, 4, 1), spec(4, 1, 1, 1));
  EXPECT_EQ(gather.forward, CollectiveKind::AllGather);
  EXPECT_FALSE(gather.backward);
  EXPECT_EQ(gather.groupSize, 4);
  // All-to-all, both ways.
  AcesoConversion exchange = conversion(spec(1, 1, 1, 2), spec(1, 1, 2, 1));
  EXPECT_EQ(exchange.forward, CollectiveKind::AllToAll);
  EXPECT_EQ(exchange.backward, CollectiveKind::AllToAll);
  EXPECT_EQ(exchange.groupSize, 2);
  // A dimension that only shrinks, with no more replicas for it: none of the three.
  EXPECT_FALSE(acesoConversion(spec(1, 1, 2, 1), spec(1, 1, 1, 1)));
}

TEST(AcesoOpsTest, FamiliesByMarker) {
  ASSERT_TRUE(acesoFamilyOfMarker("t5-post-process"));
  EXPECT_FALSE(acesoFamilyOfMarker("t5-post-process")->pricesConversions);
  EXPECT_TRUE(acesoFamilyOfMarker("gpt-post-process")->pricesConversions);
  EXPECT_TRUE(acesoFamilyOfMarker("fc")->pricesConversions);
  EXPECT_FALSE(acesoFamilyOfMarker("enc-MLP-gelu"));
}
