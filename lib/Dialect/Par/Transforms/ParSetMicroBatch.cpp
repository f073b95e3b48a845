//===- ParSetMicroBatch.cpp - Pass par-set-micro-batch ---------------------===//

#include "aceso/Dialect/Par/Transforms/Moves.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

namespace aceso::par {
#define GEN_PASS_DEF_PARSETMICROBATCHPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParSetMicroBatchPass : par::impl::ParSetMicroBatchPassBase<ParSetMicroBatchPass> {
  using ParSetMicroBatchPassBase::ParSetMicroBatchPassBase;

  void runOnOperation() override {
    if (failed(applyMove(getOperation(), SetMicroBatch(size))))
      signalPassFailure();
  }
};

} // namespace
