//===- ModelFactsTest.cpp - Degrees that an op may have ---------*- C++ -*-===//

#include "aceso/Cost/ModelFacts.h"

#include <gmock/gmock.h>

using namespace aceso;
using testing::HasSubstr;

TEST(ModelFactsTest, DegreesMustSuitEveryPrimitive) {
  OpFacts op{};
  op.path = "layers.0.mlp";
  PrimitiveFacts linear, gelu;
  linear.signature = Signature::parse("s b k, o k -> s b o", "ok");
  linear.signature.extents = {{'s', 8}, {'k', 12}, {'o', 24}};
  gelu.signature = Signature::parse("s b f -> s b f", "f-");
  gelu.signature.extents = {{'s', 8}, {'f', 6}};
  op.primitives = {linear, gelu};

  EXPECT_EQ(checkOpDegrees(op, {2, 2, 0}, 4), "");
  EXPECT_THAT(checkOpDegrees(op, {2, 3, 0}, 4),
              HasSubstr("op 'layers.0.mlp': dp 3 does not divide"));
  EXPECT_THAT(checkOpDegrees(op, {4, 1, 0}, 4),
              HasSubstr("tp 4 does not divide letter f of size 6"));
  EXPECT_EQ(checkOpDegrees(op, {4, 1, 1}, 4), "") << "rule 1 does not split f";
  EXPECT_THAT(checkOpDegrees(op, {1, 1, 2}, 4), HasSubstr("rule 2 does not exist"));
}

TEST(ModelFactsTest, BlockIsTheLayerInAPath) {
  EXPECT_EQ(blockOfPath("layers.3.attention.qkv"), "layers.3");
  EXPECT_EQ(blockOfPath("decoder.layers.12"), "decoder.layers.12");
  EXPECT_EQ(blockOfPath("7.fc"), "7");
  EXPECT_EQ(blockOfPath("final_ln"), "final_ln");
  EXPECT_EQ(blockOfPath("stem.conv1"), "stem.conv1") << "a number is a whole component";
  EXPECT_EQ(blockOfPath(""), "");
}
