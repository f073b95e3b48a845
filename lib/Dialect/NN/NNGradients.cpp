//===- NNGradients.cpp - The gradient of every op ---------------*- C++ -*-===//
//
// On global shapes; gradient ops carry path and rules of their forward op.
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/NN/NN.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

/// Adds the gradient of `operand`, an einsum of `inputs` with letters of the forward op.
static void addEinsum(GradientBuilder &gradients, NNOp op, Value operand, ValueRange inputs,
                      StringRef pattern, StringAttr rules, double scale = 1.0,
                      DictionaryAttr extents = {}) {
  if (!gradients.needsGradient(operand))
    return;
  OpBuilder &b = gradients.builder;
  gradients.addGradient(operand, EinsumOp::create(b, op.getLoc(), operand.getType(),
                                                  b.getStringAttr(op.getPath()), inputs,
                                                  b.getStringAttr(pattern), rules,
                                                  b.getF64FloatAttr(scale), extents));
}

static StringAttr ownRules(NNOp op) {
  return StringAttr::get(op.getContext(), op.getSignature().rules);
}

LogicalResult LinearOp::buildGradient(GradientBuilder &gradients) {
  Value dy = gradients.getGradient(getResult());
  OpBuilder &b = gradients.builder;
  std::string out = "o";
  DictionaryAttr extents;
  if (getGroupSize()) {
    out = "(o x)";
    extents =
        b.getDictionaryAttr(b.getNamedAttr("x", b.getI64IntegerAttr(getSignature().extent('x'))));
  }
  NNOp self = *this;
  addEinsum(gradients, self, getX(), {dy, getWeight()}, "s b " + out + ", " + out + " k -> s b k",
            getRulesAttr(), 1.0, extents);
  addEinsum(gradients, self, getWeight(), {dy, getX()}, "s b " + out + ", s b k -> " + out + " k",
            getRulesAttr(), 1.0, extents);
  if (getBias())
    addEinsum(gradients, self, getBias(), {dy}, "s b " + out + " -> " + out, getRulesAttr(), 1.0,
              extents);
  return success();
}

LogicalResult AttentionScoreOp::buildGradient(GradientBuilder &gradients) {
  Value dy = gradients.getGradient(getResult());
  double scale = getScale().convertToDouble();
  NNOp self = *this;
  addEinsum(gradients, self, getQ(), {dy, getK()}, "b n s t, t b n d -> s b n d", ownRules(self),
            scale);
  addEinsum(gradients, self, getK(), {dy, getQ()}, "b n s t, s b n d -> t b n d", ownRules(self),
            scale);
  return success();
}

LogicalResult AttentionContextOp::buildGradient(GradientBuilder &gradients) {
  Value dy = gradients.getGradient(getResult());
  NNOp self = *this;
  addEinsum(gradients, self, getProbabilities(), {dy, getV()}, "s b (n d), t b n d -> b n s t",
            ownRules(self));
  OpBuilder &b = gradients.builder;
  // Neither operand of this one has d in a dimension of its own.
  DictionaryAttr extents =
      b.getDictionaryAttr(b.getNamedAttr("d", b.getI64IntegerAttr(getSignature().extent('d'))));
  addEinsum(gradients, self, getV(), {getProbabilities(), dy}, "b n s t, s b (n d) -> t b n d",
            ownRules(self), 1.0, extents);
  return success();
}

LogicalResult SoftmaxOp::buildGradient(GradientBuilder &gradients) {
  if (!gradients.needsGradient(getX()))
    return success();
  gradients.addGradient(getX(), SoftmaxGradOp::create(gradients.builder, getLoc(), getX().getType(),
                                                      getPathAttr(), getResult(),
                                                      gradients.getGradient(getResult()),
                                                      getScaleAttr(), ownRules(*this)));
  return success();
}

/// The same mask on the gradient: the path is the key of the mask.
static Value maskGradient(OpBuilder &b, Location loc, StringAttr path, Value dy, StringRef letters,
                          StringAttr rules, FloatAttr p) {
  return DropoutOp::create(b, loc, dy.getType(), path, dy, b.getStringAttr(letters), rules, p,
                           StringAttr());
}

LogicalResult DropoutOp::buildGradient(GradientBuilder &gradients) {
  if (!gradients.needsGradient(getX()))
    return success();
  gradients.addGradient(getX(), maskGradient(gradients.builder, getLoc(), getPathAttr(),
                                             gradients.getGradient(getResult()), getLetters(),
                                             getRulesAttr(), getPAttr()));
  return success();
}

LogicalResult ScaleOp::buildGradient(GradientBuilder &gradients) {
  Value dy = gradients.getGradient(getResult());
  OpBuilder &b = gradients.builder;
  if (gradients.needsGradient(getX()))
    gradients.addGradient(getX(),
                          ScaleOp::create(b, getLoc(), getX().getType(), getPathAttr(), dy,
                                          getFactor(), getLettersAttr(), getRulesAttr(), {}));
  if (gradients.needsGradient(getFactor()))
    gradients.addGradient(getFactor(),
                          DotOp::create(b, getLoc(), getFactor().getType(), getPathAttr(), dy,
                                        getX(), Value(), getLettersAttr(), getRulesAttr(), {}));
  return success();
}

