//===- FindInstruction.h - Instructions of a segment by what they are -----===//

#ifndef ACESO_TEST_UNIT_PROGRAM_FINDINSTRUCTION_H
#define ACESO_TEST_UNIT_PROGRAM_FINDINSTRUCTION_H

#include "aceso/Program/Program.h"

#include <gtest/gtest.h>

namespace aceso::test {

/// Segments of a stage of the example.
enum SegmentIndex { Read, Forward, Backward, Update };

/// The n-th instruction of a kind in a segment.
inline Instruction &find(Segment &segment, InstructionKind kind, size_t n = 0) {
  for (Instruction &instruction : segment.instructions)
    if (instruction.kind == kind && n-- == 0)
      return instruction;
  ADD_FAILURE() << "no such instruction";
  return segment.instructions.front();
}

inline Instruction &findKernel(Segment &segment, const std::string &name) {
  for (Instruction &instruction : segment.instructions)
    if (instruction.name == name)
      return instruction;
  ADD_FAILURE() << "no kernel " << name;
  return segment.instructions.front();
}

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_PROGRAM_FINDINSTRUCTION_H
