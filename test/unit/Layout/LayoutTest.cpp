//===- LayoutTest.cpp - Boxes, legality, text -----------------------------===//

#include "aceso/Layout/Layout.h"

#include <gtest/gtest.h>

namespace aceso {
namespace {

TEST(LayoutTest, BoxesIntersect) {
  Box a{{0, 2}, {4, 6}}, b{{3, 0}, {4, 4}};
  EXPECT_EQ(intersect(a, b), (Box{{3, 2}, {1, 2}}));
  EXPECT_EQ(intersect(b, a), intersect(a, b));
  EXPECT_TRUE(intersect(a, Box{{4, 0}, {2, 8}}).empty());
  EXPECT_EQ((Box{{}, {}}).numElements(), 1) << "a scalar has one element";
}

TEST(LayoutTest, BoxIsReadMajorDigitFirst) {
  Mesh mesh({2, 3, 2});
  Layout layout{{{2, 0}, {1}}, {}};
  std::vector<int64_t> shape = {8, 9};
  EXPECT_EQ(localShape(mesh, layout, shape), (std::vector<int64_t>{2, 3}));
  // Device (1, 2, 0): place 0 * 2 + 1 of 4 in the first dimension, 2 of 3 in the second.
  EXPECT_EQ(boxOf(mesh, layout, shape, mesh.device({1, 2, 0})), (Box{{2, 6}, {2, 3}}));
  EXPECT_EQ(boxOf(mesh, layout, shape, mesh.device({0, 0, 1})), (Box{{4, 0}, {2, 3}}));
}

TEST(LayoutTest, EveryDigitSplitsOrPendsOrIsIdle) {
  Mesh mesh({2, 2, 2, 2});
  Layout layout{{{3}, {}}, {1}};
  EXPECT_EQ(layout.dimOf(3), 0);
  EXPECT_EQ(layout.dimOf(1), -1);
  EXPECT_TRUE(layout.isPending(1));
  EXPECT_FALSE(layout.isPending(3));
  EXPECT_TRUE(layout.isIdle(0));
  EXPECT_FALSE(layout.isIdle(1));
  EXPECT_FALSE(layout.isIdle(3));
  EXPECT_EQ(layout.idleDigits(mesh), (DigitList{0, 2}));
  EXPECT_EQ(layout.withoutPending().idleDigits(mesh), (DigitList{0, 1, 2}));
}

TEST(LayoutTest, ReductionCountsOnlyWhereSomethingPends) {
  Layout sum{{{0}}, {}, Reduction::Sum}, max{{{0}}, {}, Reduction::Max};
  EXPECT_EQ(sum, max);
  sum.pending = max.pending = {1};
  EXPECT_NE(sum, max);
  EXPECT_NE(sum, sum.withoutPending());
}

TEST(LayoutTest, Text) {
  EXPECT_EQ(toString(Layout{{{}, {0}, {2, 1}}, {3}}), "0:[] 1:[0] 2:[2,1] pending:[3]+");
  EXPECT_EQ(toString(Layout{{{1}}, {0, 2}, Reduction::Max}), "0:[1] pending:[0,2]max");
  EXPECT_EQ(toString(Layout{{{1}}, {}, Reduction::Max}), "0:[1]");
  EXPECT_EQ(toString(Layout{{}, {0}}), "pending:[0]+");
  EXPECT_EQ(toString(Layout{}), "");
}

TEST(LayoutTest, LegalLayouts) {
  Mesh mesh({2, 3, 2});
  EXPECT_EQ(checkLayout(mesh, {{{2, 0}, {1}}, {}}, {4, 3}), "");
  EXPECT_EQ(checkLayout(mesh, {{{0}, {}}, {1, 2}}, {4, 5}), "");
  EXPECT_EQ(checkLayout(mesh, {{{0}}, {}}, {12}, {4}), "");
  EXPECT_EQ(checkLayout(mesh, {}, {}), "");
}

TEST(LayoutTest, LayoutsThatFitNoTensor) {
  Mesh mesh({2, 3, 2});
  EXPECT_EQ(checkLayout(mesh, {{{0}}, {}}, {4, 4}), "layout has 1 dimensions, the tensor 2");
  EXPECT_EQ(checkLayout(mesh, {{{0}, {0}}, {}}, {4, 4}), "digit 0 is used twice");
  EXPECT_EQ(checkLayout(mesh, {{{0}, {}}, {0}}, {4, 4}), "digit 0 is used twice");
  EXPECT_EQ(checkLayout(mesh, {{{3}, {}}, {}}, {4, 4}), "digit 3 of a mesh of 3 digits");
  EXPECT_EQ(checkLayout(mesh, {{{}, {}}, {7}}, {4, 4}), "digit 7 of a mesh of 3 digits");
  EXPECT_EQ(checkLayout(mesh, {{{}, {}}, {2, 0}}, {4, 4}), "pending digits must ascend");
  EXPECT_EQ(checkLayout(mesh, {{{}, {0, 1}}, {}}, {4, 4}),
            "dimension 1 of size 4 cannot be split into 6 equal parts");
  EXPECT_EQ(checkLayout(mesh, {{{0, 2}}, {}}, {12}, {6}),
            "dimension 0: its major factor of size 6 cannot be split into 4 equal parts");
  EXPECT_EQ(checkLayout(mesh, {{{0}}, {}}, {12}, {6, 2}),
            "2 major factors for a tensor of 1 dimensions");
}

} // namespace
} // namespace aceso
