//===- EinsumTest.cpp - Wanted, left and dual layouts, by execution -------===//
//
// Ops are executed box by box on all devices: operands arrive in the layouts that the op wants, and
// the results mean what the global op gives if read in the layouts in which it says that it leaves
// them. The same for gradients, with the layouts that the forward op's letters predict.
//
//===----------------------------------------------------------------------===//

#include "Einsum.h"
#include "RandomLayouts.h"

#include <gtest/gtest.h>

namespace aceso::test {
namespace {

struct OpCase {
  const char *pattern, *rules, *nosplit;
  /// Sizes of letters; all others are 2.
  std::map<char, int64_t> extents;
  /// Whether the gradient is the einsum's; no gradient goes through a maximum.
  bool hasGradient = true;
};

const std::vector<OpCase> &cases() {
  static const std::vector<OpCase> all = {
      {"s b k, o k, +o -> s b o", "oks-", "", {{'b', 4}, {'k', 12}, {'o', 12}, {'s', 4}}},
      {"s b k, (n q d) k, +(n q d) -> s b (n q d)",
       "nk",
       "",
       {{'b', 4}, {'n', 4}, {'k', 4}, {'q', 3}}},
      {"s b n d, t b n d -> b n s t", "ns", "d", {{'b', 4}, {'n', 6}, {'s', 4}, {'t', 3}}},
      {"b n s t, t b n d -> s b (n d)", "ns", "t", {{'b', 4}, {'n', 4}, {'s', 4}, {'t', 3}}},
      {"s b h, h, +h -> s b h", "-s", "h", {{'b', 6}, {'s', 4}, {'h', 3}}},
      {"s b h, +h, +s b h -> s b h", "-sh", "", {{'b', 4}, {'s', 4}, {'h', 4}}},
      {"b s v, v h, +s h -> s b h", "v", "", {{'b', 4}, {'v', 12}}},
      {"s b v, s b -> ()", "v-", "", {{'b', 4}, {'v', 8}}},
      {"s b v -> max: s b", "vs", "", {{'b', 4}, {'v', 12}, {'s', 4}}, false},
      {"b i x y, o i -> b o x y", "oi", "xy", {{'b', 4}, {'i', 4}, {'o', 6}}},
      {"s h, h f -> s f", "fh", "", {{'h', 4}, {'f', 4}}},
      {"b f, b f -> f", "bf", "", {{'b', 16}, {'f', 4}}},
  };
  return all;
}

Signature signatureOf(const OpCase &op) {
  Signature signature = Signature::parse(op.pattern, op.rules, op.nosplit);
  for (char letter : signature.letters())
    signature.extents[letter] = 2;
  for (auto [letter, size] : op.extents)
    signature.extents[letter] = size;
  return signature;
}

/// All meshes of up to 12 devices and all degrees and rules on them that the op admits.
template <typename Check> int64_t forEachPlacement(const Signature &signature, Check check) {
  int64_t count = 0;
  for (const std::vector<int64_t> &radices : std::vector<std::vector<int64_t>>{
           {}, {2}, {3}, {4}, {2, 2}, {2, 3}, {3, 2}, {2, 2, 2}, {4, 2}, {2, 2, 3}}) {
    Mesh mesh(radices);
    for (int64_t dp = 1; dp <= mesh.numDevices(); ++dp)
      for (unsigned rule = 0; rule < signature.rules.size(); ++rule) {
        if (!mesh.numLeadingDigits(dp))
          continue;
        Degrees degrees{mesh.numDevices() / dp, dp, rule};
        if (!checkDegrees(signature, degrees).empty())
          continue;
        ++count;
        check(mesh, degrees);
      }
  }
  return count;
}

/// Small, so that products of several do not overflow beside the random summands.
std::vector<Values> randomOperands(const Signature &signature, Random &random) {
  std::vector<Values> operands;
  for (const TensorLetters &operand : signature.operands) {
    operands.emplace_back(numElements(signature.shape(operand)));
    for (int64_t &value : operands.back())
      value = pick(random, 20) - 10;
  }
  return operands;
}

/// Executes the op on all devices, operands in the layouts wanted, and reads result `index` in
/// `layout`.
Values executePlaced(const Signature &signature, const Mesh &mesh, const Degrees &degrees,
                     const std::vector<Values> &operands, unsigned index, const Layout &layout,
                     Random &random) {
  Assignment assignment = assignDigits(signature, mesh, degrees);
  std::vector<PlacedTensor> placed;
  for (size_t i = 0; i < operands.size(); ++i)
    placed.push_back(place(mesh, wantedLayout(signature, assignment, i),
                           signature.shape(signature.operands[i]), operands[i], random));
  PlacedTensor result{mesh, layout, signature.shape(signature.results[index]), {}};
  for (int64_t device = 0; device < mesh.numDevices(); ++device) {
    std::vector<Values> boxes;
    for (const PlacedTensor &tensor : placed)
      boxes.push_back(tensor.devices[device]);
    result.devices.push_back(
        evaluate(signature, localExtents(signature, mesh, assignment), boxes, index));
  }
  return meaning(result);
}

TEST(EinsumTest, BoxesGiveTheGlobalResult) {
  Random random(1);
  int64_t placements = 0;
  for (const OpCase &op : cases()) {
    SCOPED_TRACE(op.pattern);
    Signature signature = signatureOf(op);
    placements += forEachPlacement(signature, [&](const Mesh &mesh, const Degrees &degrees) {
      SCOPED_TRACE("tp " + std::to_string(degrees.tp) + " dp " + std::to_string(degrees.dp) +
                   " rule " + std::to_string(degrees.rule));
      std::vector<Values> operands = randomOperands(signature, random);
      Assignment assignment = assignDigits(signature, mesh, degrees);
      for (size_t j = 0; j < signature.results.size(); ++j)
        EXPECT_EQ(executePlaced(signature, mesh, degrees, operands, j,
                                leftLayout(signature, assignment, j), random),
                  evaluate(signature, signature.extents, operands, j));
    });
  }
  RecordProperty("placements", static_cast<int>(placements));
  EXPECT_GE(placements, 250);
}

TEST(EinsumTest, GradientsAreLeftInTheDualLayout) {
  Random random(2);
  int64_t gradients = 0;
  for (const OpCase &op : cases()) {
    if (!op.hasGradient)
      continue;
    SCOPED_TRACE(op.pattern);
    Signature signature = signatureOf(op);
    for (size_t i = 0; i < signature.operands.size(); ++i) {
      Signature gradient = gradientSignature(signature, i);
      gradients += forEachPlacement(signature, [&](const Mesh &mesh, const Degrees &degrees) {
        SCOPED_TRACE("operand " + std::to_string(i) + " tp " + std::to_string(degrees.tp) + " dp " +
                     std::to_string(degrees.dp) + " rule " + std::to_string(degrees.rule));
        Assignment forward = assignDigits(signature, mesh, degrees);
        Assignment backward = assignDigits(gradient, mesh, degrees);
        Layout dual = dualLayout(signature, forward, i);
        // What the explicit backward op says of itself.
        EXPECT_EQ(toString(dual), toString(leftLayout(gradient, backward, 0)));
        EXPECT_EQ(wantedLayout(gradient, backward, 0),
                  leftLayout(signature, forward, 0).withoutPending());
        // What it does.
        std::vector<Values> operands = randomOperands(gradient, random);
        EXPECT_EQ(executePlaced(gradient, mesh, degrees, operands, 0, dual, random),
                  evaluate(gradient, gradient.extents, operands, 0));
      });
    }
  }
  RecordProperty("gradients", static_cast<int>(gradients));
  EXPECT_GE(gradients, 500);
}

} // namespace
} // namespace aceso::test
