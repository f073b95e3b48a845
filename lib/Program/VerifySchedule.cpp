//===- VerifySchedule.cpp - Runs of segments and what slots hold ----------===//

#include "Verifier.h"

#include <algorithm>

namespace aceso {

/// Adds how often each segment runs; false if a number is out of range.
static bool countRuns(const std::vector<ScheduleItem> &schedule, int64_t times,
                      std::vector<int64_t> &counts) {
  // More than any legal count, so that sums below it do not overflow.
  constexpr int64_t most = int64_t(1) << 30;
  for (const ScheduleItem &item : schedule) {
    if (item.kind == ScheduleItem::Kind::Run) {
      if (item.segment >= counts.size() || (counts[item.segment] += times) > most)
        return false;
      continue;
    }
    int64_t inner;
    if (item.count < 0 || __builtin_mul_overflow(times, item.count, &inner) || inner > most ||
        !countRuns(item.body, inner, counts))
      return false;
  }
  return true;
}

static void expand(const std::vector<ScheduleItem> &schedule, std::vector<Index> &runs) {
  for (const ScheduleItem &item : schedule) {
    if (item.kind == ScheduleItem::Kind::Run)
      runs.push_back(item.segment);
    else if (!item.body.empty())
      for (int64_t i = 0; i < item.count; ++i)
        expand(item.body, runs);
  }
}

std::vector<Index> expandSchedule(const std::vector<ScheduleItem> &schedule) {
  std::vector<Index> runs;
  expand(schedule, runs);
  return runs;
}

namespace {
/// What the slots of a stage hold while its schedule runs.
class SlotSimulator {
public:
  SlotSimulator(const Program &program, uint32_t stageIndex)
      : program(program), stage(program.stages[stageIndex]), stageIndex(stageIndex),
        numRuns(stage.segments.size(), 0) {
    for (const Slot &slot : stage.slots) {
      bool isFull = isState(slot.role);
      holds.emplace_back(slot.depth, isFull ? wholeStep : empty);
    }
    slotUses.resize(stage.segments.size());
    for (size_t i = 0; i < stage.segments.size(); ++i) {
      const std::vector<Instruction> &instructions = stage.segments[i].instructions;
      for (uint32_t j = 0; j < instructions.size(); ++j)
        if (usesSlot(instructions[j].kind))
          slotUses[i].push_back(j);
    }
  }

  std::string run() {
    for (Index segment : expandSchedule(stage.schedule)) {
      int64_t microBatch = numRuns[segment]++;
      for (uint32_t use : slotUses[segment])
        if (std::string problem = apply(segment, use, microBatch); !problem.empty())
          return "P7: " + describeInstruction(program, stageIndex, segment, use) +
                 ", micro-batch " + std::to_string(microBatch) + ": " + problem;
    }
    for (size_t i = 0; i < holds.size(); ++i)
      if (!isState(stage.slots[i].role))
        for (int64_t held : holds[i])
          if (held != empty)
            return "P7: stage " + std::to_string(stageIndex) + ", slot '" + stage.slots[i].name +
                   "' is not released at the end of the step";
    return "";
  }

private:
  static constexpr int64_t empty = -1, wholeStep = -2;

  static bool usesSlot(InstructionKind kind) {
    return kind == InstructionKind::Load || kind == InstructionKind::Store ||
           kind == InstructionKind::Accumulate || kind == InstructionKind::ReleaseSlot;
  }

  static std::string describe(int64_t held) {
    if (held == empty)
      return "is empty";
    return held == wholeStep ? "holds a value"
                             : "holds the value of micro-batch " + std::to_string(held);
  }

  std::string apply(Index segment, uint32_t use, int64_t microBatch) {
    const Instruction &instruction = stage.segments[segment].instructions[use];
    const Slot &slot = stage.slots[instruction.index];
    bool perMicroBatch = slot.role == SlotRole::Activation;
    int64_t owner = perMicroBatch ? microBatch : wholeStep;
    int64_t &held = holds[instruction.index][perMicroBatch ? microBatch % slot.depth : 0];
    std::string state =
        "slot '" + slot.name + "' of depth " + std::to_string(slot.depth) + " " + describe(held);
    switch (instruction.kind) {
    case InstructionKind::Load:
      return held == owner ? "" : state;
    case InstructionKind::Store:
      if (held != empty && !isState(slot.role))
        return state + " when the next one is stored";
      held = owner;
      return "";
    case InstructionKind::Accumulate:
      if (held != empty && held != owner)
        return state;
      held = owner;
      return "";
    case InstructionKind::ReleaseSlot:
      if (held != owner)
        return state;
      held = empty;
      return "";
    default:
      return "";
    }
  }

  const Program &program;
  const StageProgram &stage;
  uint32_t stageIndex;
  std::vector<int64_t> numRuns;
  std::vector<std::vector<int64_t>> holds;
  std::vector<std::vector<uint32_t>> slotUses; ///< by segment
};
} // namespace

std::string verifySchedule(const Program &program, uint32_t stageIndex) {
  const StageProgram &stage = program.stages[stageIndex];
  std::string name = "P7: stage " + std::to_string(stageIndex) + ": ";
  std::vector<int64_t> counts(stage.segments.size(), 0);
  if (!countRuns(stage.schedule, 1, counts))
    return name + "the schedule names a segment that is not there or repeats too often";
  for (size_t i = 0; i < counts.size(); ++i) {
    SegmentKind kind = stage.segments[i].kind;
    int64_t expected = isPerMicroBatch(kind) ? program.numMicroBatches() : 1;
    if (counts[i] != expected)
      return name + toString(kind) + " segment " + std::to_string(i) + " runs " +
             std::to_string(counts[i]) + " times in a step, not " + std::to_string(expected);
  }
  return SlotSimulator(program, stageIndex).run();
}

} // namespace aceso
