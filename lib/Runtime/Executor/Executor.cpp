//===- Executor.cpp - Runs the program of one rank ------------------------===//

#include "aceso/Runtime/Executor.h"

#include "Operations.h"
#include "ParameterValues.h"

#include "aceso/Runtime/Reason.h"

#include <ATen/Functions.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <set>

namespace aceso {

namespace {

/// The groups of all collectives of the program, in one order for all ranks.
std::vector<std::vector<uint32_t>> groupsOf(const Program &program) {
  std::vector<std::vector<uint32_t>> groups;
  std::set<std::vector<uint32_t>> known;
  for (const StageProgram &stage : program.stages)
    for (const Segment &segment : stage.segments)
      for (const Instruction &instruction : segment.instructions)
        if (instruction.kind == InstructionKind::Convert && !isLocal(instruction.step.kind))
          for (std::vector<uint32_t> &members : stepMembers(stage, instruction.step))
            if (known.insert(members).second)
              groups.push_back(std::move(members));
  return groups;
}

/// The channels of all messages, and those by which rank 0 gathers parameters.
std::vector<Channel> channelsOf(const Program &program) {
  std::set<Channel> channels;
  for (const StageProgram &stage : program.stages)
    for (const Segment &segment : stage.segments)
      for (const Instruction &instruction : segment.instructions)
        for (const BoxPiece &piece : instruction.pieces)
          channels.insert(
              {static_cast<uint32_t>(piece.source), static_cast<uint32_t>(piece.destination)});
  for (uint32_t rank = 1; rank < program.numRanks(); ++rank)
    channels.insert({rank, 0});
  return {channels.begin(), channels.end()};
}

} // namespace

class Executor::Implementation {
public:
  Implementation(const Program &program, Communicator &communicator, ExecutorOptions options)
      : program(program), communicator(communicator), options(std::move(options)),
        stageIndex(checkedStage(program, communicator)), stage(program.stages[stageIndex]),
        mesh(stage.mesh), device(communicator.getRank() - stage.firstRank) {
    for (const std::vector<uint32_t> &members : groupsOf(program))
      if (std::find(members.begin(), members.end(), communicator.getRank()) != members.end())
        groups[members] = communicator.createGroup(members);
    communicator.openChannels(channelsOf(program));
    for (const Slot &slot : stage.slots)
      frame.slots.emplace_back(slot.depth);
    frame.gradients.resize(program.parameters.size());
    frame.context.seed = this->options.seed;
    frame.context.globalBatch = program.globalBatch;
    for (uint32_t segment = 0; segment < stage.segments.size(); ++segment)
      operations.push_back(resolve(segment));
    findHomes();
  }

  void initializeParameters() {
    for (size_t i = 0; i < stage.slots.size(); ++i) {
      const Slot &slot = stage.slots[i];
      Box box = boxOf(mesh, slot.tensor.layout, slot.tensor.shape, device);
      at::Tensor value;
      if (slot.role == SlotRole::Parameter)
        value = initialValue(program.parameters[slot.parameter], slot.tensor, box, options.seed);
      else if (slot.role == SlotRole::Moment1 || slot.role == SlotRole::Moment2)
        value = at::zeros(box.size, at::TensorOptions().dtype(toScalarType(slot.tensor.type)));
      else
        continue;
      frame.slots[i][0] = value.to(communicator.getDevice());
    }
  }

  std::map<std::string, double> runStep(const StepInputs &inputs) {
    checkInputs(inputs);
    std::vector<at::Tensor> tensors;
    for (size_t i = 0; i < inputs.tensors.size(); ++i)
      tensors.push_back(
          inputs.tensors[i].to(toScalarType(program.inputs[i].type)).to(communicator.getDevice()));
    frame.inputs = &tensors;
    frame.reports.clear();
    frame.context.step = inputs.step;
    frame.context.learningRate = inputs.learningRate;
    frame.context.countedLabels = countLabels(inputs);
    numRuns.assign(stage.segments.size(), 0);
    run(stage.schedule);
    communicator.flush();
    frame.inputs = nullptr;
    return frame.reports;
  }

