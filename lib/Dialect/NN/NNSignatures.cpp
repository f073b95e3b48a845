//===- NNSignatures.cpp - The letters of every op ---------------*- C++ -*-===//
//
// One line for each op: its pattern, the letter that each rule splits, what may not be split.
// (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/NN/NN.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

using Minor = std::pair<char, int64_t>;

static Signature contraction(Signature signature) {
  signature.flopsPerPoint = 2;
  signature.isContraction = true;
  return signature;
}

static Signature elementwise(Signature signature, double flops) {
  signature.flopsPerPoint = flops;
  return signature;
}

/// Extents of letters for the primitives of a composite, whose inner tensors are no operands.
static Signature withExtents(Signature signature, const Signature &whole,
                             std::initializer_list<std::pair<char, char>> letters,
                             std::initializer_list<Minor> minor = {}) {
  for (auto [own, ofWhole] : letters)
    signature.extents[own] = whole.extent(ofWhole);
  for (auto [letter, extent] : minor)
    signature.extents[letter] = extent;
  return signature;
}

//===----------------------------------------------------------------------===//
// Patterns of primitives that stand alone or in composites
//===----------------------------------------------------------------------===//

static constexpr char lookupPattern[] = "b s, v h, +p h -> s b h";
static constexpr char lookupRules[] = "vv";
static constexpr char embeddingDropoutRules[] = "-s";
static constexpr char layerNormPattern[] = "s b h, h, h -> s b h, s b, s b";
static constexpr char layerNormRules[] = "-s";
static constexpr char qkvLinearRules[] = "okk";
static constexpr char splitHeadsPattern[] = "s b (n q d) -> s b n d, s b n d, s b n d";
static constexpr char splitHeadsRules[] = "n-n";
static constexpr char headRules[] = "os";
static constexpr char classMaxPattern[] = "s b v -> max:s b";
static constexpr char classSumsPattern[] = "s b v, s b, b s -> s b, s b";
static constexpr char classRules[] = "vs";
static constexpr char tokenLossPattern[] = "s b, s b, b s -> ()";
static constexpr char tokenLossRules[] = "-s";

static const char *linearPattern(bool hasBias, bool hasGroups) {
  if (hasGroups)
    return hasBias ? "s b k, (o x) k, +(o x) -> s b (o x)" : "s b k, (o x) k -> s b (o x)";
  return hasBias ? "s b k, o k, +o -> s b o" : "s b k, o k -> s b o";
}

//===----------------------------------------------------------------------===//
// Units of planning
//===----------------------------------------------------------------------===//

Signature EmbeddingOp::getSignature() {
  return bindSignature(*this, lookupPattern, lookupRules, "ps");
}

llvm::SmallVector<Signature> EmbeddingOp::getPrimitiveSignatures() {
  Signature whole = getSignature();
  Signature dropout = Signature::parse("s b h -> s b h", embeddingDropoutRules);
  return {whole, elementwise(withExtents(dropout, whole, {{'s', 's'}, {'b', 'b'}, {'h', 'h'}}), 2)};
}

Signature LayerNormOp::getSignature() {
  return bindSignature(*this, "s b h, h, h -> s b h", layerNormRules, "h");
}

llvm::SmallVector<Signature> LayerNormOp::getPrimitiveSignatures() {
  Signature stats = Signature::parse(layerNormPattern, layerNormRules, "h");
  return {elementwise(withExtents(stats, getSignature(), {{'s', 's'}, {'b', 'b'}, {'h', 'h'}}), 8)};
}

Signature QKVOp::getSignature() {
  return contraction(bindSignature(*this, "s b k, (n q d) k, +(n q d) -> s b n d, s b n d, s b n d",
                                   "nkk", "", {{'q', 3}}));
}

llvm::SmallVector<Signature> QKVOp::getPrimitiveSignatures() {
  Signature whole = getSignature();
  Signature linear = Signature::parse(linearPattern(true, true), qkvLinearRules);
  Signature split = Signature::parse(splitHeadsPattern, splitHeadsRules);
  return {contraction(withExtents(linear, whole, {{'s', 's'}, {'b', 'b'}, {'k', 'k'}, {'o', 'n'}},
                                  {{'x', 3 * whole.extent('d')}})),
          withExtents(split, whole, {{'s', 's'}, {'b', 'b'}, {'n', 'n'}, {'d', 'd'}}, {{'q', 3}})};
}

Signature AttentionScoreOp::getSignature() {
  return contraction(bindSignature(*this, "s b n d, t b n d -> b n s t", "ns"));
}

Signature SoftmaxOp::getSignature() {
  return elementwise(bindSignature(*this, "b n s t -> b n s t", "ns", "t"), 6);
}

Signature DropoutOp::getSignature() {
  std::string pattern = (getLetters() + " -> " + getLetters()).str();
  return elementwise(bindSignature(*this, pattern, getRules()), 2);
}

Signature AttentionContextOp::getSignature() {
  return contraction(bindSignature(*this, "b n s t, t b n d -> s b (n d)", "ns"));
}

Signature LinearOp::getSignature() {
  llvm::SmallVector<Minor, 1> minor;
  if (std::optional<int64_t> size = getGroupSize())
    minor.push_back({'x', *size});
  return contraction(bindSignature(*this,
                                   linearPattern(getBias() != nullptr, getGroupSize().has_value()),
                                   getRules(), "", minor));
}

