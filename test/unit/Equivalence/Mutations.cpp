//===- Mutations.cpp - Programs that a wrong lowering would give *- C++ -*-===//

#include "Mutations.h"

#include <algorithm>
#include <functional>
#include <optional>

using namespace aceso;
using namespace aceso::test;

namespace {
/// An instruction of a program.
struct Place {
  uint32_t stage, segment, instruction;
};
} // namespace

static void forEachInstruction(const Program &program,
                               const std::function<void(Place, const Instruction &)> &visit) {
  for (uint32_t i = 0; i < program.stages.size(); ++i)
    for (uint32_t j = 0; j < program.stages[i].segments.size(); ++j) {
      const std::vector<Instruction> &instructions = program.stages[i].segments[j].instructions;
      for (uint32_t k = 0; k < instructions.size(); ++k)
        visit({i, j, k}, instructions[k]);
    }
}

static Segment &segmentAt(Program &program, const Place &place) {
  return program.stages[place.stage].segments[place.segment];
}
static const Segment &segmentAt(const Program &program, const Place &place) {
  return program.stages[place.stage].segments[place.segment];
}

static std::string describe(const Program &program, const Place &place) {
  return describeInstruction(program, place.stage, place.segment, place.instruction);
}

/// The instruction that defines a value.
static const Instruction &definitionOf(const Segment &segment, Index value) {
  return *std::find_if(segment.instructions.begin(), segment.instructions.end(),
                       [&](const Instruction &instruction) {
                         return std::find(instruction.results.begin(), instruction.results.end(),
                                          value) != instruction.results.end();
                       });
}

//===----------------------------------------------------------------------===//
// Groups and gradients
//===----------------------------------------------------------------------===//

std::vector<Mutant> aceso::test::withWrongGroup(const Program &program) {
  std::vector<Mutant> mutants;
  forEachInstruction(program, [&](Place place, const Instruction &instruction) {
    const ConversionStep &step = instruction.step;
    bool isCollective = instruction.kind == InstructionKind::Convert &&
                        (step.kind == StepKind::AllReduce || step.kind == StepKind::AllGather ||
                         step.kind == StepKind::ReduceScatter);
    if (!isCollective)
      return;
    const std::vector<int64_t> &mesh = program.stages[place.stage].mesh;
    for (Digit other = 0; other < mesh.size(); ++other) {
      // Of the same size, so that the shapes still fit.
      bool isFree = std::find(step.digits.begin(), step.digits.end(), other) == step.digits.end();
      if (!isFree || mesh[other] != mesh[step.digits[0]])
        continue;
      Mutant mutant{describe(program, place) + " over digit " + std::to_string(other), program};
      ConversionStep &changed =
          segmentAt(mutant.program, place).instructions[place.instruction].step;
      changed.digits[0] = other;
      if (step.kind == StepKind::AllReduce)
        std::sort(changed.digits.begin(), changed.digits.end());
      mutants.push_back(std::move(mutant));
    }
  });
  return mutants;
}

std::vector<Mutant> aceso::test::withDoubledGradient(const Program &program) {
  std::vector<Mutant> mutants;
  forEachInstruction(program, [&](Place place, const Instruction &instruction) {
    if (instruction.kind != InstructionKind::Accumulate ||
        program.stages[place.stage].slots[instruction.index].role != SlotRole::Gradient)
      return;
    Mutant mutant{describe(program, place), program};
    std::vector<Instruction> &all = segmentAt(mutant.program, place).instructions;
    all.insert(all.begin() + place.instruction, instruction);
    mutants.push_back(std::move(mutant));
  });
  return mutants;
}

/// Whether a value came from another stage, by conversions at most.
static bool isReceived(const Segment &segment, Index value) {
  const Instruction &definition = definitionOf(segment, value);
  if (definition.kind == InstructionKind::Convert)
    return isReceived(segment, definition.operands[0]);
  return definition.kind == InstructionKind::Receive;
}

std::vector<Mutant> aceso::test::withDroppedGradientAtCut(const Program &program) {
  std::vector<Mutant> mutants;
  forEachInstruction(program, [&](Place place, const Instruction &instruction) {
    const Segment &segment = segmentAt(program, place);
    if (segment.kind != SegmentKind::Backward || instruction.kind != InstructionKind::Kernel ||
        instruction.name != "nn.sum" || instruction.operands.size() < 2)
      return;
    for (size_t operand = 0; operand < instruction.operands.size(); ++operand) {
      if (!isReceived(segment, instruction.operands[operand]))
        continue;
      Mutant mutant{describe(program, place) + " without operand " + std::to_string(operand),
                    program};
      Instruction &sum = segmentAt(mutant.program, place).instructions[place.instruction];
      sum.operands.erase(sum.operands.begin() + operand);
      // All operands have the same letters.
      sum.letters.erase(0, sum.letters.find(", ") + 2);
      mutants.push_back(std::move(mutant));
    }
  });
  return mutants;
}

//===----------------------------------------------------------------------===//
// Biases
//===----------------------------------------------------------------------===//

/// The slot that a value is stored to.
static std::optional<Index> slotOf(const Segment &segment, Index value) {
  for (const Instruction &instruction : segment.instructions)
    if (instruction.kind == InstructionKind::Store && instruction.operands[0] == value)
      return instruction.index;
  return std::nullopt;
}