  at::Tensor readParameter(Index parameter) {
    const Home &home = homes.at(parameter);
    const TensorDesc &desc = program.stages[home.stage].slots[home.slot].tensor;
    at::Tensor own;
    if (home.stage == stageIndex)
      own = frame.slots[home.slot][0];
    return gatherToFirstRank(program, home.stage, desc, own, communicator);
  }

  at::Tensor readGradient(Index parameter) {
    const Home &home = homes.at(parameter);
    if (!home.gradient)
      return {};
    return gatherToFirstRank(program, home.stage, *home.gradient, frame.gradients[parameter],
                             communicator);
  }

  void writeParameter(Index parameter, const at::Tensor &whole) {
    const Home &home = homes.at(parameter);
    if (home.stage != stageIndex)
      return;
    const TensorDesc &desc = stage.slots[home.slot].tensor;
    if (whole.sizes().vec() != desc.shape)
      throw std::invalid_argument("parameter '" + program.parameters[parameter].path +
                                  "' is set to a tensor of another shape");
    Box everything{std::vector<int64_t>(desc.shape.size()), desc.shape};
    Box box = boxOf(mesh, desc.layout, desc.shape, device);
    frame.slots[home.slot][0] =
        viewOfBox(whole, everything, box)
            .to(at::TensorOptions().dtype(toScalarType(desc.type)).device(communicator.getDevice()))
            .clone(at::MemoryFormat::Contiguous);
  }

private:
  /// Where a parameter lives.
  struct Home {
    uint32_t stage = 0;
    Index slot = 0;
    /// What the optimizer is given, on its stage; null if no optimizer updates it.
    const TensorDesc *gradient = nullptr;
  };

  static uint32_t checkedStage(const Program &program, const Communicator &communicator) {
    if (program.numRanks() != communicator.getSize())
      throw std::invalid_argument("the program is for " + std::to_string(program.numRanks()) +
                                  " ranks, but " + std::to_string(communicator.getSize()) +
                                  " run; start as many as it was planned for");
    return program.stageOf(communicator.getRank());
  }

  std::vector<Operation> resolve(uint32_t segmentIndex) {
    const Segment &segment = stage.segments[segmentIndex];
    OperationBuilder builder{
        program, stage, segment, mesh, device, communicator, groups, options.keepsGradients, {}};
    std::vector<Operation> result;
    for (size_t i = 0; i < segment.instructions.size(); ++i) {
      const Instruction &instruction = segment.instructions[i];
      if (instruction.kind == InstructionKind::Load)
        builder.loadedFrom[instruction.results[0]] = instruction.index;
      try {
        result.push_back(makeOperation(builder, i));
      } catch (const std::exception &error) {
        fail(segmentIndex, i, error);
      }
    }
    return result;
  }

  static Operation makeOperation(const OperationBuilder &builder, size_t index) {
    switch (builder.segment.instructions[index].kind) {
    case InstructionKind::Kernel:
      return makeKernelOperation(builder, index);
    case InstructionKind::Convert:
      return makeConvertOperation(builder, index);
    case InstructionKind::Send:
    case InstructionKind::Receive:
    case InstructionKind::WorldSum:
    case InstructionKind::Report:
      return makeMessageOperation(builder, index);
    default:
      return makeStorageOperation(builder, index);
    }
  }

  void findHomes() {
    homes.resize(program.parameters.size());
    for (uint32_t i = 0; i < program.stages.size(); ++i)
      for (Index slot = 0; slot < program.stages[i].slots.size(); ++slot)
        if (program.stages[i].slots[slot].role == SlotRole::Parameter) {
          Home &home = homes[program.stages[i].slots[slot].parameter];
          home.stage = i;
          home.slot = slot;
        }
    for (Home &home : homes)
      for (const Segment &segment : program.stages[home.stage].segments)
        findGradient(segment, home);
  }

  /// The second operand of the kernel that consumes the parameter.
  static void findGradient(const Segment &segment, Home &home) {
    std::set<Index> loaded;
    for (const Instruction &instruction : segment.instructions) {
      if (instruction.kind == InstructionKind::Load && instruction.index == home.slot)
        loaded.insert(instruction.results[0]);
      bool updates = instruction.kind == InstructionKind::Kernel &&
                     instruction.operands.size() > 1 && loaded.contains(instruction.operands[0]) &&
                     segment.kind == SegmentKind::Update;
      if (updates)
        home.gradient = &segment.values[instruction.operands[1]];
    }
  }

