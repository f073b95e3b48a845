//===- ProgramMemory.cpp - Memory of a rank by liveness -------------------===//

#include "aceso/Program/ProgramMemory.h"

#include "aceso/Program/KernelMemory.h"
#include "aceso/Program/Kernels.h"

#include <algorithm>
#include <map>

namespace aceso {

namespace {

/// An instruction and what does not change from run to run.
struct Resolved {
  const Instruction *instruction;
  /// Beside the operands at the worst moment, results included.
  int64_t peakBytes = 0;
  /// Bytes of each result in storage of its own; 0: it is a view, or the storage of an operand.
  std::vector<int64_t> resultBytes;
  /// Whether the first operand is only released afterwards.
  bool isLastUse = false;
};

class InstructionResolver {
public:
  InstructionResolver(const Program &program, const StageProgram &stage, const Segment &segment,
                      int64_t device)
      : program(program), stage(stage), segment(segment), mesh(stage.mesh), device(device) {
    for (const TensorDesc &desc : segment.values)
      locals.push_back({desc.type, boxOf(mesh, desc.layout, desc.shape, device)});
    lastUse.resize(segment.values.size());
    for (size_t i = 0; i < segment.instructions.size(); ++i)
      if (segment.instructions[i].kind != InstructionKind::Release)
        for (Index operand : segment.instructions[i].operands)
          lastUse[operand] = i;
  }

  Resolved run(size_t index) const {
    const Instruction &instruction = segment.instructions[index];
    Resolved result{&instruction, 0, {}, false};
    for (Index value : instruction.results)
      result.resultBytes.push_back(locals[value].bytes());
    for (int64_t bytes : result.resultBytes)
      result.peakBytes += bytes;
    result.isLastUse = !instruction.operands.empty() && lastUse[instruction.operands[0]] == index;
    switch (instruction.kind) {
    case InstructionKind::Kernel:
      result.peakBytes = kernelPeak(instruction);
      break;
    case InstructionKind::Convert: {
      const TensorDesc &desc = segment.values[instruction.operands[0]];
      result.peakBytes = stepPeakBytes(mesh, instruction.step, desc.shape, desc.type, device);
      if (instruction.step.kind == StepKind::Mask)
        result.resultBytes[0] = result.peakBytes;
      break;
    }
    case InstructionKind::Input:
      resolveInput(instruction, result);
      break;
    case InstructionKind::Send:
    case InstructionKind::Receive:
      result.peakBytes += largestScattered(instruction);
      break;
    case InstructionKind::Load:
      result.peakBytes = result.resultBytes[0] = 0;
      break;
    default:
      break;
    }
    return result;
  }

private:
  int64_t kernelPeak(const Instruction &instruction) const {
    std::vector<LocalTensor> operands, results;
    for (Index operand : instruction.operands)
      operands.push_back(locals[operand]);
    for (Index value : instruction.results)
      results.push_back(locals[value]);
    return kernelPeakBytes(instruction, operands, results, program.optimizer.clipGradNorm > 0);
  }

  /// A part of the batch that is one run of memory is a view of it.
  void resolveInput(const Instruction &instruction, Resolved &result) const {
    const ProgramInput &input = program.inputs[instruction.index];
    std::vector<int64_t> outer = input.shape;
    outer[input.batchDim] = program.globalBatch;
    if (isContiguousPart(outer, locals[instruction.results[0]].box.size))
      result.peakBytes = result.resultBytes[0] = 0;
  }

  /// The largest own piece of a message that is not one run of memory: it is copied on its way.
  int64_t largestScattered(const Instruction &instruction) const {
    bool isSend = instruction.kind == InstructionKind::Send;
    const LocalTensor &whole = locals[isSend ? instruction.operands[0] : instruction.results[0]];
    uint32_t rank = stage.firstRank + device;
    int64_t largest = 0;
    for (const BoxPiece &piece : instruction.pieces) {
      bool isOwn = (isSend ? piece.source : piece.destination) == rank;
      if (isOwn && !isContiguousPart(whole.box.size, piece.box.size))
        largest = std::max(largest, piece.box.numElements() * elementBytes(whole.type));
    }
    return largest;
  }

