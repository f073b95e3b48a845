//===- ConversionTest.cpp - Known conversions, step by step ---------------===//

#include "aceso/Layout/Conversion.h"

#include <gtest/gtest.h>

namespace aceso {
namespace {

using Shape = std::vector<int64_t>;
using Groups = std::vector<std::vector<int64_t>>;

std::string stepsOf(const Mesh &mesh, const Layout &from, const Layout &to, const Shape &shape,
                    const Shape &majors = {}) {
  std::string text;
  for (const ConversionStep &step : convertLayout(mesh, from, to, shape, majors))
    text += (text.empty() ? "" : "; ") + toString(step);
  return text;
}

int64_t received(const Mesh &mesh, const Layout &from, const Layout &to, const Shape &shape) {
  return conversionCost(mesh, convertLayout(mesh, from, to, shape), shape).elementsReceived;
}

TEST(ConversionTest, EqualLayoutsNeedNothing) {
  Layout layout{{{0}, {}}, {1}};
  EXPECT_TRUE(convertLayout(Mesh({2, 2}), layout, layout, {4, 4}).empty());
}

TEST(ConversionTest, OneStepOfEachKind) {
  Mesh mesh({2, 2});
  Shape shape = {8, 8};
  Layout whole{{{}, {}}, {}}, rows{{{0}, {}}, {}}, columns{{{}, {0}}, {}}, pending{{{}, {}}, {0}};
  EXPECT_EQ(stepsOf(mesh, whole, rows, shape), "slice -> 0 over [0]");
  EXPECT_EQ(stepsOf(mesh, rows, whole, shape), "all-gather 0 over [0]");
  EXPECT_EQ(stepsOf(mesh, rows, columns, shape), "all-to-all 0 -> 1 over [0]");
  EXPECT_EQ(stepsOf(mesh, pending, whole, shape), "all-reduce over [0]");
  EXPECT_EQ(stepsOf(mesh, pending, columns, shape), "reduce-scatter -> 1 over [0]");
  EXPECT_EQ(stepsOf(mesh, whole, pending, shape), "mask over [0]");
  EXPECT_EQ(stepsOf(mesh, rows, {{{1}, {}}, {}}, shape), "box-exchange over [0]");
  // Elements received by the 4 devices, n = 64 in all.
  EXPECT_EQ(received(mesh, whole, rows, shape), 0);
  EXPECT_EQ(received(mesh, rows, whole, shape), 4 * 32);
  EXPECT_EQ(received(mesh, rows, columns, shape), 4 * 16);
  EXPECT_EQ(received(mesh, pending, whole, shape), 4 * 64);
  EXPECT_EQ(received(mesh, pending, columns, shape), 4 * 32);
  EXPECT_EQ(received(mesh, whole, pending, shape), 0);
  EXPECT_EQ(received(mesh, rows, {{{1}, {}}, {}}, shape), 2 * 32);
}

TEST(ConversionTest, AllReduceOfUnevenPartsIsRoundedUp) {
  EXPECT_EQ(received(Mesh({4}), {{{}}, {0}}, {{{}}, {}}, {5}), 4 * 2 * 3 * 2);
}

TEST(ConversionTest, FromColumnLinearToRowLinearOfOtherDegrees) {
  // fc1 column at (tp 2, dp 2) leaves s:[] b:[0] f:[1]; fc2 row at (tp 4, dp 1) wants f:[1,0].
  EXPECT_EQ(stepsOf(Mesh({2, 2}), {{{}, {0}, {1}}, {}}, {{{}, {}, {1, 0}}, {}}, {8, 4, 16}),
            "all-to-all 1 -> 2 over [0]");
}

TEST(ConversionTest, NeighboursMergeIntoOneCollective) {
  Mesh mesh({2, 2, 2});
  Layout whole{{{}}, {}}, split{{{2, 0, 1}}, {}}, pending{{{}}, {0, 1, 2}};
  EXPECT_EQ(stepsOf(mesh, whole, split, {8}), "slice -> 0 over [2,0,1]");
  EXPECT_EQ(stepsOf(mesh, split, whole, {8}), "all-gather 0 over [2,0,1]");
  EXPECT_EQ(stepsOf(mesh, pending, whole, {8}), "all-reduce over [0,1,2]");
  EXPECT_EQ(stepsOf(mesh, pending, split, {8}), "reduce-scatter -> 0 over [2,0,1]");
  EXPECT_EQ(stepsOf(mesh, whole, pending, {8}), "mask over [0,1,2]");
}

TEST(ConversionTest, MembersStandInTheOrderOfTheDigits) {
  Mesh mesh({2, 3, 2});
  ConversionStep step = convertLayout(mesh, {{{2, 0}}, {}}, {{{}}, {}}, {8})[0];
  // Device = 6 a + 2 b + c; the group varies c (major) and a.
  EXPECT_EQ(stepGroups(mesh, step), (Groups{{0, 6, 1, 7}, {2, 8, 3, 9}, {4, 10, 5, 11}}));
}

TEST(ConversionTest, AllToAllCutsAndJoinsInOrdersOfItsOwn) {
  Mesh mesh({2, 3});
  std::vector<ConversionStep> steps =
      convertLayout(mesh, {{{0, 1}, {}}, {}}, {{{}, {1, 0}}, {}}, {6, 6});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(toString(steps[0]), "all-to-all 0 -> 1 over [1,0]");
  EXPECT_EQ(steps[0].fromDigits, (DigitList{0, 1}));
  EXPECT_EQ(stepGroups(mesh, steps[0]), (Groups{{0, 3, 1, 4, 2, 5}}));
  // Rows lie in device order 0 1 2 3 4 5, which are the members 0 2 4 1 3 5.
  EXPECT_EQ(gatherOrder(mesh, steps[0]), (Shape{0, 2, 4, 1, 3, 5}));
}

TEST(ConversionTest, ReductionsComeFirstAndSmall) {
  Mesh mesh({2, 2, 2});
  // Cut by the idle digit, then scatter, then reduce the rest.
  EXPECT_EQ(stepsOf(mesh, {{{}, {}}, {0, 1}}, {{{2}, {0}}, {}}, {8, 8}),
            "slice -> 0 over [2]; reduce-scatter -> 1 over [0]; all-reduce over [1]");
  // Digit 0 has no place before digit 1 moves: reduced beside it, both move at once.
  EXPECT_EQ(stepsOf(mesh, {{{1}, {}}, {0}}, {{{}, {1, 0}}, {}}, {8, 8}),
            "reduce-scatter -> 0 over [0]; all-to-all 0 -> 1 over [1,0]");
  // No dimension takes another digit: reduced where it is.
  EXPECT_EQ(stepsOf(mesh, {{{1}}, {0}}, {{{0}}, {}}, {2}),
            "all-reduce over [0]; box-exchange over [1]");
}

TEST(ConversionTest, ValuesStayPendingWhereBothPend) {
  Mesh mesh({2, 2, 2});
  EXPECT_EQ(stepsOf(mesh, {{{1}, {}}, {0}}, {{{}, {1}}, {0}}, {4, 4}),
            "all-to-all 0 -> 1 over [1]");
  EXPECT_EQ(stepsOf(mesh, {{{1}, {}}, {0}}, {{{2}, {}}, {0, 1}}, {4, 4}),
            "box-exchange over [1]; mask over [1]");
}

TEST(ConversionTest, MajorsForbidPushingInsideAHead) {
  Mesh mesh({2, 2});
  Layout from{{{1}}, {0}}, to{{{0}}, {}};
  EXPECT_EQ(stepsOf(mesh, from, to, {12}, {12}),
            "reduce-scatter -> 0 over [0]; box-exchange over [0,1]");
  EXPECT_EQ(stepsOf(mesh, from, to, {12}, {2}), "all-reduce over [0]; box-exchange over [1]");
}

TEST(ConversionTest, BoxExchangePieces) {
  Mesh mesh({2, 2});
  std::vector<ConversionStep> steps = convertLayout(mesh, {{{0}}, {}}, {{{1}}, {}}, {8});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(stepGroups(mesh, steps[0]), (Groups{{0, 2}, {1, 3}}));
  std::vector<BoxPiece> expected = {
      {0, 0, {{0}, {4}}}, {3, 1, {{4}, {4}}}, {0, 2, {{0}, {4}}}, {3, 3, {{4}, {4}}}};
  EXPECT_EQ(boxExchangePieces(mesh, steps[0], {8}), expected);
}

TEST(ConversionTest, ABoxExchangeSpansOnlyDigitsThatMove) {
  EXPECT_EQ(stepsOf(Mesh({2, 2, 2, 2}), {{{0, 1}, {3}}, {}}, {{{0, 2}, {3}}, {}}, {8, 8}),
            "box-exchange over [1]");
}

TEST(ConversionTest, InputSizesForTables) {
  Mesh mesh({4});
  Shape shape = {16, 16};
  Layout whole{{{}, {}}, {}}, rows{{{0}, {}}, {}}, columns{{{}, {0}}, {}}, pending{{{}, {}}, {0}};
  auto sizeOf = [&](const Layout &from, const Layout &to) {
    std::vector<ConversionStep> steps = convertLayout(mesh, from, to, shape);
    EXPECT_EQ(steps.size(), 1u);
    return stepInputElements(mesh, steps[0], shape);
  };
  EXPECT_EQ(sizeOf(rows, whole), 64) << "all-gather: what a rank contributes";
  EXPECT_EQ(sizeOf(rows, columns), 64) << "all-to-all: the whole input";
  EXPECT_EQ(sizeOf(pending, whole), 256) << "all-reduce: the buffer";
  EXPECT_EQ(sizeOf(pending, rows), 256) << "reduce-scatter: the whole input";
  EXPECT_EQ(sizeOf(whole, rows), 256);
}

TEST(ConversionTest, InputSizeOfABoxExchangeFollowsItsBusiestRank) {
  // [0] -> [1]: devices 0 and 3 keep their half, 1 and 2 fetch another; devices 0 and 3 send one
  // each.
  Mesh mesh({2, 2});
  std::vector<ConversionStep> steps = convertLayout(mesh, {{{0}}, {}}, {{{1}}, {}}, {8});
  EXPECT_EQ(stepInputElements(mesh, steps[0], {8}), 4 * 2 / 1);
}

TEST(ConversionTest, OwnedLayoutHasOneOwnerForEachElement) {
  Mesh mesh({2, 2, 2});
  EXPECT_EQ(ownedLayout(mesh, {{{}, {1}}, {}}, {4, 4}), (Layout{{{0, 2}, {1}}, {}}));
  EXPECT_EQ(ownedLayout(mesh, {{{}, {1}}, {}}, {2, 4}), (Layout{{{0}, {1, 2}}, {}}));
  EXPECT_EQ(ownedLayout(mesh, {{{}, {1}}, {}}, {2, 2}), (Layout{{{0}, {1}}, {}}));
  EXPECT_EQ(ownedLayout(mesh, {{{}, {1}}, {0}}, {4, 4}), (Layout{{{2, 0}, {1}}, {}}))
      << "idle digits before pending ones";
  EXPECT_EQ(ownedLayout(mesh, {{{}}, {0, 1, 2}}, {12}, {3}), (Layout{{{}}, {}}));
  EXPECT_EQ(ownedLayout(mesh, {{}, {0}}, {}), (Layout{{}, {}})) << "a scalar";
}

TEST(ConversionTest, TransferBetweenDegrees) {
  // From (tp 2, dp 2), pending over tp, to (tp 2, dp 1): scatter, 4 x 2 boxes, gather.
  Transfer transfer =
      planTransfer(Mesh({2, 2}), {{{}, {0}}, {1}}, Mesh({2}), {{{}, {}}, {}}, {4, 4});
  ASSERT_EQ(transfer.beforeSend.size(), 1u);
  EXPECT_EQ(toString(transfer.beforeSend[0]), "reduce-scatter -> 0 over [1]");
  EXPECT_EQ(transfer.sent, (Layout{{{1}, {0}}, {}}));
  EXPECT_EQ(transfer.received, (Layout{{{0}, {}}, {}}));
  std::vector<BoxPiece> expected = {{0, 0, {{0, 0}, {2, 2}}},
                                    {1, 1, {{2, 0}, {2, 2}}},
                                    {2, 0, {{0, 2}, {2, 2}}},
                                    {3, 1, {{2, 2}, {2, 2}}}};
  EXPECT_EQ(transfer.messages, expected);
  ASSERT_EQ(transfer.afterReceive.size(), 1u);
  EXPECT_EQ(toString(transfer.afterReceive[0]), "all-gather 0 over [0]");
}

TEST(ConversionTest, AScalarIsSentByOneReplicaToAll) {
  Transfer transfer = planTransfer(Mesh({2}), {{}, {0}}, Mesh({3}), {{}, {}}, {});
  ASSERT_EQ(transfer.beforeSend.size(), 1u);
  EXPECT_EQ(transfer.beforeSend[0].kind, StepKind::AllReduce);
  std::vector<BoxPiece> expected = {{0, 0, {}}, {0, 1, {}}, {0, 2, {}}};
  EXPECT_EQ(transfer.messages, expected);
  EXPECT_TRUE(transfer.afterReceive.empty());
}

} // namespace
} // namespace aceso