  void checkInputs(const StepInputs &inputs) const {
    if (inputs.tensors.size() != program.inputs.size())
      throw std::invalid_argument("the program has " + std::to_string(program.inputs.size()) +
                                  " inputs, but is given " + std::to_string(inputs.tensors.size()));
    for (size_t i = 0; i < inputs.tensors.size(); ++i) {
      std::vector<int64_t> shape = program.inputs[i].shape;
      shape[program.inputs[i].batchDim] = program.globalBatch;
      if (inputs.tensors[i].sizes().vec() != shape)
        throw std::invalid_argument("input '" + program.inputs[i].name + "' of shape " +
                                    c10::str(inputs.tensors[i].sizes()) + ", not " +
                                    c10::str(at::IntArrayRef(shape)));
    }
  }

  /// Labels of the global batch that count; where none are counted nothing is divided.
  double countLabels(const StepInputs &inputs) const {
    std::optional<Index> counted = program.countedInput();
    if (!counted)
      return 1;
    auto count = inputs.tensors[*counted].ne(ignoredLabel).sum().item<int64_t>();
    if (count == 0)
      throw std::invalid_argument("no label of the batch counts: all elements of input '" +
                                  program.inputs[*counted].name + "' are " +
                                  std::to_string(ignoredLabel));
    return static_cast<double>(count);
  }

  void run(const std::vector<ScheduleItem> &items) {
    for (const ScheduleItem &item : items) {
      if (item.kind == ScheduleItem::Kind::Run)
        runSegment(item.segment);
      else
        for (int64_t i = 0; i < item.count; ++i)
          run(item.body);
    }
  }

  void runSegment(Index segmentIndex) {
    const Segment &segment = stage.segments[segmentIndex];
    frame.microBatch = isPerMicroBatch(segment.kind) ? numRuns[segmentIndex] : 0;
    ++numRuns[segmentIndex];
    frame.context.firstSample = frame.microBatch * program.microBatch;
    frame.values.assign(segment.values.size(), at::Tensor());
    const std::vector<Operation> &all = operations[segmentIndex];
    bool isWatched = options.beforeInstruction || options.afterInstruction;
    size_t index = 0;
    try {
      for (; index < all.size(); ++index) {
        if (isWatched)
          runWatched(segment, index, all[index]);
        else
          all[index](frame);
      }
    } catch (const PeerFailure &) {
      throw;
    } catch (const StopRequest &) {
      throw;
    } catch (const std::exception &error) {
      fail(segmentIndex, index, error);
    }
  }

  void runWatched(const Segment &segment, size_t index, const Operation &operation) {
    InstructionPlace place{segment.kind, frame.microBatch, index, segment.instructions[index]};
    if (options.beforeInstruction)
      options.beforeInstruction(place);
    operation(frame);
    if (options.afterInstruction)
      options.afterInstruction(place);
  }

  [[noreturn]] void fail(uint32_t segment, size_t instruction, const std::exception &error) const {
    throw std::runtime_error(describeInstruction(program, stageIndex, segment, instruction) + ": " +
                             reasonOf(error));
  }

  const Program &program;
  Communicator &communicator;
  ExecutorOptions options;
  uint32_t stageIndex;
  const StageProgram &stage;
  Mesh mesh;
  int64_t device;
  GroupMap groups;
  std::vector<Home> homes;                        ///< by parameter
  std::vector<std::vector<Operation>> operations; ///< by segment
  std::vector<int64_t> numRuns;                   ///< by segment, in this step
  Frame frame;
};

Executor::Executor(const Program &program, Communicator &communicator, ExecutorOptions options)
    : implementation(std::make_unique<Implementation>(program, communicator, std::move(options))) {}
Executor::~Executor() = default;

void Executor::initializeParameters() { implementation->initializeParameters(); }

std::map<std::string, double> Executor::runStep(const StepInputs &inputs) {
  return implementation->runStep(inputs);
}

at::Tensor Executor::readParameter(Index parameter) {
  return implementation->readParameter(parameter);
}

at::Tensor Executor::readGradient(Index parameter) {
  return implementation->readGradient(parameter);
}

void Executor::writeParameter(Index parameter, const at::Tensor &whole) {
  implementation->writeParameter(parameter, whole);
}

} // namespace aceso