/// Whether a linear of the stage reads its bias from a slot.
static bool isBias(const StageProgram &stage, Index slot) {
  for (const Segment &segment : stage.segments)
    for (const Instruction &instruction : segment.instructions) {
      if (instruction.name != "nn.linear" || instruction.operands.size() < 3)
        continue;
      const Instruction &definition = definitionOf(segment, instruction.operands[2]);
      if (definition.kind == InstructionKind::Load && definition.index == slot)
        return true;
    }
  return false;
}

/// Uses what instruction `index` converts in the place of what it gives.
static void removeConversion(Segment &segment, size_t index) {
  Index from = segment.instructions[index].operands[0];
  Index result = segment.instructions[index].results[0];
  segment.instructions.erase(segment.instructions.begin() + index);
  std::optional<size_t> release;
  for (size_t i = 0; i < segment.instructions.size(); ++i) {
    Instruction &instruction = segment.instructions[i];
    std::replace(instruction.operands.begin(), instruction.operands.end(), result, from);
    if (instruction.kind != InstructionKind::Release || instruction.operands[0] != from)
      continue;
    // Both values were released; what is one now is released by whoever comes last.
    if (release) {
      segment.instructions.erase(segment.instructions.begin() + *release);
      --i;
    }
    release = i;
  }
  segment.values.erase(segment.values.begin() + result);
  for (Instruction &instruction : segment.instructions)
    for (std::vector<Index> *list : {&instruction.operands, &instruction.results})
      for (Index &value : *list)
        value -= value > result;
}

std::vector<Mutant> aceso::test::withBiasOnEveryRank(const Program &program) {
  std::vector<Mutant> mutants;
  forEachInstruction(program, [&](Place place, const Instruction &instruction) {
    const StageProgram &stage = program.stages[place.stage];
    if (instruction.kind != InstructionKind::Convert || instruction.step.kind != StepKind::Mask)
      return;
    std::optional<Index> slot = slotOf(segmentAt(program, place), instruction.results[0]);
    if (!slot || !isBias(stage, *slot))
      return;
    Mutant mutant{describe(program, place) + ", slot '" + stage.slots[*slot].name + "'", program};
    removeConversion(segmentAt(mutant.program, place), place.instruction);
    mutants.push_back(std::move(mutant));
  });
  return mutants;
}

//===----------------------------------------------------------------------===//
// Micro-batches
//===----------------------------------------------------------------------===//

/// The schedule without repetitions.
static void unroll(const std::vector<ScheduleItem> &items, std::vector<ScheduleItem> &runs) {
  for (const ScheduleItem &item : items) {
    if (item.kind == ScheduleItem::Kind::Run)
      runs.push_back(item);
    else
      for (int64_t i = 0; i < item.count; ++i)
        unroll(item.body, runs);
  }
}

static Instruction makeInstruction(InstructionKind kind, Index value, Index slot = 0) {
  Instruction instruction;
  instruction.kind = kind;
  instruction.index = slot;
  (kind == InstructionKind::Load ? instruction.results : instruction.operands) = {value};
  return instruction;
}

/// A segment that, run i, puts into entry i of the slot what run i - 1 found in its entry. Three
/// runs on a slot of depth 2 exchange its entries.
static Segment makeExchange(StageProgram &stage, Index slot) {
  auto hand = static_cast<Index>(stage.slots.size());
  stage.slots.push_back(stage.slots[slot]);
  stage.slots[hand].name += ".exchanged";
  stage.slots[hand].depth = 1;
  Segment segment;
  segment.kind = SegmentKind::Forward;
  segment.values = {stage.slots[slot].tensor, stage.slots[slot].tensor};
  using enum InstructionKind;
  segment.instructions = {makeInstruction(Load, 0, slot),  makeInstruction(Load, 1, hand),
                          makeInstruction(Store, 1, slot), makeInstruction(Store, 0, hand),
                          makeInstruction(Release, 0),     makeInstruction(Release, 1)};
  return segment;
}

/// After how many runs the first two micro-batches have passed forward and none backward; none if
/// the schedule is never there.
static std::optional<size_t> whenTwoAreHeld(const StageProgram &stage,
                                            const std::vector<ScheduleItem> &runs) {
  int64_t held = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    SegmentKind kind = stage.segments[runs[i].segment].kind;
    if (kind == SegmentKind::Backward)
      return std::nullopt;
    if (kind == SegmentKind::Forward && ++held == 2)
      return i + 1;
  }
  return std::nullopt;
}

std::vector<Mutant> aceso::test::withSwappedMicroBatches(const Program &program) {
  std::vector<Mutant> mutants;
  for (size_t i = 0; i < program.stages.size(); ++i) {
    std::vector<ScheduleItem> runs;
    unroll(program.stages[i].schedule, runs);
    std::optional<size_t> time = whenTwoAreHeld(program.stages[i], runs);
    for (Index slot = 0; time && slot < program.stages[i].slots.size(); ++slot) {
      const Slot &swapped = program.stages[i].slots[slot];
      if (swapped.role != SlotRole::Activation || swapped.depth != 2)
        continue;
      Mutant mutant{"stage " + std::to_string(i) + ", slot '" + swapped.name + "'", program};
      StageProgram &stage = mutant.program.stages[i];
      ScheduleItem exchange;
      exchange.segment = static_cast<Index>(stage.segments.size());
      stage.segments.push_back(makeExchange(stage, slot));
      stage.schedule = runs;
      stage.schedule.insert(stage.schedule.begin() + *time, 3, exchange);
      mutants.push_back(std::move(mutant));
    }
  }
  return mutants;
}
