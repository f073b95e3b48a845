//===- ExpandComposites.cpp - Composites as primitives ----------*- C++ -*-===//

#include "aceso/Dialect/NN/Transforms/Passes.h"

namespace aceso::nn {
#define GEN_PASS_DEF_NNEXPANDCOMPOSITESPASS
#include "aceso/Dialect/NN/Transforms/Passes.h.inc"
} // namespace aceso::nn

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

void aceso::nn::expandComposite(NNOp op) {
  OpBuilder builder(op);
  Operation *before = op->getPrevNode();
  llvm::SmallVector<Value> results = op.expand(builder);
  Block::iterator first = before ? std::next(before->getIterator()) : op->getBlock()->begin();
  for (Operation &primitive : llvm::make_range(first, op->getIterator()))
    for (NamedAttribute attribute : op->getDiscardableAttrs())
      primitive.setDiscardableAttr(attribute.getName(), attribute.getValue());
  op->replaceAllUsesWith(results);
  op->erase();
}

namespace {
struct ExpandComposites : nn::impl::NNExpandCompositesPassBase<ExpandComposites> {
  void runOnOperation() override {
    llvm::SmallVector<NNOp> composites;
    WalkResult result = getOperation()->walk([&](NNOp op) {
      if (!op.isComposite())
        return WalkResult::advance();
      if (isa<ModelOp>(op->getParentOp())) {
        op.emitOpError("stands in a model, which holds units of planning and not their primitives");
        return WalkResult::interrupt();
      }
      composites.push_back(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (NNOp op : composites)
      expandComposite(op);
  }
};
} // namespace
