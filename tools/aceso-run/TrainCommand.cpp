//===- TrainCommand.cpp - aceso-run train ---------------------------------===//

#include "TrainCommand.h"

#include "ProgramSource.h"
#include "RankRuns.h"
#include "TemporaryFolder.h"

#include "aceso/Program/ProgramFile.h"

#include <iostream>
#include <sstream>

namespace aceso {

namespace {

class TrainCommand {
public:
  explicit TrainCommand(const TrainSettings &settings) : settings(settings) {}

  int run() {
    Result<std::optional<RankEnvironment>> environment = readRankEnvironment();
    if (!environment)
      return fail(environment.error());
    Result<std::string> file = findProgramFile(settings.program, folder);
    if (!file)
      return fail(file.error());
    programFile = *file;
    Result<Program> read = readProgramFile(programFile);
    if (!read)
      return fail(read.error());
    program = std::move(*read);
    if (settings.training.numSteps > 0) {
      Result<TextData> text = TextData::open(settings.dataFile, program);
      if (!text)
        return fail(text.error());
      data = std::move(*text);
    }
    if (environment->has_value() && settings.run.backend != BackendKind::Threads)
      return runOwnRank(**environment);
    describe();
    return runAll();
  }

private:
  void describe() const {
    std::cout << "training '" << program.name << "' (plan " << program.planHash.substr(0, 12)
              << "): " << program.numRanks() << " ranks in " << program.stages.size()
              << (program.stages.size() == 1 ? " stage" : " stages") << ", global batch "
              << program.globalBatch << " in micro-batches of " << program.microBatch
              << ", backend " << toString(settings.run.backend) << std::endl;
  }

  int runOwnRank(const RankEnvironment &environment) {
    if (environment.worldSize != program.numRanks())
      return fail(settings.program + ": is for " + std::to_string(program.numRanks()) +
                  " ranks, but " + environment.startedBy + " started " +
                  std::to_string(environment.worldSize) +
                  "; start as many as it was planned for, or plan for as many as there are");
    // A rank that fails ends without destructors.
    folder.remove();
    return runRank(settings.run, environment,
                   [&](Communicator &communicator) { trainAs(communicator); });
  }

  int runAll() {
    RankRun run;
    run.numRanks = program.numRanks();
    run.nameOf = [this](uint32_t rank) {
      return "rank " + std::to_string(rank) + " (stage " + std::to_string(program.stageOf(rank)) +
             ")";
    };
    if (settings.run.backend == BackendKind::Threads)
      return runRanksAsThreads(run, settings.run,
                               [&](Communicator &communicator) { trainAs(communicator); });
    return runRanksAsProcesses(run, rankArguments(), folder.getPath());
  }

  void trainAs(Communicator &communicator) const {
    TrainingOptions training = settings.training;
    if (settings.run.backend != BackendKind::Nccl)
      training.memoryScope = chargeScopeOf(settings.run.backend);
    training.beforeInstruction = makeFaultHook(settings.run.fault, communicator.getRank());
    train(program, communicator, data ? &*data : nullptr, training, std::cout);
  }

  std::vector<std::string> rankArguments() const {
    const TrainingOptions &training = settings.training;
    std::ostringstream learningRate;
    learningRate.precision(17);
    learningRate << training.learningRate;
    std::vector<std::string> arguments = {"train",
                                          programFile,
                                          "--steps=" + std::to_string(training.numSteps),
                                          "--lr=" + learningRate.str(),
                                          "--seed=" + std::to_string(training.seed),
                                          "--log-interval=" + std::to_string(training.logInterval)};
    for (const std::string &argument : toArguments(settings.run))
      arguments.push_back(argument);
    auto add = [&](const std::string &option, const std::string &value) {
      if (!value.empty())
        arguments.push_back(option + "=" + value);
    };
    add("--data", settings.dataFile);
    add("--metrics", training.metricsFile);
    add("--save", training.saveFolder);
    return arguments;
  }

  const TrainSettings &settings;
  TemporaryFolder folder;
  std::string programFile;
  Program program;
  std::optional<TextData> data;
};

} // namespace

int runTrain(const TrainSettings &settings) {
  try {
    return TrainCommand(settings).run();
  } catch (const std::exception &error) {
    return fail(error.what());
  }
}

} // namespace aceso
