//===- OpMeter.cpp - Time and memory of one op ----------------------------===//

#include "MeterImplementation.h"

#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/Kernel.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace aceso {

namespace {

/// What an instruction is to the op under test.
enum class Part : uint8_t {
  Foreign,
  Kernel,       ///< kernels, accumulations
  LocalConvert, ///< slices and masks
  Collective,
};

/// Nanoseconds of one micro-batch on this rank.
struct Sample {
  enum Column { Forward, Backward, ForwardConvert, BackwardConvert, numColumns };
  std::array<double, numColumns> ns{};
};

class OpMeter {
public:
  OpMeter(ProfileMeter::Implementation &meter, const ProfileEntry &entry)
      : meter(meter), entry(entry), program(entry.program), inputs(makeInputs()),
        executor(program, meter.communicator, executorOptions()) {
    findActivationPoint();
    executor.initializeParameters();
  }

  OpMeasurement measure(double seconds, Clock::time_point begin) {
    // The first micro-batch sets up what kernels and connections keep; where there is time, the
    // whole first step is for that.
    constexpr int maxSteps = 15;
    Clock::time_point stepBegin = Clock::now();
    runStep();
    if (samples.size() > 1)
      samples.erase(samples.begin());
    // Whether there is time for another one that takes as long as the last.
    auto hasTime = [&] {
      return meter.agree(secondsSince(begin) + secondsSince(stepBegin)) < seconds;
    };
    for (int i = 0; i < maxSteps && hasTime(); ++i) {
      if (i == 0)
        samples.clear();
      stepBegin = Clock::now();
      runStep();
    }
    return summarize();
  }

private:
  ExecutorOptions executorOptions() {
    ExecutorOptions options;
    options.seed = meter.options.seed;
    options.beforeInstruction = [this](const InstructionPlace &place) { before(place); };
    options.afterInstruction = [this](const InstructionPlace &place) { after(place); };
    return options;
  }

  /// Floating-point inputs repeat one sample: their values do not matter, and all samples of a
  /// global batch may be more than there is room for.
  std::vector<at::Tensor> makeInputs() const {
    at::Generator generator = at::detail::createCPUGenerator(meter.options.seed);
    std::vector<at::Tensor> tensors;
    for (size_t i = 0; i < program.inputs.size(); ++i) {
      const ProgramInput &input = program.inputs[i];
      std::vector<int64_t> shape = input.shape;
      at::TensorOptions options = at::TensorOptions().dtype(toScalarType(input.type));
      if (isFloating(input.type)) {
        shape[input.batchDim] = 1;
        at::Tensor sample = at::randn(shape, generator, at::TensorOptions().dtype(at::kFloat));
        shape[input.batchDim] = program.globalBatch;
        tensors.push_back(sample.to(options).expand(shape));
      } else {
        shape[input.batchDim] = program.globalBatch;
        tensors.push_back(at::randint(0, entry.inputBounds[i], shape, generator, options));
      }
    }
    return tensors;
  }

  Part partOf(SegmentKind segment, const Instruction &instruction) const {
    if (segment != SegmentKind::Forward && segment != SegmentKind::Backward)
      return Part::Foreign;
    if (instruction.kind == InstructionKind::Convert)
      return isLocal(instruction.step.kind) ? Part::LocalConvert : Part::Collective;
    bool isOwn =
        instruction.path == entry.path && (instruction.kind == InstructionKind::Kernel ||
                                           instruction.kind == InstructionKind::Accumulate);
    return isOwn ? Part::Kernel : Part::Foreign;
  }

  /// Where in forward the op has done its work and what it needed on the way is released, but
  /// nobody else has begun.
  void findActivationPoint() {
    for (const Segment &segment : program.stages[0].segments) {
      if (segment.kind != SegmentKind::Forward)
        continue;
      bool isBehind = false;
      for (const Instruction &instruction : segment.instructions)
        if (partOf(segment.kind, instruction) != Part::Foreign) {
          lastOwn = &instruction;
          firstBehind = nullptr;
          isBehind = true;
        } else if (isBehind && instruction.kind != InstructionKind::Release) {
          firstBehind = &instruction;
          isBehind = false;
        }
    }
  }

  void runStep() {
    StepInputs stepInputs;
    stepInputs.step = step;
    // Parameters stay what they are, and finite.
    stepInputs.learningRate = 0;
    stepInputs.tensors = inputs;
    activationBytes = forwardReservedBytes = backwardReservedBytes = 0;
    firstSample = samples.size();
    samples.resize(samples.size() + program.numMicroBatches());
    executor.runStep(stepInputs);
    ++step;
  }

  void before(const InstructionPlace &place) {
    if (meter.options.beforeInstruction)
      meter.options.beforeInstruction(step, place.instruction);
    meter.checkTime();
    if (&place.instruction == firstBehind)
      noteActivations();
    Part part = partOf(place.segment, place.instruction);
    if (part == Part::Foreign)
      return;
    beginMemory(place);
    // Who comes late to a collective does not count as its time.
    if (part == Part::Collective)
      meter.barrier();
    wallBegin = Clock::now();
    cpuBegin = threadCpuNs();
  }

