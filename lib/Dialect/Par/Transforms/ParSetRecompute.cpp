//===- ParSetRecompute.cpp - Pass par-set-recompute ------------------------===//

#include "MoveOptions.h"

#include "aceso/Dialect/Par/Transforms/Passes.h"

#include "llvm/ADT/StringSwitch.h"

namespace aceso::par {
#define GEN_PASS_DEF_PARSETRECOMPUTEPASS
#include "aceso/Dialect/Par/Transforms/Passes.h.inc"
} // namespace aceso::par

using namespace aceso;
using namespace aceso::par;

namespace {

struct ParSetRecomputePass : par::impl::ParSetRecomputePassBase<ParSetRecomputePass> {
  using ParSetRecomputePassBase::ParSetRecomputePassBase;

  void runOnOperation() override {
    std::optional<OpRanges> ranges = toOpRanges(getOperation(), ops);
    std::optional<bool> recompute = llvm::StringSwitch<std::optional<bool>>(value)
                                        .Cases({"recompute", "true"}, true)
                                        .Cases({"keep", "false"}, false)
                                        .Default(std::nullopt);
    if (!recompute)
      emitError(getOperation().getLoc())
          << "the option 'value': '" << value << "' is neither recompute nor keep";
    if (!ranges || !recompute ||
        failed(applyMove(getOperation(), SetRecompute(*ranges, *recompute))))
      signalPassFailure();
  }
};

} // namespace
