//===- NNVerify.cpp - What holds for ops with letters -----------*- C++ -*-===//
//
// The numbers are those of the dialect's description (NNDialect.td). Attributes from which letters
// are read have constraints of their own, which are checked first.
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/NN/NN.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

static bool isWellFormed(StringRef pattern, StringRef rules) {
  std::string ignored; // constraints have a text of their own
  return Signature::tryParse({pattern.data(), pattern.size()}, {rules.data(), rules.size()}, "",
                             ignored)
      .has_value();
}

bool nn::isRules(StringRef text) { return isWellFormed("() -> ()", text); }

bool nn::isLetters(StringRef text) {
  return llvm::any_of(text, llvm::isAlpha) &&
         llvm::all_of(text, [](char c) { return c == ' ' || llvm::isAlpha(c); }) &&
         isWellFormed((text + " -> " + text).str(), "-");
}

bool nn::isPattern(StringRef text) { return isWellFormed(text, "-"); }

bool nn::isExtents(DictionaryAttr extents) {
  return llvm::all_of(extents, [](NamedAttribute extent) {
    auto size = dyn_cast<IntegerAttr>(extent.getValue());
    StringRef letter = extent.getName();
    return letter.size() == 1 && llvm::isAlpha(letter.front()) && size &&
           size.getType().isInteger(64) && size.getInt() > 0;
  });
}

//===----------------------------------------------------------------------===//
// Every op
//===----------------------------------------------------------------------===//

/// N1: an op has a path.
static LogicalResult verifyPath(NNOp op) {
  if (op.getPath().empty())
    return op.emitOpError("needs a path");
  return success();
}

/// N2: it has as many operands and results as its letters name. N3: its sizes agree with its
/// letters.
static LogicalResult verifySizes(NNOp op, Signature &signature) {
  if (signature.operands.size() != op->getNumOperands() ||
      signature.results.size() != op->getNumResults())
    return op.emitOpError("declares letters for ")
           << signature.operands.size() << " operands and " << signature.results.size()
           << " results, but has " << op->getNumOperands() << " and " << op->getNumResults();
  std::string error;
  if (!signature.bindShapes(shapesOf(op->getOperands()), shapesOf(op->getResults()), error))
    return op.emitOpError() << error;
  return success();
}

/// N4: no dimension is dynamic but the batch. The letters of a sum only number its dimensions.
static LogicalResult verifyDynamicSizes(NNOp op, const Signature &signature) {
  if (signature.isSum)
    return success();
  for (auto [letter, extent] : signature.extents)
    if (extent == dynamicExtent && letter != batchLetter)
      return op.emitOpError("has a dynamic dimension ")
             << letter << "; only the batch, " << batchLetter << ", may be dynamic";
  return success();
}

static bool isMinorLetter(const std::vector<TensorLetters> &tensors, char letter) {
  return llvm::any_of(tensors, [&](const TensorLetters &tensor) {
    return llvm::any_of(tensor.dims, [&](const std::string &dim) {
      return dim.find(letter, 1) != std::string::npos;
    });
  });
}

/// N5: a rule splits a letter that the op has and that may be split.
static LogicalResult verifyRules(NNOp op, const Signature &signature) {
  std::string letters = signature.letters();
  for (auto [rule, letter] : llvm::enumerate(signature.rules)) {
    if (letter == '-')
      continue;
    if (letters.find(letter) == std::string::npos) {
      if (op->hasTrait<GradientOp>())
        continue;
      return op.emitOpError("splits letter ")
             << letter << " by rule " << rule << ", but its letters are " << letters;
    }
    if (signature.nosplit.find(letter) != std::string::npos)
      return op.emitOpError("splits letter ")
             << letter << " by rule " << rule << ", which may not be split";
    if (isMinorLetter(signature.operands, letter) || isMinorLetter(signature.results, letter))
      return op.emitOpError("splits letter ")
             << letter << " by rule " << rule
             << ", a minor factor of a dimension; only the major one can be split";
  }
  return success();
}

/// N6: statistics have the accumulation type, everything else one element type.
static LogicalResult verifyElementTypes(NNOp op) {
  SmallVector<Value> values(op->getOperands());
  llvm::append_range(values, op->getResults());
  SmallVector<Value> statistics = op.getStatistics();
  Type elementType, statisticType;
  for (Value value : values) {
    Type type = cast<RankedTensorType>(value.getType()).getElementType();
    if (!isa<FloatType>(type))
      continue;
    Type &expected = llvm::is_contained(statistics, value) ? statisticType : elementType;
    if (!expected)
      expected = type;
    if (type != expected)
      return op.emitOpError("mixes element types ") << expected << " and " << type;
  }
  if (elementType && statisticType && statisticType != accumulationType(elementType))
    return op.emitOpError("keeps statistics of ")
           << elementType << " values in " << statisticType << " instead of "
           << accumulationType(elementType);
  return success();
}

LogicalResult nn::verifyNNOp(Operation *op) {
  auto unit = cast<NNOp>(op);
  if (failed(verifyPath(unit)))
    return failure();
  Signature signature = unit.getSignature();
  return success(succeeded(verifySizes(unit, signature)) &&
                 succeeded(verifyDynamicSizes(unit, signature)) &&
                 succeeded(verifyRules(unit, signature)) && succeeded(verifyElementTypes(unit)));
}

//===----------------------------------------------------------------------===//
// Single ops
//===----------------------------------------------------------------------===//

/// N7: a sequence is no longer than the table of positions.
static LogicalResult verifySequence(NNOp op) {
  Signature signature = op.getSignature();
  if (signature.extent('s') > signature.extent('p'))
    return op.emitOpError("reads sequences of ")
           << signature.extent('s') << " tokens, but has a table of " << signature.extent('p')
           << " positions";
  return success();
}

LogicalResult EmbeddingOp::verify() { return verifySequence(*this); }
LogicalResult LookupOp::verify() { return verifySequence(*this); }
LogicalResult PositionGradOp::verify() { return verifySequence(*this); }

/// N8: there are no more classes than rows in the table that makes the logits.
LogicalResult LinearCrossEntropyOp::verify() {
  int64_t rows = getSignature().extent('v'), classes = static_cast<int64_t>(getNumClasses());
  if (classes > rows)
    return emitOpError("has ") << classes << " classes, but a table of " << rows << " rows";
  return success();
}

/// N9: nn.einsum multiplies and adds: one or two operands, every letter of the result in one of
/// them.
LogicalResult EinsumOp::verify() {
  if (getInputs().empty() || getInputs().size() > 2)
    return emitOpError("takes one or two operands, not ") << getInputs().size();
  Signature signature = getSignature();
  if (signature.results.front().reduction != Reduction::Sum ||
      llvm::any_of(signature.operands, [](const TensorLetters &o) { return o.additive; }))
    return emitOpError(
        "multiplies its operands and adds the products; its pattern has no max: and no +");
  std::string ofOperands;
  for (const TensorLetters &operand : signature.operands)
    for (const std::string &dim : operand.dims)
      ofOperands += dim;
  for (const std::string &dim : signature.results.front().dims)
    for (char letter : dim)
      if (ofOperands.find(letter) == std::string::npos)
        return emitOpError("gives letter ") << letter << ", which no operand has";
  return success();
}
