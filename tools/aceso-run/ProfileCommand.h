//===- ProfileCommand.h - aceso-run profile ---------------------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_PROFILECOMMAND_H
#define ACESO_TOOLS_ACESO_RUN_PROFILECOMMAND_H

#include "ProgramSource.h"
#include "RunSettings.h"

namespace aceso {

struct ProfileSettings {
  /// A model as .mlir, or a profile set.
  std::string source;
  std::string folder;
  ProfileRequest request;
  std::optional<double> maxSeconds;
  /// When the command was started, in seconds of this machine's steady clock; none: now.
  std::optional<double> startedAt;
  uint64_t seed = 0;
  /// The summary as JSON on standard output, everything else on standard error.
  bool printsJson = false;
  RunSettings run;
};

/// Measures a model: as one rank if the environment says that this process is one; else with all
/// ranks as threads, or by starting one process for each. Returns the exit code; errors have been
/// printed.
int runProfile(const ProfileSettings &settings);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_PROFILECOMMAND_H
