//===- ExecPrintMemory.cpp - Pass exec-print-memory -------------*- C++ -*-===//

#include "aceso/Program/ProgramMemory.h"
#include "aceso/Program/VerifyProgram.h"
#include "aceso/Target/ProgramExport.h"
#include "aceso/Transforms/Passes.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace aceso {
#define GEN_PASS_DEF_EXECPRINTMEMORYPASS
#include "aceso/Transforms/Passes.h.inc"
} // namespace aceso

using namespace mlir;
using namespace aceso;

/// "nn.linear "layers.0.mlp.fc1" (backward)".
static std::string placeOf(const StageProgram &stage, const RankMemory &memory) {
  const Segment &segment = stage.segments[memory.segment];
  const Instruction &instruction = segment.instructions[memory.instruction];
  std::string text = instruction.kind == InstructionKind::Kernel ? instruction.name
                     : instruction.kind == InstructionKind::Convert
                         ? toString(instruction.step.kind)
                         : toString(instruction.kind);
  if (!instruction.path.empty())
    text += " \"" + instruction.path + "\"";
  return text + " (" + toString(segment.kind) + ")";
}

namespace {

struct ExecPrintMemoryPass : aceso::impl::ExecPrintMemoryPassBase<ExecPrintMemoryPass> {
  void runOnOperation() override {
    markAllAnalysesPreserved();
    FailureOr<Program> exported = exportProgram(getOperation());
    if (failed(exported))
      return signalPassFailure();
    if (std::string problem = verifyProgram(*exported); !problem.empty()) {
      getOperation().emitOpError("gives a program that cannot run: ") << problem;
      return signalPassFailure();
    }
    print(*exported);
  }

  static void print(const Program &program) {
    std::vector<RankMemory> stages;
    int64_t largest = 0;
    for (uint32_t stage = 0; stage < program.stages.size(); ++stage) {
      stages.push_back(computeStageMemory(program, stage));
      largest = std::max(largest, stages.back().peakBytes);
    }
    bool small = largest < (1 << 20);
    double unit = small ? 1 << 10 : 1 << 20;
    llvm::raw_ostream &os = llvm::outs();
    os << "Memory of one rank at its peak, in " << (small ? "KiB" : "MiB") << " (program "
       << program.name << ")\n"
       << "stage  ranks        peak  parameters  weights  gradients  optimizer  activations    "
          "values  workspace   inputs  at\n";
    for (uint32_t index = 0; index < stages.size(); ++index) {
      const RankMemory &memory = stages[index];
      const StageProgram &stage = program.stages[index];
      int first = stage.firstRank, last = first + Mesh(stage.mesh).numDevices() - 1;
      auto column = [&](int width, int64_t bytes) {
        os << llvm::format("%*.3f", width, bytes / unit);
      };
      os << llvm::format("%5d  %2d-%-6d", int(index), first, last);
      column(9, memory.peakBytes);
      column(12, memory.inRole(SlotRole::Parameter));
      column(9, memory.inRole(SlotRole::Weight));
      column(11, memory.inRole(SlotRole::Gradient));
      column(11, memory.inRole(SlotRole::Moment1) + memory.inRole(SlotRole::Moment2));
      column(13, memory.inRole(SlotRole::Activation) + memory.inRole(SlotRole::Metric));
      column(10, memory.valueBytes);
      column(11, memory.workspaceBytes);
      column(9, memory.inputBytes);
      os << "  " << placeOf(stage, memory) << "\n";
    }
  }
};

} // namespace
