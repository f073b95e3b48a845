//===- KernelLettersTest.cpp - Letters from files -------------------------===//

#include "ProgramBuilder.h"

#include "aceso/Program/KernelLetters.h"
#include "aceso/Program/Kernels.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

static std::string problemOf(const std::string &letters, const std::string &nosplit = "") {
  std::string error;
  return parseLetters(letters, nosplit, error) ? "" : error;
}

TEST(KernelLettersTest, LegalText) {
  for (const char *letters : {"s b k, o k, +o -> s b o", "-> ()", "s b (n q d) -> s b n d, s b n d",
                              "s b v -> max:s b", "s b, s b, b s -> ()", "A B, () -> A B"})
    EXPECT_EQ(problemOf(letters), "") << letters;
}

/// Each mistake has a test of its own in SignatureTest.
TEST(KernelLettersTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(problemOf("a a -> a"), "letters 'a a -> a': a tensor has a letter once");
  EXPECT_EQ(problemOf("a -> max:a", "m"), "letters 'a -> max:a': nosplit names a letter of the op");
}

TEST(KernelLettersTest, AnyTextIsReadOrRefused) {
  std::mt19937 random(3);
  const std::string characters = "abmx(), +->:  ";
  int legal = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string text;
    for (unsigned length = random() % 12; length > 0; --length)
      text += characters[random() % characters.size()];
    std::string error;
    if (parseLetters(text, "", error))
      ++legal;
    else
      EXPECT_FALSE(error.empty());
  }
  EXPECT_GT(legal, 100);
}

TEST(KernelLettersTest, ExtentsOfProducts) {
  ElementType type = ElementType::F32;
  std::string error;
  auto extents = [&](const std::string &letters, std::vector<TensorDesc> operands,
                     TensorDesc result, AttributeMap attributes = {}) {
    std::vector<const TensorDesc *> pointers;
    for (const TensorDesc &operand : operands)
      pointers.push_back(&operand);
    error = "";
    std::optional<Signature> signature = parseLetters(letters, "", error);
    if (!signature || !bindKernelExtents(*signature, attributes, pointers, {&result}, error))
      return std::map<char, int64_t>();
    return signature->extents;
  };
  // d follows from the product and n.
  auto context =
      extents("b n s t, s b (n d) -> t b n d",
              {tensor(type, {2, 3, 4, 5}), tensor(type, {4, 2, 18}, split({{}, {}, {}}))},
              tensor(type, {5, 2, 3, 6}));
  EXPECT_EQ(context['d'], 6);
  EXPECT_EQ(context['n'], 3);
  // Letters that never stand alone need their sizes said, and so does only one of each product.
  auto grouped = extents(
      "s b (o x), (o x) k -> s b k",
      {tensor(type, {4, 2, 12}, split({{}, {}, {}})), tensor(type, {12, 5}, split({{}, {}}))},
      tensor(type, {4, 2, 5}), {{"extents.x", int64_t(4)}});
  EXPECT_EQ(grouped['o'], 3);
  EXPECT_EQ(grouped['x'], 4);
  extents("s b (o x), (o x) k -> s b k", {tensor(type, {4, 2, 12}), tensor(type, {12, 5})},
          tensor(type, {4, 2, 5}));
  EXPECT_THAT(error, HasSubstr("a product with letter x, whose size nothing says; give it as an "
                               "attribute 'extents.<letter>'"));
  extents("s b (n d) -> s b n d", {tensor(type, {4, 2, 12})}, tensor(type, {4, 2, 3, 5}));
  EXPECT_THAT(error, HasSubstr("no multiple of 5, the product of d"));
  extents("(n d) -> n", {tensor(type, {12}, split({{}}))}, tensor(type, {3}),
          {{"extents.d", int64_t(5)}});
  EXPECT_THAT(error, HasSubstr("no multiple of 5, the product of d"));
  extents("a -> a", {tensor(type, {12})}, tensor(type, {12}), {{"extents.dd", int64_t(5)}});
  EXPECT_THAT(error, HasSubstr("must give one letter a positive size"));
  extents("a b -> a", {tensor(type, {12})}, tensor(type, {12}));
  EXPECT_THAT(error, HasSubstr("operand 0 has 1 dimensions, but 2 are declared"));
}

