//===- ConversionTableTest.cpp - Remembered conversions -------------------===//

#include "RandomLayouts.h"

#include "aceso/Layout/ConversionTable.h"

#include <gtest/gtest.h>

namespace aceso::test {
namespace {

TEST(ConversionTableTest, EqualLayoutsHaveOneNumber) {
  LayoutTable table(Mesh({2, 2}), {4, 4});
  LayoutId rows = table.intern({{{0}, {}}, {}});
  LayoutId columns = table.intern({{{}, {0}}, {}});
  EXPECT_NE(rows, columns);
  EXPECT_EQ(table.intern({{{0}, {}}, {}, Reduction::Max}), rows)
      << "without pending digits the reduction says nothing";
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.layout(columns), (Layout{{{}, {0}}, {}}));
}

TEST(ConversionTableTest, SummarizesSteps) {
  LayoutTable table(Mesh({2, 2}), {8, 8});
  LayoutId pending = table.intern({{{1}, {}}, {0}}), whole = table.intern({{{}, {}}, {}});
  const ConversionSummary &summary = table.conversion(pending, whole);
  std::vector<StepSummary> expected = {{StepKind::AllReduce, {0}, 2, 32},
                                       {StepKind::AllGather, {1}, 2, 32}};
  EXPECT_EQ(summary.steps, expected);
  EXPECT_EQ(summary.cost.numCollectives, 2);
  EXPECT_EQ(summary.cost.elementsReceived, 4 * 32 + 4 * 32);
  EXPECT_TRUE(table.conversion(whole, whole).steps.empty());
}

TEST(ConversionTableTest, AgreesWithTheCalculationAndKeepsReferences) {
  Random random(7);
  ConversionCache cache;
  Mesh mesh({2, 3, 2});
  RandomShape shape{{12, 24}, {12, 6}};
  LayoutTable &table = cache.table(mesh, shape.shape, shape.majors);
  EXPECT_EQ(&table, &cache.table(Mesh({2, 3, 2}), shape.shape, shape.majors));
  EXPECT_NE(&table, &cache.table(mesh, shape.shape)) << "other majors, another table";
  EXPECT_EQ(&cache.table(mesh, {4}), &cache.table(mesh, {4}, {4}));
  LayoutId first = table.intern(randomLayout(random, mesh, shape, true, Reduction::Sum));
  const ConversionSummary *kept = &table.conversion(first, first);
  for (int i = 0; i < 300; ++i) {
    LayoutId from = table.intern(randomLayout(random, mesh, shape, true, Reduction::Sum));
    LayoutId to = table.intern(randomLayout(random, mesh, shape, true, Reduction::Sum));
    std::vector<ConversionStep> steps =
        convertLayout(mesh, table.layout(from), table.layout(to), shape.shape, shape.majors);
    const ConversionSummary &summary = table.conversion(from, to);
    EXPECT_EQ(summary.cost, conversionCost(mesh, steps, shape.shape));
    ASSERT_EQ(summary.steps.size(), steps.size());
    for (size_t k = 0; k < steps.size(); ++k) {
      EXPECT_EQ(summary.steps[k].kind, steps[k].kind);
      EXPECT_EQ(summary.steps[k].digits, steps[k].digits);
      EXPECT_EQ(summary.steps[k].elementsIn, stepInputElements(mesh, steps[k], shape.shape));
    }
  }
  EXPECT_EQ(&table.conversion(first, first), kept);
}

TEST(ConversionTableTest, SummarizesTransfers) {
  ConversionCache cache;
  LayoutTable &source = cache.table(Mesh({2, 2}), {4, 4});
  LayoutTable &destination = cache.table(Mesh({2}), {4, 4});
  LayoutId from = source.intern({{{}, {0}}, {1}}), to = destination.intern({{{}, {}}, {}});
  const TransferSummary &summary = cache.transfer(source, from, destination, to);
  std::vector<StepSummary> before = {{StepKind::ReduceScatter, {1}, 2, 8}};
  std::vector<StepSummary> after = {{StepKind::AllGather, {0}, 2, 8}};
  EXPECT_EQ(summary.beforeSend.steps, before);
  EXPECT_EQ(summary.afterReceive.steps, after);
  EXPECT_EQ(summary.numMessages, 4);
  EXPECT_EQ(summary.elementsSent, 16);
  EXPECT_EQ(summary.busiestSend, 4);
  EXPECT_EQ(summary.busiestReceive, 8);
  EXPECT_EQ(&cache.transfer(source, from, destination, to), &summary);
}

} // namespace
} // namespace aceso::test