  const Program &program;
  const StageProgram &stage;
  const Segment &segment;
  Mesh mesh;
  int64_t device;
  std::vector<LocalTensor> locals;
  std::vector<size_t> lastUse; ///< by value, but for its release
};

class MemoryWalk {
public:
  MemoryWalk(const Program &program, uint32_t rank)
      : stage(program.stages[program.stageOf(rank)]), slots(stage.slots.size()) {
    int64_t device = rank - stage.firstRank;
    Mesh mesh(stage.mesh);
    for (const Segment &segment : stage.segments) {
      InstructionResolver resolver(program, stage, segment, device);
      std::vector<Resolved> &resolved = segments.emplace_back();
      for (size_t i = 0; i < segment.instructions.size(); ++i)
        resolved.push_back(resolver.run(i));
    }
    for (const Slot &slot : stage.slots) {
      LocalTensor local{slot.tensor.type,
                        boxOf(mesh, slot.tensor.layout, slot.tensor.shape, device)};
      slotBytes.push_back(local.bytes());
    }
    for (size_t i = 0; i < stage.slots.size(); ++i) {
      const Slot &slot = stage.slots[i];
      slots[i].assign(slot.depth, none);
      // State lives from step to step.
      if (isState(slot.role))
        hold(i, 0, newBuffer(slotBytes[i]));
    }
    for (const ProgramInput &input : program.inputs) {
      int64_t bytes = elementBytes(input.type) * program.numMicroBatches();
      for (int64_t size : input.shape)
        bytes *= size;
      result.inputBytes += bytes;
    }
  }

  RankMemory run() {
    runs.assign(segments.size(), 0);
    runItems(stage.schedule);
    return result;
  }

private:
  using BufferId = uint32_t;
  static constexpr BufferId none = ~BufferId(0);
  static constexpr unsigned unheld = std::tuple_size_v<decltype(RankMemory::slotBytes)>;
  struct Buffer {
    int64_t bytes;
    unsigned references = 0;
    unsigned role = unheld;

    bool operator==(const Buffer &) const = default;
  };

  /// All that the walk depends on from here, between segments.
  struct State {
    std::array<int64_t, unheld + 1> live{};
    /// What each entry of each slot holds, equal numbers for the same buffer.
    std::vector<uint32_t> held;
    /// By these numbers.
    std::vector<Buffer> buffers;
    /// The entry of each slot that the next run of each segment would use.
    std::vector<int64_t> next;

    bool operator==(const State &) const = default;
  };

  State state() const {
    State state{live, {}, {}, {}};
    std::map<BufferId, uint32_t> numbers;
    for (const std::vector<BufferId> &entries : slots) {
      for (BufferId id : entries) {
        auto [it, isNew] = numbers.try_emplace(id, numbers.size());
        state.held.push_back(id == none ? none : it->second);
        if (isNew)
          state.buffers.push_back(id == none ? Buffer{0} : buffers[id]);
      }
      for (int64_t numRuns : runs)
        state.next.push_back(numRuns % entries.size());
    }
    return state;
  }

  void runItems(const std::vector<ScheduleItem> &items) {
    for (const ScheduleItem &item : items) {
      if (item.kind == ScheduleItem::Kind::Run) {
        runSegment(item.segment);
        continue;
      }
      repeat(item);
    }
  }

  /// Walks a loop until it is where it was before: later rounds would show nothing new. Where it
  /// was is remembered at rounds 1, 2, 4, 8, ... (Brent's algorithm).
  void repeat(const ScheduleItem &loop) {
    State known;
    int64_t knownRound = 0;
    for (int64_t round = 1; round <= loop.count; ++round) {
      runItems(loop.body);
      if (knownRound != 0 && known.live == live && known == state()) {
        int64_t period = round - knownRound;
        round = loop.count - (loop.count - round) % period;
        knownRound = 0;
      } else if ((round & (round - 1)) == 0) {
        known = state();
        knownRound = round;
      }
    }
  }

  void runSegment(Index index) {
    segment = index;
    microBatch = isPerMicroBatch(stage.segments[index].kind) ? runs[index] : 0;
    ++runs[index];
    values.assign(stage.segments[index].values.size(), none);
    for (place = 0; place < segments[index].size(); ++place)
      step(segments[index][place]);
  }

  void step(const Resolved &resolved) {
    const Instruction &instruction = *resolved.instruction;
    switch (instruction.kind) {
    case InstructionKind::Load:
      return define(instruction.results[0], entry(instruction.index));
    case InstructionKind::Store:
      return hold(instruction.index, microBatch, values[instruction.operands[0]]);
    case InstructionKind::Accumulate:
      return accumulate(resolved);
    case InstructionKind::Release:
      return end(instruction.operands[0]);
    case InstructionKind::ReleaseSlot:
      drop(entry(instruction.index));
      entry(instruction.index) = none;
      return;
    case InstructionKind::Kernel:
      return runKernel(resolved);
    case InstructionKind::Convert:
      return convert(resolved);
    default:
      return defineResults(resolved);
    }
  }

  void defineResults(const Resolved &resolved) {
    int64_t workspace = resolved.peakBytes;
    for (size_t i = 0; i < resolved.resultBytes.size(); ++i) {
      define(resolved.instruction->results[i], newBuffer(resolved.resultBytes[i]));
      workspace -= resolved.resultBytes[i];
    }
    note(workspace);
  }

