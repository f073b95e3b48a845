//===- Executor.h - Runs the program of one rank ----------------*- C++ -*-===//
//
// Walks the segments of this rank's stage in the order of the schedule. Kernels, groups, boxes and
// slots are resolved once; a step allocates nothing but the values of the program.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_EXECUTOR_H
#define ACESO_RUNTIME_EXECUTOR_H

#include "aceso/Program/Program.h"
#include "aceso/Runtime/Communicator.h"

#include <functional>
#include <map>
#include <memory>

namespace aceso {

/// What a step is given, the same on every rank.
struct StepInputs {
  /// Number of the step, from 0; optimizer and dropout depend on it.
  int64_t step = 0;
  double learningRate = 0;
  /// For each input of the program, in order, the tensor of the whole global batch: the shape of a
  /// micro-batch with the global batch in its batch dimension.
  std::vector<at::Tensor> tensors;
};

/// Which instruction runs: one run of a segment of this rank's stage.
struct InstructionPlace {
  SegmentKind segment;
  /// 0 in segments that run once a step.
  int64_t microBatch;
  /// Position in the segment.
  size_t index;
  const Instruction &instruction;
};
using InstructionHook = std::function<void(const InstructionPlace &)>;

/// Thrown by a hook: nothing failed, but the step shall end. It leaves runStep as it is.
class StopRequest : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

struct ExecutorOptions {
  /// Of initial values and dropout masks.
  uint64_t seed = 0;
  /// Called before and after each instruction, for tests of failures and for measuring. What they
  /// throw ends the step as a failure of the instruction does, but for a StopRequest.
  InstructionHook beforeInstruction, afterInstruction;
  /// Keeps what the optimizer is given in each step, for readGradient.
  bool keepsGradients = false;
};

/// Errors are exceptions: PeerFailure if another rank failed, else std::runtime_error with the
/// place in the program. After one of either the executor is of no use.
class Executor {
public:
  /// `program` must be legal (verifyProgram) and outlive the executor; it is for as many ranks as
  /// the communicator has. Collective over all ranks.
  Executor(const Program &program, Communicator &communicator, ExecutorOptions options = {});
  ~Executor();

  /// Gives every parameter its initial value, which depends on seed and path only, and clears the
  /// optimizer's state. Before the first step.
  void initializeParameters();

  /// Runs one step; returns what it reports ("loss", "grad_norm"), the same on all ranks.
  /// Collective.
  std::map<std::string, double> runStep(const StepInputs &inputs);

  /// The whole parameter with that index, in the type that its home has, on rank 0; undefined
  /// elsewhere. Collective.
  at::Tensor readParameter(Index parameter);
  /// The same for the gradient that the optimizer got in the last step, before clipping; undefined
  /// everywhere if it got none. Needs keepsGradients.
  at::Tensor readGradient(Index parameter);
  /// Sets the own part of a parameter from the whole tensor. Not collective.
  void writeParameter(Index parameter, const at::Tensor &whole);

private:
  class Implementation;
  std::unique_ptr<Implementation> implementation;
};

} // namespace aceso

#endif // ACESO_RUNTIME_EXECUTOR_H
