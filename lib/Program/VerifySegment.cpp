//===- VerifySegment.cpp - Whether a segment is well-formed ---------------===//
//
// One walk over the instructions with the state of every value.
//
//===----------------------------------------------------------------------===//

#include "Verifier.h"

#include "aceso/Program/Kernels.h"

#include <limits>
#include <set>

namespace aceso {

namespace {

enum class ValueState : uint8_t { Undefined, Live, Consumed, Released };

class SegmentVerifier {
public:
  SegmentVerifier(const Program &program, uint32_t stageIndex, uint32_t segmentIndex)
      : program(program), stage(program.stages[stageIndex]), segment(stage.segments[segmentIndex]),
        mesh(stage.mesh), stageIndex(stageIndex), segmentIndex(segmentIndex),
        states(segment.values.size(), ValueState::Undefined),
        loadedFrom(segment.values.size(), none), readFrom(segment.values.size(), none) {}

  std::string run() {
    for (size_t value = 0; value < segment.values.size(); ++value)
      if (std::string problem = checkTensor(mesh, segment.values[value]); !problem.empty())
        return "P2: " + segmentName() + ", value " + std::to_string(value) + " " + problem;
    for (uint32_t i = 0; i < segment.instructions.size(); ++i)
      if (std::string problem = verify(segment.instructions[i]); !problem.empty())
        return problem.substr(0, 4) + describeInstruction(program, stageIndex, segmentIndex, i) +
               ": " + problem.substr(4);
    for (size_t value = 0; value < states.size(); ++value)
      if (states[value] != ValueState::Released)
        return "P2: " + segmentName() + ", value " + std::to_string(value) +
               (states[value] == ValueState::Undefined ? " is never defined"
                                                       : " is never released");
    if (!consumedSlots.empty())
      return "P2: " + segmentName() + ", slot '" + stage.slots[*consumedSlots.begin()].name +
             "': a kernel consumes its value, but no new one is stored";
    return "";
  }

private:
  std::string segmentName() const {
    return "stage " + std::to_string(stageIndex) + ", " + toString(segment.kind) + " segment " +
           std::to_string(segmentIndex);
  }

  /// Messages begin with the number of the rule: "P2: ...".
  std::string verify(const Instruction &instruction) {
    if (std::string problem = checkCounts(instruction); !problem.empty())
      return "P1: " + problem;
    if (std::string problem = useOperands(instruction); !problem.empty())
      return "P2: " + problem;
    if (std::string problem = defineResults(instruction); !problem.empty())
      return "P2: " + problem;
    if (std::string problem = trackSlots(instruction); !problem.empty())
      return "P2: " + problem;
    if (instruction.kind == InstructionKind::Input)
      readFrom[instruction.results[0]] = instruction.index;
    return verifyKind(instruction);
  }

  /// A consumed value may have been the storage of a slot, which then needs a new value.
  std::string trackSlots(const Instruction &instruction) {
    switch (instruction.kind) {
    case InstructionKind::Load:
      if (consumedSlots.contains(instruction.index))
        return "slot '" + stage.slots[instruction.index].name + "' was consumed by a kernel";
      loadedFrom[instruction.results[0]] = instruction.index;
      return "";
    case InstructionKind::Store:
    case InstructionKind::ReleaseSlot:
      consumedSlots.erase(instruction.index);
      return "";
    case InstructionKind::Kernel:
      for (Index value : instruction.operands)
        if (states[value] == ValueState::Consumed && loadedFrom[value] != none)
          consumedSlots.insert(loadedFrom[value]);
      return "";
    default:
      return "";
    }
  }

  std::string checkCounts(const Instruction &instruction) const {
    int operands = 0, results = 0;
    switch (instruction.kind) {
    case InstructionKind::Kernel:
      return checkIndices(instruction);
    case InstructionKind::Convert:
    case InstructionKind::WorldSum:
      operands = results = 1;
      break;
    case InstructionKind::Input:
    case InstructionKind::Receive:
    case InstructionKind::Load:
      results = 1;
      break;
    case InstructionKind::Send:
    case InstructionKind::Store:
    case InstructionKind::Accumulate:
    case InstructionKind::Release:
    case InstructionKind::Report:
      operands = 1;
      break;
    case InstructionKind::ReleaseSlot:
      break;
    }
    if (instruction.operands.size() != static_cast<size_t>(operands) ||
        instruction.results.size() != static_cast<size_t>(results))
      return "it has " + std::to_string(instruction.operands.size()) + " operands and " +
             std::to_string(instruction.results.size()) + " results, not " +
             std::to_string(operands) + " and " + std::to_string(results);
    return checkIndices(instruction);
  }