LogicalResult DotOp::buildGradient(GradientBuilder &gradients) {
  Value dresult = gradients.getGradient(getResult());
  if (getBase() && gradients.needsGradient(getBase()))
    gradients.addGradient(getBase(), dresult);
  auto addScaled = [&](Value operand, Value other) {
    if (gradients.needsGradient(operand))
      gradients.addGradient(operand, ScaleOp::create(gradients.builder, getLoc(), operand.getType(),
                                                     getPathAttr(), other, dresult,
                                                     getLettersAttr(), getRulesAttr(), {}));
  };
  addScaled(getX(), getY());
  addScaled(getY(), getX());
  return success();
}

LogicalResult BiasDropoutAddOp::buildGradient(GradientBuilder &gradients) {
  Value dy = gradients.getGradient(getResult());
  if (gradients.needsGradient(getResidual()))
    gradients.addGradient(getResidual(), dy);
  NNOp self = *this;
  StringAttr rules = ownRules(self);
  if (!gradients.needsGradient(getX()) && !gradients.needsGradient(getBias()))
    return success();
  Value dx =
      maskGradient(gradients.builder, getLoc(), getPathAttr(), dy, "s b h", rules, getPAttr());
  if (gradients.needsGradient(getX()))
    gradients.addGradient(getX(), dx);
  addEinsum(gradients, self, getBias(), {dx}, "s b h -> h", rules);
  return success();
}

LogicalResult GeluOp::buildGradient(GradientBuilder &gradients) {
  NNOp self = *this;
  StringAttr rules = ownRules(self);
  Value dx = GeluGradOp::create(gradients.builder, getLoc(), getX().getType(), getPathAttr(),
                                getX(), getBias(), gradients.getGradient(getResult()), rules);
  if (gradients.needsGradient(getX()))
    gradients.addGradient(getX(), dx);
  addEinsum(gradients, self, getBias(), {dx}, "s b f -> f", rules);
  return success();
}

LogicalResult LookupOp::buildGradient(GradientBuilder &gradients) {
  Value dy = gradients.getGradient(getResult());
  OpBuilder &b = gradients.builder;
  if (gradients.needsGradient(getTable()))
    gradients.addGradient(getTable(),
                          LookupGradOp::create(b, getLoc(), getTable().getType(), getPathAttr(),
                                               getIds(), dy, getRulesAttr()));
  if (gradients.needsGradient(getPositions()))
    gradients.addGradient(getPositions(),
                          PositionGradOp::create(b, getLoc(), getPositions().getType(),
                                                 getPathAttr(), dy, getRulesAttr()));
  return success();
}

LogicalResult LayerNormStatsOp::buildGradient(GradientBuilder &gradients) {
  Value dy = gradients.getGradient(getResult());
  if (!dy)
    return emitOpError("has gradients of its statistics only; they are part of its result's");
  auto op = LayerNormGradOp::create(
      gradients.builder, getLoc(),
      TypeRange{getX().getType(), getScale().getType(), getShift().getType()}, getPathAttr(),
      getX(), getMean(), getRstd(), getScale(), dy, getRulesAttr());
  for (auto [operand, gradient] : llvm::zip_equal(getOperands(), op.getResults()))
    if (gradients.needsGradient(operand))
      gradients.addGradient(operand, gradient);
  return success();
}

LogicalResult SplitHeadsOp::buildGradient(GradientBuilder &gradients) {
  if (!gradients.needsGradient(getX()))
    return success();
  Value dq = gradients.getGradient(getQ()), dk = gradients.getGradient(getK()),
        dv = gradients.getGradient(getV());
  if (!dq || !dk || !dv)
    return emitOpError("has gradients of some results only; attention uses all three");
  gradients.addGradient(getX(), MergeHeadsOp::create(gradients.builder, getLoc(), getX().getType(),
                                                     getPathAttr(), dq, dk, dv, getRulesAttr()));
  return success();
}

LogicalResult TokenLossOp::buildGradient(GradientBuilder &gradients) {
  auto sums = getSum().getDefiningOp<ClassSumsOp>();
  if (!sums)
    return emitOpError("is differentiated together with the nn.class_sums that gives its sums");
  Value logits = sums.getLogits();
  if (!gradients.needsGradient(logits))
    return success();
  OpBuilder &b = gradients.builder;
  gradients.addGradient(logits,
                        CrossEntropyGradOp::create(b, getLoc(), logits.getType(), getPathAttr(),
                                                   logits, sums.getMax(), sums.getSum(),
                                                   getLabels(), gradients.getGradient(getLoss()),
                                                   sums.getNumClassesAttr(), sums.getRulesAttr()));
  return success();
}
