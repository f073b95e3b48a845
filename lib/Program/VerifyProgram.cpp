//===- VerifyProgram.cpp - Whether a program can run ----------------------===//

#include "aceso/Program/VerifyProgram.h"

#include "Verifier.h"

#include "aceso/Program/Limits.h"

#include <cmath>
#include <set>

namespace aceso {

/// More than any cluster, and few enough that nothing overflows.
static constexpr int64_t mostRanks = 1 << 16;

//===----------------------------------------------------------------------===//
// Names of places
//===----------------------------------------------------------------------===//

std::string toString(const TensorDesc &tensor) {
  std::string text = std::string(toString(tensor.type)) + " [";
  for (size_t dim = 0; dim < tensor.shape.size(); ++dim)
    text += (dim ? ", " : "") + std::to_string(tensor.shape[dim]);
  std::string layout = toString(tensor.layout);
  return text + "]" + (layout.empty() ? "" : " ") + layout;
}

//===----------------------------------------------------------------------===//
// P1: header
//===----------------------------------------------------------------------===//

static std::string checkShape(const std::vector<int64_t> &shape) {
  // A petabyte and more; sums over the tensors of a program stay far from overflow.
  constexpr int64_t mostElements = int64_t(1) << 48;
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (size < 1)
      return "has a dimension of size " + std::to_string(size);
    if (__builtin_mul_overflow(elements, size, &elements) || elements > mostElements)
      return "has more elements than any memory holds";
  }
  return "";
}

static std::string verifyOptimizer(const OptimizerSettings &optimizer) {
  auto check = [](const char *name, double value, double least, double below) -> std::string {
    if (value >= least && value < below)
      return "";
    return std::string("P1: the optimizer's ") + name + " is " + std::to_string(value) +
           ", not a number from " + std::to_string(least) + " on" +
           (std::isfinite(below) ? " below " + std::to_string(below) : "");
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const std::string &problem :
       {check("beta1", optimizer.beta1, 0, 1), check("beta2", optimizer.beta2, 0, 1),
        check("epsilon", optimizer.epsilon, 0, infinity),
        check("weight decay", optimizer.weightDecay, 0, infinity),
        check("momentum", optimizer.momentum, 0, 1),
        check("clip_grad_norm", optimizer.clipGradNorm, 0, infinity)})
    if (!problem.empty())
      return problem;
  return "";
}

static std::string verifyInputs(const Program &program) {
  std::set<std::string> names;
  const std::optional<Index> counted = program.countedInput();
  for (const ProgramInput &input : program.inputs) {
    std::string name = "P1: input '" + input.name + "' ";
    if (!names.insert(input.name).second)
      return name + "is there twice";
    if (std::string problem = checkShape(input.shape); !problem.empty())
      return name + problem;
    if (input.batchDim >= input.shape.size())
      return name + "has " + std::to_string(input.shape.size()) +
             " dimensions, but its batch is dimension " + std::to_string(input.batchDim);
    if (input.shape[input.batchDim] != program.microBatch)
      return name + "has a batch of " + std::to_string(input.shape[input.batchDim]) +
             ", but the micro-batch is " + std::to_string(program.microBatch);
    std::vector<int64_t> whole = input.shape;
    whole[input.batchDim] = program.globalBatch;
    if (std::string problem = checkShape(whole); !problem.empty())
      return name + "of the global batch " + problem;
    if (input.isCounted && isFloating(input.type))
      return name + "is of type " + toString(input.type) + ", but only labels are counted";
    if (input.isCounted && &input != &program.inputs[*counted])
      return name + "is counted, but so is input '" + program.inputs[*counted].name + "'";
  }
  return "";
}

static std::string verifyParameters(const Program &program) {
  std::set<std::string> paths;
  for (const ProgramParameter &parameter : program.parameters) {
    std::string name = "P1: parameter '" + parameter.path + "' ";
    if (parameter.path.empty() || !paths.insert(parameter.path).second)
      return name + "needs a path of its own";
    if (!isFloating(parameter.type))
      return name + "is of type " + toString(parameter.type) +
             ", but only floating point is trained";
    if (std::string problem = checkShape(parameter.shape); !problem.empty())
      return name + problem;
    if (!(parameter.deviation >= 0 && std::isfinite(parameter.deviation)))
      return name + "has an initial deviation that is no number from 0 on";
  }
  return "";
}

static std::string verifyStages(const Program &program) {
  if (program.stages.empty())
    return "P1: the program has no stage";
  int64_t numRanks = 0;
  for (size_t i = 0; i < program.stages.size(); ++i) {
    const StageProgram &stage = program.stages[i];
    std::string name = "P1: stage " + std::to_string(i) + " ";
    if (stage.firstRank != numRanks)
      return name + "begins at rank " + std::to_string(stage.firstRank) +
             ", but the stages before it have " + std::to_string(numRanks) + " ranks";
    int64_t devices = 1;
    for (int64_t radix : stage.mesh) {
      if (radix < 2 || radix > mostRanks)
        return name + "has a mesh with radix " + std::to_string(radix);
      devices *= radix;
      if (devices > mostRanks)
        return name + "has more than " + std::to_string(mostRanks) + " ranks";
    }
    numRanks += devices;
    if (numRanks > mostRanks)
      return "P1: the program has more than " + std::to_string(mostRanks) + " ranks";
  }
  return "";
}

