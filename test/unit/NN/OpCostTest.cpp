//===- OpCostTest.cpp - What ops say that they cost -----------------------===//

#include "aceso/Dialect/NN/NN.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace aceso::nn {
namespace {

class OpCostTest : public testing::Test {
protected:
  OpCostTest() {
    context.loadDialect<NNDialect>();
    context.allowUnregisteredDialects();
    module = parseSourceString<ModuleOp>(R"(
      %x, %labels = "test.inputs"() : () -> (tensor<8x?x16xf16>, tensor<?x8xi32>)
      %w = nn.parameter "w" <ones> : tensor<48x16xf16>
      %0 = nn.linear "fc" (%x, %w) {rules = "ok"}
        : (tensor<8x?x16xf16>, tensor<48x16xf16>) -> tensor<8x?x48xf16>
      %1 = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 40 : i64}
        : (tensor<8x?x16xf16>, tensor<48x16xf16>, tensor<?x8xi32>) -> tensor<f32>
    )",
                                         &context);
  }

  /// Of the op with this path, for four samples.
  OpCost costOf(StringRef path, const Degrees &degrees) {
    OpCost cost;
    module->walk([&](NNOp op) {
      if (op.getPath() == path)
        cost = op.getCost(/*microBatch=*/4, degrees);
    });
    return cost;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

/// s = 8, b = 4, k = 16, o = 48.
TEST_F(OpCostTest, DegreesDivideWhatTheySplit) {
  ASSERT_TRUE(module);
  const double points = 8 * 4 * 16 * 48;
  struct Case {
    Degrees degrees;
    int64_t parameterBytes, savedBytes;
  };
  for (const Case &one :
       {Case{{1, 1, 0}, 2 * 48 * 16, 2 * 8 * 4 * 48}, Case{{2, 2, 0}, 2 * 24 * 16, 2 * 8 * 2 * 24},
        Case{{2, 2, 1}, 2 * 48 * 8, 2 * 8 * 2 * 48}}) {
    OpCost cost = costOf("fc", one.degrees);
    double devices = one.degrees.tp * one.degrees.dp;
    EXPECT_EQ(cost.forwardFlops, 2 * points / devices);
    EXPECT_EQ(cost.backwardFlops, 2 * cost.forwardFlops) << "both factors have a gradient";
    EXPECT_EQ(cost.parameterBytes, one.parameterBytes);
    EXPECT_EQ(cost.savedBytes, one.savedBytes);
  }
}

/// The linear layer, then one operation a logit for the maximum, four for the sums, two a token.
TEST_F(OpCostTest, AUnitCostsWhatItsPrimitivesDo) {
  ASSERT_TRUE(module);
  OpCost cost = costOf("head", {});
  const double tokens = 8 * 4, logits = tokens * 48;
  EXPECT_EQ(cost.forwardFlops, 2 * logits * 16 + (1 + 4) * logits + 2 * tokens);
  EXPECT_EQ(cost.backwardFlops, 4 * logits * 16 + (1 + 4) * logits + 2 * tokens);
  EXPECT_EQ(cost.parameterBytes, 2 * 48 * 16);
  EXPECT_EQ(cost.savedBytes, 4) << "the loss";
}

} // namespace
} // namespace aceso::nn
