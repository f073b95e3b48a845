//===- Program.cpp - What every rank runs ---------------------------------===//

#include "EnumNames.h"

#include <cassert>

namespace aceso {

unsigned elementBytes(ElementType type) {
  switch (type) {
  case ElementType::F16:
  case ElementType::BF16:
    return 2;
  case ElementType::F32:
  case ElementType::I32:
    return 4;
  case ElementType::F64:
  case ElementType::I64:
    return 8;
  }
  assert(false && "a type without a size");
  return 0;
}

const char *toString(ElementType type) { return nameOf(type); }
const char *toString(InstructionKind kind) { return nameOf(kind); }
const char *toString(SegmentKind kind) { return nameOf(kind); }
const char *toString(SlotRole role) { return nameOf(role); }
const char *toString(InitKind kind) { return nameOf(kind); }
const char *toString(OptimizerKind kind) { return nameOf(kind); }

static uint32_t numDevices(const StageProgram &stage) {
  uint32_t devices = 1;
  for (int64_t radix : stage.mesh)
    devices *= radix;
  return devices;
}

std::optional<Index> Program::countedInput() const {
  for (Index i = 0; i < inputs.size(); ++i)
    if (inputs[i].isCounted)
      return i;
  return std::nullopt;
}

uint32_t Program::numRanks() const {
  uint32_t ranks = 0;
  for (const StageProgram &stage : stages)
    ranks += numDevices(stage);
  return ranks;
}

uint32_t Program::stageOf(uint32_t rank) const {
  assert(rank < numRanks() && "no such rank");
  uint32_t stage = 0;
  while (rank >= stages[stage].firstRank + numDevices(stages[stage]))
    ++stage;
  return stage;
}

std::string describeInstruction(const Program &program, uint32_t stageIndex, uint32_t segmentIndex,
                                uint32_t instructionIndex) {
  const Segment &segment = program.stages[stageIndex].segments[segmentIndex];
  const Instruction &instruction = segment.instructions[instructionIndex];
  std::string text = "stage " + std::to_string(stageIndex) + ", " + toString(segment.kind) +
                     " segment " + std::to_string(segmentIndex) + ", instruction " +
                     std::to_string(instructionIndex) + " (" + toString(instruction.kind);
  if (!instruction.name.empty())
    text += " " + instruction.name;
  if (!instruction.path.empty())
    text += ", " + instruction.path;
  return text + ")";
}

} // namespace aceso