std::string verifyHeader(const Program &program) {
  if (program.globalBatch < 1 || program.microBatch < 1 ||
      program.globalBatch % program.microBatch != 0)
    return "P1: the global batch of " + std::to_string(program.globalBatch) +
           " is no multiple of the micro-batch of " + std::to_string(program.microBatch);
  if (program.numMicroBatches() > mostMicroBatches)
    return "P1: " + std::to_string(program.numMicroBatches()) + " micro-batches are more than " +
           std::to_string(mostMicroBatches);
  if (program.devicesPerNode < 1)
    return "P1: a node has at least one device";
  for (auto verify : {verifyInputs, verifyParameters, verifyStages})
    if (std::string problem = verify(program); !problem.empty())
      return problem;
  return verifyOptimizer(program.optimizer);
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

std::string checkTensor(const Mesh &mesh, const TensorDesc &tensor) {
  if (std::string problem = checkShape(tensor.shape); !problem.empty())
    return problem;
  if (std::string problem = checkLayout(mesh, tensor.layout, tensor.shape); !problem.empty())
    return "has an impossible layout: " + problem;
  return "";
}

static bool belongsToParameter(SlotRole role) {
  return role != SlotRole::Activation && role != SlotRole::Metric;
}

static std::string verifySlot(const Program &program, const StageProgram &stage, const Slot &slot) {
  if (std::string problem = checkTensor(Mesh(stage.mesh), slot.tensor); !problem.empty())
    return problem;
  int64_t deepest = std::max<int64_t>(program.numMicroBatches(), 256);
  if (slot.depth < 1 || slot.depth > deepest)
    return "has depth " + std::to_string(slot.depth) + ", not 1 to " + std::to_string(deepest);
  if (slot.role != SlotRole::Activation && slot.depth != 1)
    return "has depth " + std::to_string(slot.depth) + ", but only activations are kept for " +
           "several micro-batches";
  if (!belongsToParameter(slot.role))
    return "";
  if (slot.parameter >= program.parameters.size())
    return "belongs to parameter " + std::to_string(slot.parameter) + " of " +
           std::to_string(program.parameters.size());
  const ProgramParameter &parameter = program.parameters[slot.parameter];
  if (slot.tensor.shape != parameter.shape || !isFloating(slot.tensor.type))
    return "is " + toString(slot.tensor) + ", which does not fit parameter '" + parameter.path +
           "'";
  // A weight may pend: a bias that one rank of a sum adds is masked when it is read.
  if (isState(slot.role) && !slot.tensor.layout.pending.empty())
    return "is pending, which no parameter or optimizer state is at home";
  return "";
}

std::string verifySlots(const Program &program, uint32_t stageIndex) {
  const StageProgram &stage = program.stages[stageIndex];
  std::set<std::string> names;
  for (const Slot &slot : stage.slots) {
    std::string name = "stage " + std::to_string(stageIndex) + ", slot '" + slot.name + "' ";
    if (slot.name.empty() || !names.insert(slot.name).second)
      return "P1: " + name + "needs a name of its own";
    if (std::string problem = verifySlot(program, stage, slot); !problem.empty())
      return "P2: " + name + problem;
  }
  return "";
}

/// A parameter has one home, and its optimizer state lies there in the same boxes.
static std::string verifyHomes(const Program &program) {
  struct Home {
    int64_t stage = -1;
    const Slot *slot = nullptr;
  };
  std::vector<Home> homes(program.parameters.size());
  for (size_t i = 0; i < program.stages.size(); ++i)
    for (const Slot &slot : program.stages[i].slots)
      if (slot.role == SlotRole::Parameter) {
        if (homes[slot.parameter].slot)
          return "P2: parameter '" + program.parameters[slot.parameter].path +
                 "' has two homes, in stages " + std::to_string(homes[slot.parameter].stage) +
                 " and " + std::to_string(i);
        homes[slot.parameter] = {static_cast<int64_t>(i), &slot};
      }
  for (size_t i = 0; i < homes.size(); ++i)
    if (!homes[i].slot)
      return "P2: parameter '" + program.parameters[i].path + "' has no home";
  for (size_t i = 0; i < program.stages.size(); ++i)
    for (const Slot &slot : program.stages[i].slots)
      if (slot.role == SlotRole::Moment1 || slot.role == SlotRole::Moment2) {
        const Home &home = homes[slot.parameter];
        if (home.stage != static_cast<int64_t>(i) || home.slot->tensor.layout != slot.tensor.layout)
          return "P2: stage " + std::to_string(i) + ", slot '" + slot.name +
                 "' is optimizer state that lies elsewhere than its parameter, slot '" +
                 home.slot->name + "' of stage " + std::to_string(home.stage);
      }
  return "";
}

//===----------------------------------------------------------------------===//
// All
//===----------------------------------------------------------------------===//

std::string verifyProgram(const Program &program) {
  if (std::string problem = verifyHeader(program); !problem.empty())
    return problem;
  for (uint32_t stage = 0; stage < program.stages.size(); ++stage)
    if (std::string problem = verifySlots(program, stage); !problem.empty())
      return problem;
  if (std::string problem = verifyHomes(program); !problem.empty())
    return problem;
  for (uint32_t stage = 0; stage < program.stages.size(); ++stage) {
    for (uint32_t segment = 0; segment < program.stages[stage].segments.size(); ++segment)
      if (std::string problem = verifySegment(program, stage, segment); !problem.empty())
        return problem;
    if (std::string problem = verifySchedule(program, stage); !problem.empty())
      return problem;
  }
  return verifyMessages(program);
}

} // namespace aceso
