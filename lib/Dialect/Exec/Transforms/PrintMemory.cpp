//===- PrintMemory.cpp - exec-print-memory ----------------------*- C++ -*-===//

#include "aceso/Dialect/Exec/ExecMemory.h"
#include "aceso/Dialect/Exec/Transforms/Passes.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECPRINTMEMORYPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

namespace {

struct ExecPrintMemoryPass : aceso::exec::impl::ExecPrintMemoryPassBase<ExecPrintMemoryPass> {
  void runOnOperation() override {
    llvm::SmallVector<std::pair<StageOp, StageMemory>> stages;
    int64_t largest = 0;
    for (auto stage : getOperation().getBody().front().getOps<StageOp>()) {
      stages.push_back({stage, computeMemory(stage)});
      largest = std::max(largest, stages.back().second.peakBytes);
    }
    bool small = largest < (1 << 20);
    double unit = small ? 1 << 10 : 1 << 20;

    llvm::raw_ostream &os = llvm::outs();
    os << "Memory of one rank at its peak, in " << (small ? "KiB" : "MiB") << " (program "
       << getOperation().getSymName() << ")\n"
       << "stage  ranks        peak  parameters  weights  gradients  optimizer  activations    "
          "values  at\n";
    for (auto &[stage, memory] : stages) {
      int64_t first = stage.getFirstRank(), last = first + stage.toMesh().numDevices() - 1;
      auto column = [&](int width, int64_t bytes) {
        os << llvm::format("%*.3f", width, bytes / unit);
      };
      os << llvm::format("%5d  %2d-%-6d", int(stage.getIndex()), int(first), int(last));
      column(9, memory.peakBytes);
      column(12, memory.inRole(SlotRole::Parameter));
      column(9, memory.inRole(SlotRole::Weight));
      column(11, memory.inRole(SlotRole::Gradient));
      column(11, memory.inRole(SlotRole::Moment1) + memory.inRole(SlotRole::Moment2));
      column(13, memory.inRole(SlotRole::Activation) + memory.inRole(SlotRole::Metric));
      column(10, memory.unheldBytes());
      os << "  ";
      if (Operation *op = memory.peakOp) {
        os << op->getName();
        if (auto path = op->getAttrOfType<StringAttr>("path"))
          os << " \"" << path.getValue() << "\"";
        os << " (" << stringifyPhase(cast<SegmentOp>(op->getParentOp()).getPhase()) << ")";
      }
      os << "\n";
    }
    markAllAnalysesPreserved();
  }
};

} // namespace
