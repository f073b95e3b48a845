//===- ExpandCompositesTest.cpp - Primitives say what their composite said ===//
//
// Planning asks a composite for the letters of its primitives before they exist; the lowering asks
// the primitives themselves. Both must say the same.
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/NN/NN.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <set>

using namespace mlir;

namespace aceso::nn {
namespace {

std::string toText(const std::vector<TensorLetters> &tensors) {
  std::string text;
  for (const TensorLetters &tensor : tensors) {
    text += text.empty() ? "" : ", ";
    text += tensor.additive ? "+" : "";
    text += tensor.reduction == Reduction::Max ? "max:" : "";
    for (const std::string &dim : tensor.dims)
      text += "(" + dim + ")";
  }
  return text;
}

std::string toText(const Signature &signature) {
  std::string text = toText(signature.operands) + " -> " + toText(signature.results) + " rules " +
                     signature.rules + " nosplit " + signature.nosplit + " flops " +
                     std::to_string(signature.flopsPerPoint) + " extents";
  for (auto [letter, extent] : signature.extents)
    text += std::string(" ") + letter + "=" + std::to_string(extent);
  return text;
}

/// One op of each composite kind, on sizes that all differ.
constexpr char composites[] = R"(
  %ids, %labels = "test.tokens"() : () -> (tensor<?x8xi32>, tensor<?x8xi32>)
  %table, %positions, %g, %w, %b = "test.parameters"() :
    () -> (tensor<40x24xf32>, tensor<10x24xf32>, tensor<24xf32>, tensor<60x24xf32>, tensor<60xf32>)
  %0 = nn.embedding "embedding" (%ids, %table, %positions) {p = 0.1 : f64}
    : (tensor<?x8xi32>, tensor<40x24xf32>, tensor<10x24xf32>) -> tensor<8x?x24xf32>
  %1 = nn.layer_norm "ln" (%0, %g, %g) {eps = 1.0e-5 : f64}
    : (tensor<8x?x24xf32>, tensor<24xf32>, tensor<24xf32>) -> tensor<8x?x24xf32>
  %q, %k, %v = nn.qkv "qkv" (%1, %w, %b) : (tensor<8x?x24xf32>, tensor<60x24xf32>, tensor<60xf32>)
    -> (tensor<8x?x4x5xf32>, tensor<8x?x4x5xf32>, tensor<8x?x4x5xf32>)
  %2 = nn.linear_cross_entropy "head" (%1, %table, %labels) {num_classes = 37 : i64}
    : (tensor<8x?x24xf32>, tensor<40x24xf32>, tensor<?x8xi32>) -> tensor<f32>
  "test.use"(%q, %k, %v, %2) : (tensor<8x?x4x5xf32>, tensor<8x?x4x5xf32>, tensor<8x?x4x5xf32>, tensor<f32>) -> ()
)";

class ExpandCompositesTest : public testing::Test {
protected:
  ExpandCompositesTest() {
    context.loadDialect<NNDialect>();
    context.allowUnregisteredDialects();
    module = parseSourceString<ModuleOp>(composites, &context);
  }

  std::vector<NNOp> findComposites() {
    std::vector<NNOp> found;
    module->walk([&](NNOp op) {
      if (op.isComposite())
        found.push_back(op);
    });
    return found;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(ExpandCompositesTest, EveryCompositeIsTested) {
  ASSERT_TRUE(module);
  std::set<std::string> tested;
  for (NNOp op : findComposites())
    tested.insert(op->getName().getStringRef().str());
  EXPECT_EQ(tested, (std::set<std::string>{"nn.embedding", "nn.layer_norm",
                                           "nn.linear_cross_entropy", "nn.qkv"}));
}

TEST_F(ExpandCompositesTest, PrimitivesHaveTheLettersThatTheCompositeDeclares) {
  ASSERT_TRUE(module);
  for (NNOp op : findComposites()) {
    std::string path = op.getPath().str();
    std::vector<std::string> declared, built;
    for (const Signature &signature : op.getPrimitiveSignatures())
      declared.push_back(toText(signature));
    expandComposite(op);
    module->walk([&](NNOp primitive) {
      if (primitive.getPath() == path)
        built.push_back(toText(primitive.getSignature()));
    });
    EXPECT_EQ(declared, built) << path;
  }
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(ExpandCompositesTest, PrimitivesHaveAnEntryForEveryRule) {
  ASSERT_TRUE(module);
  for (NNOp op : findComposites())
    for (const Signature &signature : op.getPrimitiveSignatures())
      EXPECT_EQ(signature.rules.size(), op.getSignature().rules.size())
          << op.getPath().str() << ": " << toText(signature);
}

} // namespace
} // namespace aceso::nn
