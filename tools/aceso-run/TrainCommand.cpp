//===- TrainCommand.cpp - aceso-run train ---------------------------------===//

#include "TrainCommand.h"

#include "ProgramSource.h"
#include "RankProcess.h"
#include "TemporaryFolder.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Runtime/Launcher.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

namespace aceso {

const char *toString(BackendKind kind) {
  switch (kind) {
  case BackendKind::Threads:
    return "threads";
  case BackendKind::Gloo:
    return "gloo";
  case BackendKind::Nccl:
    return "nccl";
  }
  return "";
}

static int fail(const std::string &message) {
  std::cerr << "aceso-run: error: " << message << std::endl;
  return 1;
}

namespace {

class TrainCommand {
public:
  explicit TrainCommand(const TrainSettings &settings) : settings(settings) {}

  int run() {
    Result<std::optional<RankEnvironment>> environment = readRankEnvironment();
    if (!environment)
      return fail(environment.error());
    Result<std::string> file = findProgramFile(settings.program, folder.getPath());
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
    bool isRank = environment->has_value() && settings.backend != BackendKind::Threads;
    if (isRank)
      return runOwnRank(**environment);
    describe();
    return settings.backend == BackendKind::Threads ? runThreads() : launch();
  }

private:
  const TextData *dataOrNull() const { return data ? &*data : nullptr; }

  void describe() const {
    std::cout << "training '" << program.name << "' (plan " << program.planHash.substr(0, 12)
              << "): " << program.numRanks() << " ranks in " << program.stages.size()
              << " stages, global batch " << program.globalBatch << " in micro-batches of "
              << program.microBatch << ", backend " << toString(settings.backend) << std::endl;
  }

  int runOwnRank(const RankEnvironment &environment) {
    if (environment.worldSize != program.numRanks())
      return fail(settings.program + ": is for " + std::to_string(program.numRanks()) +
                  " ranks, but " + environment.startedBy + " started " +
                  std::to_string(environment.worldSize) +
                  "; start as many as it was planned for, or plan for as many as there are");
    return runRank(settings, environment, program, dataOrNull());
  }

  std::string nameOf(uint32_t rank) const {
    return "rank " + std::to_string(rank) + " (stage " + std::to_string(program.stageOf(rank)) +
           ")";
  }

  int runThreads() {
    CommunicatorOptions options;
    options.timeout =
        std::chrono::milliseconds(static_cast<int64_t>(settings.timeoutSeconds * 1000));
    std::optional<RankFailure> failure = runAsThreads(
        createThreadCommunicators(program.numRanks(), options), [&](Communicator &communicator) {
          injectAtStartup(settings.fault, communicator.getRank());
          TrainingOptions training = settings.training;
          training.beforeInstruction = makeFaultHook(settings.fault, communicator.getRank());
          train(program, communicator, dataOrNull(), training, std::cout);
        });
    return failure ? fail(nameOf(failure->rank) + ": " + failure->reason) : 0;
  }

  int launch() {
    LaunchOptions options;
    options.numRanks = program.numRanks();
    options.command = rankCommand();
    options.peerFailureCode = peerFailureCode;
    options.environment = {std::string(runFolderVariable) + "=" + folder.getPath()};
    // Ranks share the cores; what waits for another rank must not spin.
    uint32_t threads = std::max(1u, std::thread::hardware_concurrency() / options.numRanks);
    if (!getProcessVariable("OMP_NUM_THREADS"))
      options.environment.push_back("OMP_NUM_THREADS=" + std::to_string(threads));
    if (!getProcessVariable("MKL_NUM_THREADS"))
      options.environment.push_back("MKL_NUM_THREADS=" + std::to_string(threads));
    options.environment.push_back("OMP_WAIT_POLICY=PASSIVE");
    LaunchResult result = launchRanks(options);
    if (result.exitCode == 0)
      return 0;
    fail(describeFailure(result));
    // An interruption keeps its code, all failures are the same to a caller.
    return result.failedRank ? 1 : result.exitCode;
  }

  /// What the rank that failed left behind, or how it ended.
  std::string describeFailure(const LaunchResult &result) const {
    if (!result.failedRank)
      return result.message;
    std::ifstream in(failureFile(folder.getPath(), *result.failedRank));
    std::stringstream reason;
    if (in && reason << in.rdbuf()) {
      // A victim's reason names the culprit itself.
      bool isVictim = result.exitCode == peerFailureCode;
      return isVictim ? reason.str() : nameOf(*result.failedRank) + ": " + reason.str();
    }
    std::string name = "rank " + std::to_string(*result.failedRank);
    return nameOf(*result.failedRank) + result.message.substr(name.size());
  }

  std::vector<std::string> rankCommand() const {
    const TrainingOptions &training = settings.training;
    std::ostringstream learningRate, timeout;
    learningRate.precision(17);
    learningRate << training.learningRate;
    timeout << settings.timeoutSeconds;
    std::vector<std::string> command = {std::filesystem::read_symlink("/proc/self/exe"),
                                        "train",
                                        programFile,
                                        "--backend=" + std::string(toString(settings.backend)),
                                        "--steps=" + std::to_string(training.numSteps),
                                        "--lr=" + learningRate.str(),
                                        "--seed=" + std::to_string(training.seed),
                                        "--log-interval=" + std::to_string(training.logInterval),
                                        "--timeout=" + timeout.str()};
    auto add = [&](const std::string &option, const std::string &value) {
      if (!value.empty())
        command.push_back(option + "=" + value);
    };
    add("--data", settings.dataFile);
    add("--metrics", training.metricsFile);
    add("--save", training.saveFolder);
    if (settings.fault)
      add("--inject-fault", toText(*settings.fault));
    return command;
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