Signature ScaleOp::getSignature() {
  return elementwise(
      bindSignature(*this, (getLetters() + ", () -> " + getLetters()).str(), getRules()), 1);
}

Signature DotOp::getSignature() {
  std::string pattern = (getLetters() + ", " + getLetters()).str();
  return contraction(
      bindSignature(*this, pattern + (getBase() ? ", +() -> ()" : " -> ()"), getRules()));
}

Signature BiasDropoutAddOp::getSignature() {
  return elementwise(bindSignature(*this, "s b h, h, s b h -> s b h", "-sh"), 4);
}

Signature GeluOp::getSignature() {
  return elementwise(bindSignature(*this, "s b f, f -> s b f", "f-s"), 10);
}

Signature LinearCrossEntropyOp::getSignature() {
  return contraction(bindSignature(*this, "s b h, v h, b s -> ()", "vs"));
}

llvm::SmallVector<Signature> LinearCrossEntropyOp::getPrimitiveSignatures() {
  Signature whole = getSignature();
  auto extents = {std::pair('s', 's'), std::pair('b', 'b')};
  auto classExtents = {std::pair('s', 's'), std::pair('b', 'b'), std::pair('v', 'v')};
  return {contraction(withExtents(Signature::parse(linearPattern(false, false), headRules), whole,
                                  {{'s', 's'}, {'b', 'b'}, {'k', 'h'}, {'o', 'v'}})),
          elementwise(
              withExtents(Signature::parse(classMaxPattern, classRules), whole, classExtents), 1),
          elementwise(
              withExtents(Signature::parse(classSumsPattern, classRules), whole, classExtents), 4),
          elementwise(
              withExtents(Signature::parse(tokenLossPattern, tokenLossRules), whole, extents), 2)};
}

//===----------------------------------------------------------------------===//
// Primitives and gradients
//===----------------------------------------------------------------------===//

Signature LookupOp::getSignature() { return bindSignature(*this, lookupPattern, getRules(), "ps"); }

Signature LookupGradOp::getSignature() {
  return bindSignature(*this, "b s, s b h -> v h", getRules(), "s");
}

Signature PositionGradOp::getSignature() {
  return bindSignature(*this, "s b h -> p h", getRules(), "ps");
}

Signature LayerNormStatsOp::getSignature() {
  return elementwise(bindSignature(*this, layerNormPattern, getRules(), "h"), 8);
}

Signature LayerNormGradOp::getSignature() {
  return elementwise(
      bindSignature(*this, "s b h, s b, s b, h, s b h -> s b h, h, h", getRules(), "h"), 12);
}

Signature SplitHeadsOp::getSignature() {
  return bindSignature(*this, splitHeadsPattern, getRules(), "", {{'q', 3}});
}

Signature MergeHeadsOp::getSignature() {
  return bindSignature(*this, "s b n d, s b n d, s b n d -> s b (n q d)", getRules(), "",
                       {{'q', 3}});
}

Signature SoftmaxGradOp::getSignature() {
  return elementwise(bindSignature(*this, "b n s t, b n s t -> b n s t", getRules(), "t"), 5);
}

Signature GeluGradOp::getSignature() {
  return elementwise(bindSignature(*this, "s b f, f, s b f -> s b f", getRules()), 20);
}

Signature ClassMaxOp::getSignature() {
  return elementwise(bindSignature(*this, classMaxPattern, getRules()), 1);
}

Signature ClassSumsOp::getSignature() {
  return elementwise(bindSignature(*this, classSumsPattern, getRules()), 4);
}

Signature TokenLossOp::getSignature() {
  return elementwise(bindSignature(*this, tokenLossPattern, getRules()), 2);
}

Signature CrossEntropyGradOp::getSignature() {
  return elementwise(bindSignature(*this, "s b v, s b, s b, b s, () -> s b v", getRules()), 4);
}

Signature EinsumOp::getSignature() {
  llvm::SmallVector<Minor, 2> minor;
  if (DictionaryAttr extents = getExtentsAttr())
    for (NamedAttribute extent : extents)
      minor.push_back(
          {extent.getName().strref().front(), cast<IntegerAttr>(extent.getValue()).getInt()});
  Signature signature = bindSignature(*this, getPattern(), getRules(), "", minor);
  return getInputs().size() > 1 ? contraction(signature) : elementwise(signature, 1);
}

/// Dimension k is named by the k-th capital letter: a sum fits any tensor (of at most 26
/// dimensions).
Signature SumOp::getSignature() {
  std::string tensor;
  unsigned rank = std::min<int64_t>(26, cast<RankedTensorType>(getResult().getType()).getRank());
  for (unsigned dim = 0; dim < rank; ++dim)
    tensor += std::string(dim ? " " : "") + char('A' + dim);
  if (rank == 0)
    tensor = "()";
  std::string pattern;
  for (unsigned input = 0, e = getInputs().size(); input < e; ++input)
    pattern += (input ? ", " : "") + tensor;
  Signature signature = bindSignature(*this, pattern + " -> " + tensor, "-");
  signature.isSum = true;
  return elementwise(signature, 1);
}
