//===- SignatureTest.cpp - Letters from text, their sizes -----------------===//

#include "aceso/Layout/Signature.h"

#include <gtest/gtest.h>

namespace aceso {
namespace {

using Dims = std::vector<std::string>;
using Shape = std::vector<int64_t>;

TEST(SignatureTest, ParsesOperandsAndResults) {
  Signature signature = Signature::parse("s b k, (n q d) k, +(n q d) -> s b (n q d)", "nk", "q");
  ASSERT_EQ(signature.operands.size(), 3u);
  ASSERT_EQ(signature.results.size(), 1u);
  EXPECT_EQ(signature.operands[0].dims, (Dims{"s", "b", "k"}));
  EXPECT_EQ(signature.operands[1].dims, (Dims{"nqd", "k"}));
  EXPECT_EQ(signature.operands[2].dims, (Dims{"nqd"}));
  EXPECT_FALSE(signature.operands[1].additive);
  EXPECT_TRUE(signature.operands[2].additive);
  EXPECT_EQ(signature.results[0].dims, (Dims{"s", "b", "nqd"}));
  EXPECT_EQ(signature.rules, "nk");
  EXPECT_EQ(signature.nosplit, "q");
  EXPECT_EQ(signature.letters(), "sbknqd");
}

TEST(SignatureTest, ParsesScalarsReductionsAndEmptySides) {
  Signature signature = Signature::parse("s b v, () -> max: s b, ()", "v");
  EXPECT_EQ(signature.operands[1].dims, Dims{});
  EXPECT_EQ(signature.results[0].reduction, Reduction::Max);
  EXPECT_EQ(signature.results[0].dims, (Dims{"s", "b"}));
  EXPECT_EQ(signature.results[1].reduction, Reduction::Sum);
  EXPECT_EQ(signature.results[1].dims, Dims{});
  EXPECT_TRUE(Signature::parse(" -> s b", "-").operands.empty());
  EXPECT_TRUE(Signature::parse("s b ->", "-").results.empty());
  EXPECT_EQ(Signature::parse("sbh->sbh", "-").operands[0].dims, (Dims{"s", "b", "h"}));
}

TEST(SignatureTest, SaysWhyTextIsMalformed) {
  auto errorOf = [](const char *pattern, const char *rules, const char *nosplit = "") {
    std::string error;
    EXPECT_FALSE(Signature::tryParse(pattern, rules, nosplit, error));
    return error;
  };
  EXPECT_EQ(errorOf("s b k", "k"), "a pattern has the form operands -> results");
  EXPECT_EQ(errorOf("s b, -> s", "-"), "a comma separates two tensors");
  EXPECT_EQ(errorOf("s,, b -> s", "-"), "a tensor without letters is written ()");
  EXPECT_EQ(errorOf("s (b k -> s", "-"), "a parenthesis is not closed");
  EXPECT_EQ(errorOf("s b) -> s", "-"), "parentheses hold a product of letters");
  EXPECT_EQ(errorOf(") -> s", "-"), "parentheses hold a product of letters");
  EXPECT_EQ(errorOf("s (b (k)) -> s", "-"), "parentheses do not nest");
  EXPECT_EQ(errorOf("s ( ) -> s", "-"), "parentheses hold a product of letters");
  EXPECT_EQ(errorOf("s 3 -> s", "-"), "letters are a-z and A-Z");
  EXPECT_EQ(errorOf("s s -> s", "-"), "a tensor has a letter once");
  EXPECT_EQ(errorOf("s -> +s", "-"), "letters are a-z and A-Z");
  EXPECT_EQ(errorOf("s -> s -> s", "-"), "letters are a-z and A-Z");
  EXPECT_EQ(errorOf("s -> s", ""), "an op has at least one rule");
  EXPECT_EQ(errorOf("s -> s", "*"), "a rule is a letter or -");
  EXPECT_EQ(errorOf("s -> s", "s", "t"), "nosplit names a letter of the op");
  EXPECT_EQ(errorOf("s t, +s -> max: s", "s"), "an op with additive operands reduces by sums");
}

TEST(SignatureDeathTest, MalformedTextOfOursEndsTheProgram) {
  EXPECT_DEATH(Signature::parse("s 3 -> s", "-"), "letters \"s 3 -> s\".*letters are a-z");
}

TEST(SignatureTest, BindsSizes) {
  Signature signature = Signature::parse("s b k, (n q d) k, +(n q d) -> s b (n q d)", "nk");
  signature.extents = {{'q', 3}, {'d', 4}};
  std::string error;
  ASSERT_TRUE(signature.bindShapes({{8, 2, 16}, {24, 16}, {24}}, {{8, 2, 24}}, error)) << error;
  EXPECT_EQ(signature.extent('n'), 2);
  EXPECT_EQ(signature.extent('k'), 16);
  EXPECT_EQ(signature.shape(signature.operands[1]), (Shape{24, 16}));
  EXPECT_EQ(signature.majors(signature.operands[1]), (Shape{2, 16}));
  // Binding again to the same sizes changes nothing.
  EXPECT_TRUE(signature.bindShapes({{8, 2, 16}, {24, 16}, {24}}, {{8, 2, 24}}, error));
}

TEST(SignatureTest, MinorLettersMayStandAloneElsewhere) {
  Signature signature = Signature::parse("b n s t, t b n d -> s b (n d)", "n");
  std::string error;
  ASSERT_TRUE(signature.bindShapes({{2, 4, 8, 8}, {8, 2, 4, 16}}, {{8, 2, 64}}, error)) << error;
  EXPECT_EQ(signature.majors(signature.results[0]), (Shape{8, 2, 4}));
}

TEST(SignatureTest, ProductsGiveTheLetterThatTheyLack) {
  // The last product gives d, so the one before it n, so the first one m.
  Signature signature = Signature::parse("(m n) s, (n d) -> (s d)", "-");
  std::string error;
  ASSERT_TRUE(signature.bindShapes({{6, 4}, {15}}, {{20}}, error)) << error;
  EXPECT_EQ(signature.extents, (std::map<char, int64_t>{{'d', 5}, {'m', 2}, {'n', 3}, {'s', 4}}));
}

TEST(SignatureTest, ALetterAloneMayBeDynamic) {
  Signature signature = Signature::parse("s b h, h -> s b h", "-");
  std::string error;
  ASSERT_TRUE(signature.bindShapes({{8, dynamicExtent, 4}, {4}}, {{8, dynamicExtent, 4}}, error))
      << error;
  EXPECT_EQ(signature.extent('b'), dynamicExtent);
}

TEST(SignatureTest, SizesThatDisagree) {
  auto errorOf = [](const char *pattern, std::vector<Shape> operands, std::vector<Shape> results,
                    std::map<char, int64_t> extents = {}) {
    Signature signature = Signature::parse(pattern, "-");
    signature.extents = extents;
    std::string error;
    EXPECT_FALSE(signature.bindShapes(operands, results, error));
    EXPECT_EQ(signature.extents, extents) << "a failed binding leaves no trace";
    return error;
  };
  EXPECT_EQ(errorOf("s k, o k -> s o", {{2, 3}, {4, 5}}, {{2, 4}}),
            "dimension 1 of operand 1 says that k is 5, elsewhere it is 3");
  EXPECT_EQ(errorOf("s k, o k -> s o", {{2, 3}, {4, 3}}, {{2, 5}}),
            "dimension 1 of result 0 says that o is 5, elsewhere it is 4");
  EXPECT_EQ(errorOf("s -> s", {{2}}, {{2}}, {{'s', 3}}),
            "dimension 0 of operand 0 says that s is 2, elsewhere it is 3");
  EXPECT_EQ(errorOf("s k -> s k", {{2}}, {{2, 3}}),
            "operand 0 has 1 dimensions, but 2 are declared");
  EXPECT_EQ(errorOf("s -> s", {{2}, {2}}, {{2}}),
            "2 operands and 1 results, but 1 and 1 are declared");
  EXPECT_EQ(errorOf("s -> s", {{0}}, {{0}}),
            "dimension 0 of operand 0 has size 0, which must be at least 1");
  EXPECT_EQ(errorOf("(n d) -> (n d)", {{8}}, {{8}}),
            "dimension 0 of operand 0 is a product with letter d, whose size nothing says");
  EXPECT_EQ(errorOf("(n d) -> d", {{8}}, {{3}}),
            "dimension 0 of operand 0 has size 8, no multiple of 3, the product of d");
  EXPECT_EQ(errorOf("(n d), n -> d", {{8}, {3}}, {{4}}),
            "dimension 0 of operand 0 says that n is 2, elsewhere it is 3");
  EXPECT_EQ(errorOf("b -> b", {{dynamicExtent}}, {{4}}),
            "dimension 0 of result 0 says that b is 4, elsewhere it is dynamic");
  EXPECT_EQ(errorOf("(n b), b -> b", {{8}, {dynamicExtent}}, {{dynamicExtent}}),
            "dimension 0 of operand 0 is a product with letter b, which is dynamic");
  EXPECT_EQ(errorOf("(b n), n -> n", {{dynamicExtent}, {2}}, {{2}}),
            "dimension 0 of operand 0 has size -1, which must be at least 1");
}

} // namespace
} // namespace aceso