  void after(const InstructionPlace &place) {
    Part part = partOf(place.segment, place.instruction);
    if (part == Part::Foreign)
      return;
    double ns = part == Part::Collective || !meter.usesCpuTime
                    ? secondsSince(wallBegin) * 1e9
                    : (threadCpuNs() - cpuBegin) * meter.busyFactor;
    bool isForward = place.segment == SegmentKind::Forward;
    Sample::Column column = part == Part::Kernel
                                ? (isForward ? Sample::Forward : Sample::Backward)
                                : (isForward ? Sample::ForwardConvert : Sample::BackwardConvert);
    samples[firstSample + place.microBatch].ns[column] += ns;
    endMemory(place);
  }

  //===------------------------------------------------------------------===//
  // Memory
  //===------------------------------------------------------------------===//

  void beginMemory(const InstructionPlace &place) {
    bool isForward = place.segment == SegmentKind::Forward;
    bool isFirst = place.segment != segment || place.microBatch != microBatch;
    segment = place.segment;
    microBatch = place.microBatch;
    if (isFirst) {
      meter.opAccount.resetPeak();
      startBytes = isForward ? meter.opAccount.current() : meter.rankAccount.current();
    }
    if (isForward)
      chargeTensors(meter.options.memoryScope, &meter.opAccount);
    else
      meter.rankAccount.resetPeak();
  }

  void endMemory(const InstructionPlace &place) {
    chargeTensors(meter.options.memoryScope, &meter.rankAccount);
    // Accumulators, which the first micro-batch makes, are no work space.
    bool isSteady = place.microBatch + 1 == program.numMicroBatches();
    if (place.segment == SegmentKind::Backward && isSteady)
      backwardReservedBytes =
          std::max(backwardReservedBytes, meter.rankAccount.peak() - startBytes);
    if (&place.instruction == lastOwn && !firstBehind)
      noteActivations();
  }

  void noteActivations() {
    int64_t held = meter.opAccount.current() - startBytes;
    activationBytes = std::max(activationBytes, held);
    forwardReservedBytes =
        std::max(forwardReservedBytes, meter.opAccount.peak() - startBytes - held);
  }

  //===------------------------------------------------------------------===//
  // Results
  //===------------------------------------------------------------------===//

  OpMeasurement summarize() const {
    std::vector<double> all;
    for (int column = 0; column < Sample::numColumns; ++column)
      for (const Sample &sample : samples)
        all.push_back(sample.ns[column]);
    all = meter.meanOverRanks(all);
    auto medianOf = [&](Sample::Column column) {
      auto begin = all.begin() + static_cast<int64_t>(column * samples.size());
      return std::llround(median({begin, begin + static_cast<int64_t>(samples.size())}));
    };
    OpMeasurement result;
    result.forwardNs = medianOf(Sample::Forward);
    result.backwardNs = medianOf(Sample::Backward);
    result.forwardCollectiveNs = medianOf(Sample::ForwardConvert);
    result.backwardCollectiveNs = medianOf(Sample::BackwardConvert);
    std::vector<double> bytes = meter.maxOverRanks({static_cast<double>(activationBytes),
                                                    static_cast<double>(forwardReservedBytes),
                                                    static_cast<double>(backwardReservedBytes)});
    result.activationBytes = std::llround(bytes[0]);
    result.forwardReservedBytes = std::llround(bytes[1]);
    result.backwardReservedBytes = std::llround(bytes[2]);
    result.numTimed = static_cast<int64_t>(samples.size());
    return result;
  }

  ProfileMeter::Implementation &meter;
  const ProfileEntry &entry;
  const Program &program;
  std::vector<at::Tensor> inputs;
  Executor executor;

  /// The op's last instruction in forward; the first one behind it that does something. None: what
  /// comes behind only releases.
  const Instruction *lastOwn = nullptr, *firstBehind = nullptr;
  int64_t step = 0;
  std::vector<Sample> samples;
  size_t firstSample = 0; ///< of this step
  Clock::time_point wallBegin;
  double cpuBegin = 0;

  // Of the run of a segment that the op was last seen in.
  SegmentKind segment = SegmentKind::Read;
  int64_t microBatch = -1;
  int64_t startBytes = 0; ///< of the op in forward, of the rank in backward
  // The largest of the step.
  int64_t activationBytes = 0, forwardReservedBytes = 0, backwardReservedBytes = 0;
};

} // namespace

OpMeasurement ProfileMeter::measureOp(const ProfileEntry &entry, double seconds) {
  Clock::time_point begin = Clock::now();
  return OpMeter(*implementation, entry).measure(seconds, begin);
}

} // namespace aceso