  std::string checkIndices(const Instruction &instruction) const {
    for (const std::vector<Index> *list : {&instruction.operands, &instruction.results})
      for (Index value : *list)
        if (value >= segment.values.size())
          return "it names value " + std::to_string(value) + " of " +
                 std::to_string(segment.values.size());
    size_t bound = 0;
    const char *things = "";
    switch (instruction.kind) {
    case InstructionKind::Input:
      bound = program.inputs.size();
      things = " inputs";
      break;
    case InstructionKind::Load:
    case InstructionKind::Store:
    case InstructionKind::Accumulate:
    case InstructionKind::ReleaseSlot:
      bound = stage.slots.size();
      things = " slots";
      break;
    default:
      return "";
    }
    if (instruction.index >= bound)
      return "it names number " + std::to_string(instruction.index) + " of " +
             std::to_string(bound) + things;
    return "";
  }

  std::string useOperands(const Instruction &instruction) {
    bool releases = instruction.kind == InstructionKind::Release;
    for (Index value : instruction.operands) {
      bool usable =
          states[value] == ValueState::Live || (releases && states[value] == ValueState::Consumed);
      if (usable)
        continue;
      std::string name = "value " + std::to_string(value);
      if (states[value] == ValueState::Undefined)
        return name + " is used before it is defined";
      if (states[value] == ValueState::Released)
        return name + (releases ? " is released twice" : " is used after its release");
      return name + " is used after a kernel has consumed it";
    }
    if (releases)
      states[instruction.operands[0]] = ValueState::Released;
    if (instruction.kind != InstructionKind::Kernel)
      return "";
    const KernelInfo *kernel = findKernel(instruction.name);
    for (unsigned i = 0; kernel && i < instruction.operands.size(); ++i)
      if (kernel->consumes(i)) {
        Index value = instruction.operands[i];
        if (states[value] != ValueState::Live)
          return "value " + std::to_string(value) + " is consumed twice";
        states[value] = ValueState::Consumed;
      }
    // Another operand must not be the consumed value either.
    for (unsigned i = 0; kernel && i < instruction.operands.size(); ++i)
      if (!kernel->consumes(i) && states[instruction.operands[i]] != ValueState::Live)
        return "value " + std::to_string(instruction.operands[i]) +
               " is consumed and used by one kernel";
    return "";
  }

  std::string defineResults(const Instruction &instruction) {
    for (Index value : instruction.results) {
      if (states[value] != ValueState::Undefined)
        return "value " + std::to_string(value) + " is defined twice";
      states[value] = ValueState::Live;
    }
    return "";
  }

  std::vector<const TensorDesc *> descs(const std::vector<Index> &values) const {
    std::vector<const TensorDesc *> descs;
    for (Index value : values)
      descs.push_back(&segment.values[value]);
    return descs;
  }

  std::string verifyKind(const Instruction &instruction) const {
    auto numbered = [](const char *rule, const std::string &problem) {
      return problem.empty() ? problem : rule + problem;
    };
    const TensorDesc *operand =
        instruction.operands.empty() ? nullptr : &segment.values[instruction.operands[0]];
    const TensorDesc *result =
        instruction.results.empty() ? nullptr : &segment.values[instruction.results[0]];
    switch (instruction.kind) {
    case InstructionKind::Kernel:
      if (std::string problem =
              checkKernel(instruction, descs(instruction.operands), descs(instruction.results));
          !problem.empty())
        return "P3: " + problem;
      if (std::string problem = checkCounted(instruction); !problem.empty())
        return "P3: " + problem;
      return numbered("P1: ", checkOptimizerKernel(instruction, program.optimizer));
    case InstructionKind::Convert:
      return numbered("P4: ", checkStep(mesh, instruction.step, *operand, *result));
    case InstructionKind::Send:
      return numbered("P6: ", checkPieces(program, stageIndex, instruction, *operand));
    case InstructionKind::Receive:
      return numbered("P6: ", checkPieces(program, stageIndex, instruction, *result));
    case InstructionKind::Input:
      return numbered("P5: ", checkInput(instruction, *result));
    case InstructionKind::Load:
      return numbered("P5: ", checkSlot(instruction, result));
    case InstructionKind::Store:
    case InstructionKind::Accumulate:
      return numbered("P5: ", checkSlot(instruction, operand));
    case InstructionKind::ReleaseSlot:
      return numbered("P5: ", checkSlot(instruction, nullptr));
    case InstructionKind::WorldSum:
      return numbered("P5: ", checkWorldSum(*operand, *result));
    case InstructionKind::Report:
      if (instruction.name.empty())
        return "P5: it reports without a name";
      if (!isScalar(*operand) || !operand->layout.pending.empty())
        return "P5: it reports " + toString(*operand) + ", which is no scalar";
      return "";
    case InstructionKind::Release:
      return "";
    }
    return "";
  }

