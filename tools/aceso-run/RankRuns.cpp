//===- RankRuns.cpp - All ranks of a command ------------------------------===//

#include "RankRuns.h"

#include "aceso/Runtime/Launcher.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

namespace aceso {

int fail(const std::string &message) {
  std::cerr << "aceso-run: error: " << message << std::endl;
  return 1;
}

int runRanksAsThreads(const RankRun &run, const RunSettings &settings, const RankBody &body) {
  CommunicatorOptions options;
  options.timeout = settings.getTimeout();
  std::optional<RankFailure> failure = runAsThreads(
      createThreadCommunicators(run.numRanks, options), [&](Communicator &communicator) {
        injectAtStartup(settings.fault, communicator.getRank());
        body(communicator);
      });
  return failure ? fail(run.nameOf(failure->rank) + ": " + failure->reason) : 0;
}

/// What the rank that failed left behind, or how it ended.
static std::string describeFailure(const RankRun &run, const LaunchResult &result,
                                   const std::string &folder) {
  if (!result.failedRank)
    return result.message;
  std::ifstream in(failureFile(folder, *result.failedRank));
  std::stringstream reason;
  if (in && reason << in.rdbuf()) {
    // A victim's reason names the culprit itself.
    bool isVictim = result.exitCode == peerFailureCode;
    return isVictim ? reason.str() : run.nameOf(*result.failedRank) + ": " + reason.str();
  }
  std::string name = "rank " + std::to_string(*result.failedRank);
  return run.nameOf(*result.failedRank) + result.message.substr(name.size());
}

int runRanksAsProcesses(const RankRun &run, const std::vector<std::string> &arguments,
                        const std::string &folder) {
  LaunchOptions options;
  options.numRanks = run.numRanks;
  options.command = {std::filesystem::read_symlink("/proc/self/exe")};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  options.peerFailureCode = peerFailureCode;
  options.environment = {std::string(runFolderVariable) + "=" + folder};
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
  fail(describeFailure(run, result, folder));
  // An interruption keeps its code, all failures are the same to a caller.
  return result.failedRank ? 1 : result.exitCode;
}

} // namespace aceso
