//===- RankProcess.cpp - A process that is one rank -----------------------===//

#include "RankProcess.h"

#include "aceso/Runtime/GlooCommunicator.h"
#include "aceso/Runtime/NcclPlugin.h"
#include "aceso/Runtime/Reason.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Logging.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <unistd.h>

namespace aceso {

std::string failureFile(const std::string &runFolder, uint32_t rank) {
  return runFolder + "/failure-" + std::to_string(rank);
}

namespace {

class RankProcess {
public:
  RankProcess(const RunSettings &settings, const RankEnvironment &environment)
      : settings(settings), environment(environment),
        runFolder(getProcessVariable(runFolderVariable)) {}

  int run(const RankBody &body) {
    try {
      injectAtStartup(settings.fault, environment.rank);
      communicator = connect();
      body(*communicator);
      // Nobody leaves while others still talk to it.
      communicator->world().barrier();
      return 0;
    } catch (const PeerFailure &failure) {
      leave(failure.what(), peerFailureCode);
    } catch (const std::exception &failure) {
      if (communicator)
        communicator->abort(reasonOf(failure));
      leave(reasonOf(failure), 1);
    }
  }

private:
  std::unique_ptr<Communicator> connect() const {
    std::chrono::milliseconds timeout = settings.getTimeout();
    if (settings.backend == BackendKind::Nccl) {
      NcclOptions options;
      options.timeout = timeout;
      options.device = environment.localRank;
      return createNcclCommunicator(openStore(timeout), environment.rank, environment.worldSize,
                                    options);
    }
    GlooOptions options;
    options.timeout = timeout;
    if (std::optional<std::string> network = getProcessVariable("GLOO_SOCKET_IFNAME"))
      options.network = *network;
    else if (!environment.isOnOneMachine)
      throw std::runtime_error(environment.startedBy +
                               " started ranks on several machines; set GLOO_SOCKET_IFNAME to the "
                               "network interface that leads from this machine to the others");
    return createGlooCommunicator(openStore(timeout), environment.rank, environment.worldSize,
                                  options);
  }

  std::shared_ptr<KeyValueStore> openStore(std::chrono::milliseconds timeout) const {
    if (runFolder)
      return openFileStore(*runFolder + "/store", environment.worldSize);
    // torchrun's agent serves a store already, one for all attempts.
    bool isServed = getProcessVariable("TORCHELASTIC_USE_AGENT_STORE") == "True";
    std::shared_ptr<KeyValueStore> store;
    try {
      store = openTcpStore(environment.masterAddress, environment.masterPort, environment.rank,
                           environment.worldSize, isServed, timeout);
    } catch (const std::exception &failure) {
      throw std::runtime_error("the ranks do not meet at " + environment.masterAddress + ", port " +
                               std::to_string(environment.masterPort) + " (" + reasonOf(failure) +
                               "); check MASTER_ADDR, MASTER_PORT and that all " +
                               std::to_string(environment.worldSize) + " ranks were started");
    }
    std::string attempt = getProcessVariable("TORCHELASTIC_RESTART_COUNT").value_or("0");
    return withPrefix("aceso/attempt_" + attempt, store);
  }

  /// Tells the launcher, or whoever reads our output, and ends at once: destructors would wait for
  /// ranks that do not answer.
  [[noreturn]] void leave(const std::string &reason, int code) const {
    std::cout.flush();
    if (runFolder)
      std::ofstream(failureFile(*runFolder, environment.rank)) << reason;
    else
      std::cerr << "aceso-run: error: "
                << (code == peerFailureCode ? ""
                                            : "rank " + std::to_string(environment.rank) + ": ")
                << reason << std::endl;
    _exit(code);
  }

  const RunSettings &settings;
  const RankEnvironment &environment;
  std::optional<std::string> runFolder;
  std::unique_ptr<Communicator> communicator;
};

} // namespace

int runRank(const RunSettings &settings, const RankEnvironment &environment, const RankBody &body) {
  at::NoGradGuard noGradients;
  // LibTorch logs what it throws as well, and we say it once. Who wants to see its log sets this.
  setenv("TORCH_CPP_LOG_LEVEL", "FATAL", /*overwrite=*/0);
  c10::initLogging();
  // The launcher shares the cores out; without it one thread is never too many.
  const char *threads = std::getenv("OMP_NUM_THREADS");
  at::set_num_threads(threads ? std::max(1, std::atoi(threads)) : 1);
  at::set_num_interop_threads(1);
  return RankProcess(settings, environment).run(body);
}

} // namespace aceso