TEST(KernelLettersTest, MinorFactorsDoNotSplit) {
  ElementType type = ElementType::F32;
  std::string error;
  std::optional<Signature> signature = parseLetters("s (n d) -> s n d", "", error);
  TensorDesc whole = tensor(type, {4, 12}, split({{}, {}}));
  TensorDesc inside = tensor(type, {4, 3, 4}, split({{}, {}, {0}}));
  EXPECT_THAT(checkKernelLayouts(*signature, {&whole}, {&inside}),
              HasSubstr("letter d is split, but is a minor factor"));
}

TEST(KernelLettersTest, SummandsArePlacedAsTheLettersSay) {
  ElementType type = ElementType::F32;
  std::string error;
  std::optional<Signature> signature = parseLetters("b k, o k, +o -> b o", "", error);
  TensorDesc x = tensor(type, {4, 8}, split({{}, {0}})), weight = tensor(type, {6, 8}, x.layout),
             bias = tensor(type, {6}), sum = tensor(type, {4, 6}, split({{}, {}}, {0}));
  EXPECT_EQ(checkKernelLayouts(*signature, {&x, &weight, &bias}, {&sum}),
            "operand 2 is wanted in 0:[] pending:[0]+, but is in 0:[]");
  bias.layout = split({{}}, {0});
  EXPECT_EQ(checkKernelLayouts(*signature, {&x, &weight, &bias}, {&sum}), "");
  sum.layout = split({{}, {}});
  EXPECT_EQ(checkKernelLayouts(*signature, {&x, &weight, &bias}, {&sum}),
            "result 0 is left in 0:[] 1:[] pending:[0]+, but is in 0:[] 1:[]");
}

TEST(KernelsTest, TableIsSortedAndNamed) {
  std::span<const KernelInfo> kernels = allKernels();
  EXPECT_TRUE(std::is_sorted(kernels.begin(), kernels.end(),
                             [](const auto &a, const auto &b) { return a.name < b.name; }));
  for (const KernelInfo &kernel : kernels)
    EXPECT_EQ(findKernel(kernel.name), &kernel);
  EXPECT_EQ(findKernel("nn.nothing"), nullptr);
}

TEST(KernelsTest, LettersFitOperandsAndResults) {
  for (const KernelInfo &kernel : allKernels()) {
    if (kernel.letters.empty())
      continue;
    std::string error;
    std::optional<Signature> signature =
        parseLetters(std::string(kernel.letters), std::string(kernel.nosplit), error);
    ASSERT_TRUE(signature) << kernel.name << ": " << error;
    EXPECT_EQ(signature->operands.size(), kernel.minOperands()) << kernel.name;
    EXPECT_EQ(signature->operands.size(), kernel.maxOperands()) << kernel.name;
    EXPECT_EQ(signature->results.size(), kernel.results.size()) << kernel.name;
  }
}

TEST(KernelsTest, OperandsOfEachKind) {
  const KernelInfo &adamw = *findKernel("exec.adamw");
  EXPECT_EQ(adamw.minOperands(), 4u);
  EXPECT_EQ(adamw.maxOperands(), 5u);
  EXPECT_EQ(adamw.operandClass(4), 'f');
  EXPECT_TRUE(adamw.consumes(2));
  EXPECT_FALSE(adamw.consumes(1));
  const KernelInfo &sum = *findKernel("nn.sum");
  EXPECT_EQ(sum.minOperands(), 1u);
  EXPECT_EQ(sum.operandClass(100), 't');
  EXPECT_EQ(findKernel("nn.lookup")->operandClass(0), 'i');
  EXPECT_EQ(findKernel("exec.zero")->maxOperands(), 0u);
}
