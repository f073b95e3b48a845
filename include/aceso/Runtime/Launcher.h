//===- Launcher.h - Starts one process for each rank ------------*- C++ -*-===//

#ifndef ACESO_RUNTIME_LAUNCHER_H
#define ACESO_RUNTIME_LAUNCHER_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aceso {

struct LaunchOptions {
  /// Program (a path) and arguments of every rank.
  std::vector<std::string> command;
  uint32_t numRanks = 1;
  /// What every rank gets beside its RANK, WORLD_SIZE and LOCAL_RANK: "NAME=value".
  std::vector<std::string> environment;
  /// Time between asking the other ranks to end (SIGTERM) and ending them (SIGKILL) after one
  /// failed.
  std::chrono::milliseconds grace = std::chrono::seconds(3);
  /// Exit code by which a rank says that it ended because another one failed. That other one gets
  /// a moment to end too and is then the one that is reported. 0: there is no such code.
  int peerFailureCode = 0;
  /// Lines of ranks other than 0 get "[rank i] " in front; those of rank 0 are passed on as they
  /// are, so that its progress line stays one.
  bool prefixOutput = true;
};

struct LaunchResult {
  /// 0 if every rank ended with 0, else that of the rank that failed first (128 + signal).
  int exitCode = 0;
  /// "rank 2 ended with exit code 1", "rank 0 was killed by signal 9 (Killed)"; empty on success.
  std::string message;
  /// The rank that failed first; none on success, or if no rank is to blame.
  std::optional<uint32_t> failedRank;
};

/// Starts the ranks by fork and exec, passes their output on, waits for all. When one fails the
/// others are ended; when this process dies, so do they. SIGINT, SIGTERM and SIGHUP end the run as
/// a failure of no rank.
LaunchResult launchRanks(const LaunchOptions &options);

} // namespace aceso

#endif // ACESO_RUNTIME_LAUNCHER_H
