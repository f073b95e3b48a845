//===- ProgramMemory.h - Memory of a rank by liveness -----------*- C++ -*-===//
//
// What a rank holds at its worst moment, from walking its schedule. Who shares whose storage, and
// what kernels and conversions allocate while they run, is as in the runtime; a test holds the two
// together (test/unit/Equivalence/MemoryTest.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PROGRAM_PROGRAMMEMORY_H
#define ACESO_PROGRAM_PROGRAMMEMORY_H

#include "aceso/Program/Program.h"

#include <array>

namespace aceso {

/// Bytes of tensors. Collectives are counted as one process a rank has them. Not counted: what
/// libraries allocate for themselves (such as oneDNN's scratch for products of bf16, on processors
/// with instructions for them), and messages that the other side has not taken yet (how many these
/// are depends on how far it lags; each is at most as large as what is sent).
struct RankMemory {
  int64_t peakBytes = 0;
  // What is there at the peak; the parts add up to it.
  /// By the role of the slot that holds it.
  std::array<int64_t, 7> slotBytes{};
  int64_t inputBytes = 0;     ///< the global batch
  int64_t valueBytes = 0;     ///< values that no slot holds
  int64_t workspaceBytes = 0; ///< inside the instruction at the peak
  /// The instruction at the peak; of the program's stage that the rank belongs to.
  uint32_t segment = 0, instruction = 0;

  int64_t inRole(SlotRole role) const { return slotBytes[static_cast<unsigned>(role)]; }
};

/// In a step that is not the first. `program` must be legal (verifyProgram), `rank` one of its
/// ranks.
RankMemory computeMemory(const Program &program, uint32_t rank);

/// Of the rank of a stage that holds most.
RankMemory computeStageMemory(const Program &program, uint32_t stage);

} // namespace aceso

#endif // ACESO_PROGRAM_PROGRAMMEMORY_H
