//===- Trainer.h - The loop of training steps -------------------*- C++ -*-===//

#ifndef ACESO_RUNTIME_TRAINER_H
#define ACESO_RUNTIME_TRAINER_H

#include "aceso/Runtime/CountingAllocator.h"
#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/TextData.h"

#include <iosfwd>

namespace aceso {

struct TrainingOptions {
  int64_t numSteps = 0;
  double learningRate = 1e-3;
  uint64_t seed = 0;
  /// Steps between two progress lines; the first and last step always have one.
  int64_t logInterval = 1;
  /// One JSON object a line and step; empty: none.
  std::string metricsFile;
  /// Where the parameters go after the last step, as model.safetensors; empty: nowhere.
  std::string saveFolder;
  /// Which tensors are those of one rank, if the counting allocator is installed; none: peak_mb is
  /// null.
  std::optional<ChargeScope> memoryScope;
  /// Called before each instruction of each step.
  std::function<void(int64_t step, const Instruction &)> beforeInstruction;
};

/// Trains as one rank of all: initial values, steps, metrics, and at the end the parameters to a
/// file. `data` may be null if there is no step. Rank 0 prints a line of progress to `progress` and
/// writes the files. Collective; throws as Executor does, and std::runtime_error if a file cannot
/// be written.
void train(const Program &program, Communicator &communicator, const TextData *data,
           const TrainingOptions &options, std::ostream &progress);

/// "1:02:03", "4:05"; for the time to the end.
std::string formatDuration(double seconds);

} // namespace aceso

#endif // ACESO_RUNTIME_TRAINER_H
