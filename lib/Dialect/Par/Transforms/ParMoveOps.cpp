//===- ParMoveOps.cpp - Pass par-move-ops ----------------------------------===//

#include "MoveOptions.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

namespace aceso::par {
#define GEN_PASS_DEF_PARMOVEOPSPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParMoveOpsPass : par::impl::ParMoveOpsPassBase<ParMoveOpsPass> {
  using ParMoveOpsPassBase::ParMoveOpsPassBase;

  void runOnOperation() override {
    std::optional<uint32_t> index = toPosition(getOperation(), "stage", stage);
    if (!index || failed(applyMove(getOperation(), MoveOps(*index, count))))
      signalPassFailure();
  }
};

} // namespace
