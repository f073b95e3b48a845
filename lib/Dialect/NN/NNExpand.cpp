//===- NNExpand.cpp - Composites as primitives ------------------*- C++ -*-===//

#include "aceso/Dialect/NN/NN.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

/// The letters that tp splits in primitive `index`, one for each rule: what getPrimitiveSignatures
/// says.
static StringAttr rulesOf(NNOp op, unsigned index) {
  return StringAttr::get(op.getContext(), op.getPrimitiveSignatures()[index].rules);
}

/// `like` with another shape or element type.
static RankedTensorType tensorType(Value like, ArrayRef<int64_t> shape, Type elementType = {}) {
  auto type = cast<RankedTensorType>(like.getType());
  return RankedTensorType::get(shape, elementType ? elementType : type.getElementType());
}

bool EmbeddingOp::isComposite() { return true; }

llvm::SmallVector<Value> EmbeddingOp::expand(OpBuilder &b) {
  NNOp self = *this;
  Value rows = LookupOp::create(b, getLoc(), getResult().getType(), getPathAttr(), getIds(),
                                getTable(), getPositions(), rulesOf(self, 0));
  return {DropoutOp::create(b, getLoc(), rows.getType(), getPathAttr(), rows,
                            b.getStringAttr("s b h"), rulesOf(self, 1), getPAttr(), StringAttr())};
}

bool LayerNormOp::isComposite() { return true; }

llvm::SmallVector<Value> LayerNormOp::expand(OpBuilder &b) {
  auto type = cast<RankedTensorType>(getX().getType());
  RankedTensorType stats =
      tensorType(getX(), type.getShape().drop_back(), accumulationType(type.getElementType()));
  auto op = LayerNormStatsOp::create(b, getLoc(), TypeRange{getResult().getType(), stats, stats},
                                     getPathAttr(), getX(), getScale(), getShift(), getEpsAttr(),
                                     rulesOf(*this, 0));
  return {op.getResult()};
}

bool QKVOp::isComposite() { return true; }

llvm::SmallVector<Value> QKVOp::expand(OpBuilder &b) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(getX().getType()).getShape();
  int64_t features = cast<RankedTensorType>(getWeight().getType()).getShape().front();
  int64_t headSize = cast<RankedTensorType>(getQ().getType()).getShape()[3];
  NNOp self = *this;
  Value merged = LinearOp::create(b, getLoc(), tensorType(getX(), {shape[0], shape[1], features}),
                                  getPathAttr(), getX(), getWeight(), getBias(), rulesOf(self, 0),
                                  b.getI64IntegerAttr(3 * headSize), StringAttr());
  auto split = SplitHeadsOp::create(b, getLoc(), TypeRange(getResultTypes()), getPathAttr(), merged,
                                    rulesOf(self, 1));
  return llvm::SmallVector<Value>(split.getResults());
}

bool LinearCrossEntropyOp::isComposite() { return true; }

llvm::SmallVector<Value> LinearCrossEntropyOp::expand(OpBuilder &b) {
  auto type = cast<RankedTensorType>(getX().getType());
  int64_t rows = cast<RankedTensorType>(getWeight().getType()).getShape().front();
  ArrayRef<int64_t> tokens = type.getShape().drop_back();
  RankedTensorType perToken = tensorType(getX(), tokens, accumulationType(type.getElementType()));
  NNOp self = *this;
  Value logits =
      LinearOp::create(b, getLoc(), tensorType(getX(), {tokens[0], tokens[1], rows}), getPathAttr(),
                       getX(), getWeight(), Value(), rulesOf(self, 0), IntegerAttr(), StringAttr());
  Value max = ClassMaxOp::create(b, getLoc(), perToken, getPathAttr(), logits, getNumClassesAttr(),
                                 rulesOf(self, 1));
  auto sums = ClassSumsOp::create(b, getLoc(), TypeRange{perToken, perToken}, getPathAttr(), logits,
                                  max, getLabels(), getNumClassesAttr(), rulesOf(self, 2));
  return {TokenLossOp::create(b, getLoc(), getLoss().getType(), getPathAttr(), sums.getSum(),
                              sums.getPicked(), getLabels(), rulesOf(self, 3))};
}

llvm::SmallVector<Value> nn::expandComposite(NNOp op) {
  OpBuilder builder(op);
  Operation *before = op->getPrevNode();
  llvm::SmallVector<Value> results = op.expand(builder);
  Block::iterator first = before ? std::next(before->getIterator()) : op->getBlock()->begin();
  for (Operation &primitive : llvm::make_range(first, op->getIterator()))
    for (NamedAttribute attribute : op->getDiscardableAttrs())
      primitive.setDiscardableAttr(attribute.getName(), attribute.getValue());
  op->replaceAllUsesWith(results);
  op->erase();
  return results;
}