  void convert(const Resolved &resolved) {
    Index from = resolved.instruction->operands[0], to = resolved.instruction->results[0];
    StepKind kind = resolved.instruction->step.kind;
    bool keepsValue = kind == StepKind::Mask && resolved.peakBytes == 0;
    bool inPlace = kind == StepKind::AllReduce && resolved.isLastUse && isExclusive(values[from]);
    if (!keepsValue && !inPlace)
      return defineResults(resolved);
    define(to, values[from]);
    if (inPlace)
      end(from);
  }

  /// Consumed operands are copied if somebody else holds them, and become results.
  void runKernel(const Resolved &resolved) {
    const Instruction &instruction = *resolved.instruction;
    const KernelInfo &info = *findKernel(instruction.name);
    if (info.consumed.empty())
      return defineResults(resolved);
    for (unsigned operand : info.consumed) {
      BufferId &id = values[instruction.operands[operand]];
      // The slot that it was loaded from, and that gets the result, does not count.
      bool isKept = buffers[id].role != unheld && isState(SlotRole(buffers[id].role));
      if (!isExclusive(id, isKept ? 2 : 1)) {
        BufferId copy = newBuffer(buffers[id].bytes);
        take(copy);
        drop(id);
        id = copy;
      }
    }
    for (size_t i = 0; i < info.consumed.size(); ++i)
      define(instruction.results[i], values[instruction.operands[info.consumed[i]]]);
    note(resolved.peakBytes);
  }

  void accumulate(const Resolved &resolved) {
    Index slot = resolved.instruction->index, value = resolved.instruction->operands[0];
    bool isEmpty = entry(slot) == none;
    if (isEmpty && resolved.isLastUse && isExclusive(values[value])) {
      hold(slot, microBatch, values[value]);
      end(value);
    } else if (isEmpty || !isExclusive(entry(slot))) {
      BufferId sum = newBuffer(slotBytes[slot]);
      take(sum);
      note(0);
      hold(slot, microBatch, sum);
      drop(sum);
    }
    note(0);
  }

  bool isExclusive(BufferId id, unsigned holders = 1) const {
    return buffers[id].references <= holders;
  }

  BufferId newBuffer(int64_t bytes) {
    buffers.push_back({bytes});
    return buffers.size() - 1;
  }

  void define(Index value, BufferId id) {
    take(id);
    values[value] = id;
  }

  void end(Index value) {
    drop(values[value]);
    values[value] = none;
  }

  void take(BufferId id) {
    if (buffers[id].references++ == 0)
      live[buffers[id].role] += buffers[id].bytes;
  }

  void drop(BufferId id) {
    if (id != none && --buffers[id].references == 0)
      live[buffers[id].role] -= buffers[id].bytes;
  }

  void hold(Index slot, int64_t microBatch, BufferId id) {
    take(id);
    BufferId &held = slots[slot][microBatch % slots[slot].size()];
    drop(held);
    held = id;
    // A weight that is its parameter's own storage counts as parameter: the first holder names it.
    if (Buffer &buffer = buffers[id]; buffer.role == unheld) {
      live[unheld] -= buffer.bytes;
      buffer.role = unsigned(stage.slots[slot].role);
      live[buffer.role] += buffer.bytes;
    }
  }

  BufferId &entry(Index slot) { return slots[slot][microBatch % slots[slot].size()]; }

  void note(int64_t workspace) {
    int64_t total = workspace + result.inputBytes;
    for (int64_t bytes : live)
      total += bytes;
    if (total <= result.peakBytes)
      return;
    result.peakBytes = total;
    std::copy_n(live.begin(), unheld, result.slotBytes.begin());
    result.valueBytes = live[unheld];
    result.workspaceBytes = workspace;
    result.segment = segment;
    result.instruction = place;
  }

  const StageProgram &stage;
  std::vector<std::vector<Resolved>> segments;
  std::vector<int64_t> slotBytes;
  RankMemory result;

  std::vector<Buffer> buffers;
  std::vector<BufferId> values;             ///< of the segment that runs
  std::vector<std::vector<BufferId>> slots; ///< by slot and micro-batch mod depth
  std::array<int64_t, unheld + 1> live{};   ///< by role
  std::vector<int64_t> runs;                ///< by segment
  int64_t microBatch = 0;
  uint32_t segment = 0, place = 0;
};

} // namespace

RankMemory computeMemory(const Program &program, uint32_t rank) {
  return MemoryWalk(program, rank).run();
}

RankMemory computeStageMemory(const Program &program, uint32_t stage) {
  RankMemory most;
  uint32_t first = program.stages[stage].firstRank;
  uint32_t last =
      stage + 1 < program.stages.size() ? program.stages[stage + 1].firstRank : program.numRanks();
  for (uint32_t rank = first; rank < last; ++rank)
    if (RankMemory memory = computeMemory(program, rank); memory.peakBytes > most.peakBytes)
      most = memory;
  return most;
}

} // namespace aceso
