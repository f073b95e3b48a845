//===- Trainer.cpp - The loop of training steps ---------------------------===//

#include "aceso/Runtime/Trainer.h"

#include "aceso/Runtime/Kernel.h"
#include "aceso/Runtime/Safetensors.h"
#include "aceso/Support/OutputFiles.h"

#include <ATen/Functions.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <ostream>

namespace aceso {

using Clock = std::chrono::steady_clock;

static double millisecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

std::string formatDuration(double seconds) {
  auto total = static_cast<int64_t>(std::max(0.0, seconds) + 0.5);
  char text[32];
  if (total >= 3600)
    std::snprintf(text, sizeof(text), "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  else
    std::snprintf(text, sizeof(text), "%ld:%02ld", total / 60, total % 60);
  return text;
}

namespace {

/// What one step was like.
struct StepReport {
  int64_t step;
  std::map<std::string, double> metrics;
  double iterationMs = 0, samplesPerSecond = 0;
  std::vector<double> computeMs; ///< by rank: without communication and waiting
  std::vector<double> peakMb;    ///< by rank; empty if it is not measured
};

nlohmann::ordered_json toJson(const StepReport &report) {
  nlohmann::ordered_json json;
  json["step"] = report.step;
  for (const auto &[name, value] : report.metrics)
    json[name] = value;
  json["iteration_ms"] = report.iterationMs;
  json["samples_per_s"] = report.samplesPerSecond;
  json["compute_ms"] = report.computeMs;
  if (report.peakMb.empty())
    json["peak_mb"] = nullptr;
  else
    json["peak_mb"] = report.peakMb;
  return json;
}

class TrainingRun {
public:
  TrainingRun(const Program &program, Communicator &communicator, const TextData *data,
              const TrainingOptions &options, std::ostream &progress)
      : program(program), communicator(communicator), data(data), options(options),
        progress(progress), account(TensorAccount::open()),
        charge(options.memoryScope.value_or(ChargeScope::Thread), &account),
        executor(program, communicator, executorOptions()) {
    if (isFirst() && !options.metricsFile.empty()) {
      metrics.open(options.metricsFile, std::ios::trunc);
      if (!metrics)
        throw std::runtime_error(options.metricsFile +
                                 ": cannot be written; check that its folder exists");
    }
    // Before the first step, so that nobody trains for hours and then cannot save.
    if (isFirst() && !options.saveFolder.empty())
      if (std::string problem = prepareFolder(options.saveFolder, "--save"); !problem.empty())
        throw std::runtime_error(problem);
  }

  void run() {
    if (!data && options.numSteps > 0)
      throw std::invalid_argument("training needs data");
    executor.initializeParameters();
    begin = Clock::now();
    for (step = 0; step < options.numSteps; ++step) {
      StepReport report = runStep();
      if (isFirst())
        publish(report);
    }
    if (!options.saveFolder.empty())
      save();
  }

private:
  bool isFirst() const { return communicator.getRank() == 0; }

  ExecutorOptions executorOptions() {
    ExecutorOptions result;
    result.seed = options.seed;
    result.beforeInstruction = [this](const InstructionPlace &place) {
      if (this->options.beforeInstruction)
        this->options.beforeInstruction(step, place.instruction);
      instructionBegin = Clock::now();
    };
    result.afterInstruction = [this](const InstructionPlace &place) {
      if (!communicates(place.instruction))
        computeMs += millisecondsSince(instructionBegin);
    };
    return result;
  }

  static bool communicates(const Instruction &instruction) {
    switch (instruction.kind) {
    case InstructionKind::Send:
    case InstructionKind::Receive:
    case InstructionKind::WorldSum:
      return true;
    case InstructionKind::Convert:
      return !isLocal(instruction.step.kind);
    default:
      return false;
    }
  }

  StepReport runStep() {
    StepReport report{step + 1, {}, 0, 0, {}, {}};
    StepInputs inputs{step, options.learningRate, data->batch(options.seed, step)};
    account.resetPeak();
    computeMs = 0;
    Clock::time_point stepBegin = Clock::now();
    report.metrics = executor.runStep(inputs);
    report.iterationMs = millisecondsSince(stepBegin);
    report.samplesPerSecond = static_cast<double>(program.globalBatch) / report.iterationMs * 1000;
    report.computeMs = gather(computeMs);
    if (options.memoryScope)
      report.peakMb = gather(static_cast<double>(account.peak()) / (1 << 20));
    return report;
  }

  /// What each rank has.
  std::vector<double> gather(double own) {
    at::TensorOptions onDevice =
        at::TensorOptions().dtype(at::kDouble).device(communicator.getDevice());
    at::Tensor all = at::empty({communicator.getSize()}, onDevice);
    communicator.world().allGather(all, at::full({1}, own, onDevice));
    all = all.cpu();
    return {all.const_data_ptr<double>(), all.const_data_ptr<double>() + all.numel()};
  }

  void publish(const StepReport &report) {
    if (metrics.is_open()) {
      // Whoever watches the file sees every step at once.
      metrics << toJson(report).dump() << std::endl;
      if (!metrics)
        throw std::runtime_error(options.metricsFile +
                                 ": cannot be written; check that the disk has space");
    }
    bool isDue = report.step == 1 || report.step == options.numSteps ||
                 report.step % options.logInterval == 0;
    if (!isDue)
      return;
    char line[160];
    double secondsLeft = millisecondsSince(begin) / 1000 / static_cast<double>(report.step) *
                         static_cast<double>(options.numSteps - report.step);
    auto loss = report.metrics.find("loss");
    std::snprintf(line, sizeof(line), "step %ld/%ld  loss %.4f  %.1f samples/s", report.step,
                  options.numSteps, loss == report.metrics.end() ? 0 : loss->second,
                  report.samplesPerSecond);
    progress << line;
    if (!report.peakMb.empty()) {
      std::snprintf(line, sizeof(line), "  peak %.1f MB",
                    *std::max_element(report.peakMb.begin(), report.peakMb.end()));
      progress << line;
    }
    progress << "  " << formatDuration(secondsLeft) << " left" << std::endl;
  }

  void save() {
    std::unique_ptr<SafetensorsWriter> writer;
    if (isFirst()) {
      writer = std::make_unique<SafetensorsWriter>(
          options.saveFolder + "/model.safetensors", entries(),
          std::map<std::string, std::string>{{"program", program.name},
                                             {"plan_hash", program.planHash},
                                             {"steps", std::to_string(options.numSteps)}});
    }
    for (Index i = 0; i < program.parameters.size(); ++i) {
      at::Tensor whole = executor.readParameter(i);
      if (writer)
        writer->write(whole);
    }
    if (writer)
      writer->finish();
  }

  /// In the type that the home of each parameter has.
  std::vector<SafetensorsEntry> entries() const {
    std::vector<SafetensorsEntry> entries(program.parameters.size());
    for (const StageProgram &stage : program.stages)
      for (const Slot &slot : stage.slots)
        if (slot.role == SlotRole::Parameter)
          entries[slot.parameter] = {program.parameters[slot.parameter].path,
                                     toScalarType(slot.tensor.type), slot.tensor.shape};
    return entries;
  }

  const Program &program;
  Communicator &communicator;
  const TextData *data;
  const TrainingOptions &options;
  std::ostream &progress;
  std::ofstream metrics;
  int64_t step = 0;
  Clock::time_point begin;
  Clock::time_point instructionBegin;
  double computeMs = 0;   ///< of this step and rank
  TensorAccount &account; ///< of this rank
  TensorCharge charge;
  Executor executor;
};

} // namespace

void train(const Program &program, Communicator &communicator, const TextData *data,
           const TrainingOptions &options, std::ostream &progress) {
  TrainingRun(program, communicator, data, options, progress).run();
}

} // namespace aceso
