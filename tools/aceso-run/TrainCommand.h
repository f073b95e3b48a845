//===- TrainCommand.h - aceso-run train -------------------------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_TRAINCOMMAND_H
#define ACESO_TOOLS_ACESO_RUN_TRAINCOMMAND_H

#include "RunSettings.h"

#include "aceso/Runtime/Trainer.h"

#include <string>

namespace aceso {

struct TrainSettings {
  /// A program file, or a plan or exec program as .mlir.
  std::string program;
  std::string dataFile;
  RunSettings run;
  TrainingOptions training;
};

/// Trains: as one rank if the environment says that this process is one; else with all ranks as
/// threads, or by starting one process for each. Returns the exit code; errors have been printed.
int runTrain(const TrainSettings &settings);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_TRAINCOMMAND_H
