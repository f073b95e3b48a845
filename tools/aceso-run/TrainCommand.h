//===- TrainCommand.h - aceso-run train -------------------------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_TRAINCOMMAND_H
#define ACESO_TOOLS_ACESO_RUN_TRAINCOMMAND_H

#include "FaultInjection.h"

#include "aceso/Runtime/Trainer.h"

#include <string>

namespace aceso {

enum class BackendKind : uint8_t { Threads, Gloo, Nccl };
/// "threads", "gloo", "nccl".
const char *toString(BackendKind kind);

struct TrainSettings {
  /// A program file, or a plan or exec program as .mlir.
  std::string program;
  std::string dataFile;
  BackendKind backend = BackendKind::Gloo;
  TrainingOptions training;
  double timeoutSeconds = 600;
  std::optional<Fault> fault;
};

/// Trains: as one rank if the environment says that this process is one; else with all ranks as
/// threads, or by starting one process for each. Returns the exit code; errors have been printed.
int runTrain(const TrainSettings &settings);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_TRAINCOMMAND_H
