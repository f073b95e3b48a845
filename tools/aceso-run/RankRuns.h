//===- RankRuns.h - All ranks of a command ----------------------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_RANKRUNS_H
#define ACESO_TOOLS_ACESO_RUN_RANKRUNS_H

#include "RankProcess.h"

namespace aceso {

/// Prints the one message of a run that failed; returns the exit code.
int fail(const std::string &message);

struct RankRun {
  uint32_t numRanks = 1;
  /// "rank 2 (stage 1)", for messages.
  std::function<std::string(uint32_t)> nameOf;
};

/// Runs `body` for all ranks as threads of this process; the exit code, after a message if it is
/// not 0.
int runRanksAsThreads(const RankRun &run, const RunSettings &settings, const RankBody &body);

/// The same with one process for each rank, started with `arguments` (of aceso-run). They meet in
/// `folder`, which is empty.
int runRanksAsProcesses(const RankRun &run, const std::vector<std::string> &arguments,
                        const std::string &folder);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_RANKRUNS_H
