//===- ProfileMeter.h - Measures ops and links on this machine --*- C++ -*-===//
//
// All ranks measure at once, each the same thing, so that a number holds for a machine on which
// everybody is busy. How, and why so: docs/rationale/Runtime.md.
//
// Every call is collective; every rank gives the same seconds and gets the same result.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_PROFILEMETER_H
#define ACESO_RUNTIME_PROFILEMETER_H

#include "aceso/Cost/CostTables.h"
#include "aceso/Program/ProfileSet.h"
#include "aceso/Runtime/Communicator.h"
#include "aceso/Runtime/CountingAllocator.h"

#include <functional>
#include <map>

namespace aceso {

struct MeterOptions {
  /// Of parameters, inputs and dropout masks.
  uint64_t seed = 0;
  /// Which tensors are those of one rank.
  ChargeScope memoryScope = ChargeScope::Process;
  /// Called before each instruction with the number of the step, and before each collective and
  /// message outside of a program; for tests of failures.
  std::function<void(int64_t step, const Instruction &)> beforeInstruction;
  /// Called often; throws StopRequest when time is up.
  std::function<void()> checkTime;
};

/// What a row of an op table needs. Times are the median over micro-batches of the mean over ranks.
struct OpMeasurement {
  /// Of the op's kernels and accumulations, without its conversions.
  int64_t forwardNs = 0, backwardNs = 0;
  /// Of its conversions.
  int64_t forwardCollectiveNs = 0, backwardCollectiveNs = 0;
  /// Of the rank that has most: results and what is kept for backward; allocated beyond that in
  /// forward; allocated in backward beyond what was there when it began.
  int64_t activationBytes = 0, forwardReservedBytes = 0, backwardReservedBytes = 0;
  /// Micro-batches that were timed.
  int64_t numTimed = 0;
};

class ProfileMeter {
public:
  /// Uses CPU tensors only. Installs nothing: memory is counted if the process has the counting
  /// allocator.
  ProfileMeter(Communicator &communicator, MeterOptions options);
  ~ProfileMeter();

  /// Runs the program of an entry for about `seconds`, at least one step, of which the first
  /// micro-batch does not count. Throws as Executor does.
  OpMeasurement measureOp(const ProfileEntry &entry, double seconds);

  /// The time of one collective in groups of `groupSize` neighbours, all groups at once; the size
  /// divides the number of ranks. `bytesIn` is what each rank puts in, rounded down to equal parts.
  int64_t measureCollectiveNs(CollectiveKind kind, uint32_t groupSize, int64_t bytesIn,
                              ElementType type, double seconds);

  /// The time of one message of rank 2 i to rank 2 i + 1 or back, all pairs at once. Needs two
  /// ranks.
  int64_t measureMessageNs(int64_t bytes, double seconds);

  /// Bytes that one rank's AdamW update moves in a second while all ranks update.
  double measureMemoryRate(double seconds);

  /// The time that passes for each unit of CPU time of a rank while all ranks compute: 2 for four
  /// ranks on two cores. Kernel times are CPU times multiplied with it.
  double getBusyFactor() const;
  /// Measures it once more: the median of the last few times counts. A profile does so now and
  /// then, for a machine on which others compute too.
  void updateBusyFactor();

  /// The largest value that any rank has.
  double agree(double value);

  class Implementation;

private:
  std::unique_ptr<Implementation> implementation;
};

} // namespace aceso

#endif // ACESO_RUNTIME_PROFILEMETER_H