  /// Who divides by a number of labels has those labels that are counted.
  std::string checkCounted(const Instruction &instruction) const {
    std::optional<unsigned> operand = findKernel(instruction.name)->countedOperand;
    if (!operand)
      return "";
    std::optional<Index> counted = program.countedInput();
    if (!counted)
      return "it divides by the number of labels that count, but no input of the program is "
             "counted";
    if (readFrom[instruction.operands[*operand]] != *counted)
      return "operand " + std::to_string(*operand) + " must be read from input '" +
             program.inputs[*counted].name + "', whose labels are counted";
    return "";
  }

  static bool isScalar(const TensorDesc &tensor) {
    return tensor.shape.empty() && isFloating(tensor.type);
  }

  std::string checkInput(const Instruction &instruction, const TensorDesc &result) const {
    const ProgramInput &input = program.inputs[instruction.index];
    if (!isPerMicroBatch(segment.kind))
      return "inputs belong to a micro-batch, which there is none of in this segment";
    if (result.type != input.type || result.shape != input.shape)
      return "input '" + input.name + "' has another type or shape than " + toString(result);
    if (!result.layout.pending.empty())
      return "an input does not pend";
    return "";
  }

  std::string checkSlot(const Instruction &instruction, const TensorDesc *value) const {
    const Slot &slot = stage.slots[instruction.index];
    std::string name = "slot '" + slot.name + "' ";
    if (value && !(*value == slot.tensor))
      return name + "is " + toString(slot.tensor) + ", but the value is " + toString(*value);
    bool isKept = isState(slot.role);
    if (isKept && instruction.kind == InstructionKind::ReleaseSlot)
      return name + "is kept from step to step, it cannot be released";
    if (isKept && instruction.kind == InstructionKind::Store && segment.kind != SegmentKind::Update)
      return name + "changes in the update only";
    if (slot.role == SlotRole::Activation && !isPerMicroBatch(segment.kind))
      return name + "belongs to a micro-batch, which there is none of in this segment";
    if (instruction.kind != InstructionKind::Accumulate)
      return "";
    if (isKept || slot.role == SlotRole::Weight)
      return name + "is nothing that accumulates";
    if (!slot.tensor.layout.pending.empty() && slot.tensor.layout.reduction != Reduction::Sum)
      return name + "pends with a maximum, which does not commute with a sum";
    return "";
  }

  std::string checkWorldSum(const TensorDesc &operand, const TensorDesc &result) const {
    if (!isScalar(operand) || operand.layout.pending.size() != mesh.numDigits() ||
        (mesh.numDigits() > 0 && operand.layout.reduction != Reduction::Sum))
      return "it adds up " + toString(operand) + " over all ranks, which must be a scalar that " +
             "pends over all " + std::to_string(mesh.numDigits()) + " digits";
    if (!isScalar(result) || !result.layout.pending.empty() || result.type != operand.type)
      return "its result is " + toString(result) + ", not the same scalar without pending digits";
    return "";
  }

  const Program &program;
  const StageProgram &stage;
  const Segment &segment;
  Mesh mesh;
  uint32_t stageIndex, segmentIndex;
  static constexpr Index none = std::numeric_limits<Index>::max();
  std::vector<ValueState> states;
  std::vector<Index> loadedFrom; ///< by value: the slot that it was loaded from
  std::vector<Index> readFrom;   ///< by value: the input that it was read from
  std::set<Index> consumedSlots; ///< whose value a kernel has consumed
};

} // namespace

std::string verifySegment(const Program &program, uint32_t stageIndex, uint32_t segmentIndex) {
  return SegmentVerifier(program, stageIndex, segmentIndex).run();
}

} // namespace aceso
