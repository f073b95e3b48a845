//===- DegreesTest.cpp - Layouts that follow from letters and degrees -----===//

#include "aceso/Layout/Signature.h"

#include <gtest/gtest.h>

namespace aceso {
namespace {

/// x [s, b, k] * w [o, k] + bias [o]; rule 0 splits o, rule 1 k.
Signature linear() {
  Signature signature = Signature::parse("s b k, o k, +o -> s b o", "ok");
  signature.extents = {{'s', 8}, {'b', 4}, {'k', 16}, {'o', 24}};
  return signature;
}

TEST(DegreesTest, LegalDegrees) {
  EXPECT_EQ(checkDegrees(linear(), {1, 1, 0}), "");
  EXPECT_EQ(checkDegrees(linear(), {8, 4, 0}), "");
  EXPECT_EQ(checkDegrees(linear(), {16, 1, 1}), "");
  Signature norm = Signature::parse("s b h, h, +h -> s b h", "-s", "h");
  norm.extents = {{'s', 8}, {'b', 4}, {'h', 3}};
  EXPECT_EQ(checkDegrees(norm, {64, 1, 0}), "") << "without a letter any tp computes the same";
  EXPECT_EQ(checkDegrees(norm, {8, 2, 1}), "");
}

TEST(DegreesTest, DegreesThatDoNotFit) {
  EXPECT_EQ(checkDegrees(linear(), {2, 1, 2}), "rule 2 does not exist, there are rules 0 to 1");
  EXPECT_EQ(checkDegrees(linear(), {0, 1, 0}), "tp 0 and dp 1 must be at least 1");
  EXPECT_EQ(checkDegrees(linear(), {1, -2, 0}), "tp 1 and dp -2 must be at least 1");
  EXPECT_EQ(checkDegrees(linear(), {1, 8, 0}), "dp 8 does not divide letter b of size 4");
  EXPECT_EQ(checkDegrees(linear(), {16, 1, 0}), "tp 16 does not divide letter o of size 24");
  EXPECT_EQ(checkDegrees(linear(), {3, 1, 1}), "tp 3 does not divide letter k of size 16");
  Signature unbound = linear();
  unbound.extents['b'] = dynamicExtent;
  EXPECT_EQ(checkDegrees(unbound, {2, 2, 0}), "dp 2 splits letter b, whose size is not known yet");
  EXPECT_EQ(checkDegrees(unbound, {2, 1, 0}), "");
  Signature softmax = Signature::parse("b n s t -> b n s t", "nt", "t");
  softmax.extents = {{'b', 2}, {'n', 2}, {'s', 8}, {'t', 8}};
  EXPECT_EQ(checkDegrees(softmax, {2, 1, 1}), "tp 2 splits letter t, which may not be split");
  EXPECT_EQ(checkDegrees(softmax, {1, 2, 1}), "") << "tp 1 splits nothing";
  Signature whole = Signature::parse("b h -> b h", "h", "b");
  whole.extents = {{'b', 2}, {'h', 2}};
  EXPECT_EQ(checkDegrees(whole, {1, 2, 0}), "dp 2 splits letter b, which may not be split");
  Signature heads = Signature::parse("b n d -> b (n d)", "d");
  heads.extents = {{'b', 2}, {'n', 2}, {'d', 4}};
  EXPECT_EQ(checkDegrees(heads, {2, 1, 0}),
            "tp 2 splits letter d, a minor factor of dimension (nd) of result 0; only the major "
            "one can be split");
}

TEST(DegreesTest, TensorParallelMaySplitTheBatchToo) {
  Signature signature = Signature::parse("b h -> b h", "b");
  signature.extents = {{'b', 8}, {'h', 2}};
  EXPECT_EQ(checkDegrees(signature, {4, 2, 0}), "");
  EXPECT_EQ(checkDegrees(signature, {4, 4, 0}), "tp 4 x dp 4 does not divide letter b of size 8");
  Assignment assignment = assignDigits(signature, Mesh({2, 2, 2}), {4, 2, 0});
  EXPECT_EQ(assignment, (Assignment{{'b', {0, 2, 1}}}));
}

TEST(DegreesTest, DataParallelLeadsAndTensorParallelIsReversed) {
  Mesh mesh({2, 2, 2});
  EXPECT_EQ(assignDigits(linear(), mesh, {4, 2, 0}), (Assignment{{'b', {0}}, {'o', {2, 1}}}));
  EXPECT_EQ(assignDigits(linear(), mesh, {2, 4, 1}), (Assignment{{'b', {0, 1}}, {'k', {2}}}));
  EXPECT_EQ(assignDigits(linear(), mesh, {8, 1, 1}), (Assignment{{'k', {2, 1, 0}}}));
  EXPECT_EQ(assignDigits(linear(), mesh, {1, 8, 1}), (Assignment{{'b', {0, 1, 2}}}));
}

TEST(DegreesTest, DigitsOfLettersThatTheOpLacksAreIdle) {
  Mesh mesh({2, 2});
  Signature bias = Signature::parse("s b o -> o", "ok");
  EXPECT_EQ(assignDigits(bias, mesh, {2, 2, 1}), (Assignment{{'b', {0}}}));
  Signature optimizer = Signature::parse("o k, o k -> o k", "ok");
  EXPECT_EQ(assignDigits(optimizer, mesh, {2, 2, 1}), (Assignment{{'k', {1}}}));
}

TEST(DegreesTest, ColumnLinear) {
  Signature signature = linear();
  Assignment assignment = assignDigits(signature, Mesh({2, 2, 2}), {4, 2, 0});
  EXPECT_EQ(wantedLayout(signature, assignment, 0), (Layout{{{}, {0}, {}}, {}}));
  EXPECT_EQ(wantedLayout(signature, assignment, 1), (Layout{{{2, 1}, {}}, {}}));
  EXPECT_EQ(wantedLayout(signature, assignment, 2), (Layout{{{2, 1}}, {}}));
  EXPECT_EQ(leftLayout(signature, assignment, 0), (Layout{{{}, {0}, {2, 1}}, {}}));
  EXPECT_EQ(dualLayout(signature, assignment, 0), (Layout{{{}, {0}, {}}, {1, 2}}));
  EXPECT_EQ(dualLayout(signature, assignment, 1), (Layout{{{2, 1}, {}}, {0}}));
  EXPECT_EQ(dualLayout(signature, assignment, 2), (Layout{{{2, 1}}, {0}}));
}

TEST(DegreesTest, RowLinearMasksItsBias) {
  Signature signature = linear();
  Assignment assignment = assignDigits(signature, Mesh({2, 2, 2}), {4, 2, 1});
  EXPECT_EQ(wantedLayout(signature, assignment, 0), (Layout{{{}, {0}, {2, 1}}, {}}));
  EXPECT_EQ(wantedLayout(signature, assignment, 1), (Layout{{{}, {2, 1}}, {}}));
  EXPECT_EQ(wantedLayout(signature, assignment, 2), (Layout{{{}}, {1, 2}}));
  EXPECT_EQ(leftLayout(signature, assignment, 0), (Layout{{{}, {0}, {}}, {1, 2}}));
  EXPECT_EQ(dualLayout(signature, assignment, 0), (Layout{{{}, {0}, {2, 1}}, {}}));
  EXPECT_EQ(dualLayout(signature, assignment, 1), (Layout{{{}, {2, 1}}, {0}}));
  EXPECT_EQ(dualLayout(signature, assignment, 2), (Layout{{{}}, {0}}))
      << "the result's gradient is whole on every tp device";
}

TEST(DegreesTest, OnlyTheMajorLetterOfAProductSplits) {
  Signature context = Signature::parse("b n s t, t b n d -> s b (n d)", "n");
  Assignment assignment = assignDigits(context, Mesh({2, 2}), {2, 2, 0});
  EXPECT_EQ(leftLayout(context, assignment, 0), (Layout{{{}, {0}, {1}}, {}}));
}

TEST(DegreesTest, MaximumPendsAsMaximum) {
  Signature signature = Signature::parse("s b v -> max: s b", "v");
  Assignment assignment = assignDigits(signature, Mesh({2, 2}), {2, 2, 0});
  EXPECT_EQ(leftLayout(signature, assignment, 0), (Layout{{{}, {0}}, {1}, Reduction::Max}));
}

TEST(DegreesTest, ReducedBatchPendsOverDataParallel) {
  Signature loss = Signature::parse("s b, s b -> ()", "-");
  Assignment assignment = assignDigits(loss, Mesh({2, 2}), {2, 2, 0});
  EXPECT_EQ(leftLayout(loss, assignment, 0), (Layout{{}, {0}}));
}

} // namespace
} // namespace aceso
