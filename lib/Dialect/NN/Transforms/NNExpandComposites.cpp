//===- NNExpandComposites.cpp - Pass nn-expand-composites -------*- C++ -*-===//

#include "aceso/Dialect/NN/Transforms/Passes.h"

namespace aceso::nn {
#define GEN_PASS_DEF_NNEXPANDCOMPOSITESPASS
#include "aceso/Dialect/NN/Transforms/Passes.h.inc"
} // namespace aceso::nn

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

namespace {
struct NNExpandCompositesPass : nn::impl::NNExpandCompositesPassBase<NNExpandCompositesPass> {
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
