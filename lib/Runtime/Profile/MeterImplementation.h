//===- MeterImplementation.h - What all measurements share ------*- C++ -*-===//

#ifndef ACESO_LIB_RUNTIME_PROFILE_METERIMPLEMENTATION_H
#define ACESO_LIB_RUNTIME_PROFILE_METERIMPLEMENTATION_H

#include "ReusedGroups.h"

#include "aceso/Runtime/ProfileMeter.h"

#include <chrono>

namespace aceso {

using Clock = std::chrono::steady_clock;

inline double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Nanoseconds that this thread has computed.
double threadCpuNs();

/// The middle one, or the mean of the two.
double median(std::vector<double> values);

class ProfileMeter::Implementation {
public:
  Implementation(Communicator &inner, MeterOptions options);

  /// The same on every rank: the largest one.
  double agree(double value) { return maxOverRanks({value})[0]; }
  /// For each place the largest, the mean.
  std::vector<double> maxOverRanks(const std::vector<double> &values);
  std::vector<double> meanOverRanks(const std::vector<double> &values);
  void barrier() { communicator.world().barrier(); }
  void checkTime() const {
    if (options.checkTime)
      options.checkTime();
  }

  /// The time of one call in ns: median over blocks of calls, mean over ranks. `seconds` is what
  /// it may take, but for the fewest calls, and the same on every rank.
  double timeCalls(double seconds, const std::function<void()> &call);

  /// For tests of failures: as if `kind` were an instruction of a program.
  void announce(InstructionKind kind, StepKind step = StepKind::AllReduce) const;

  Group &neighbours(uint32_t groupSize);

  MeterOptions options;
  ReusedGroups communicator;
  /// Of this rank, and below it of the op that is measured.
  TensorAccount &rankAccount, &opAccount;
  TensorCharge charge;
  /// Whether kernels are timed by CPU time: each rank has one thread.
  bool usesCpuTime;
  double busyFactor = 1;
  void updateBusyFactor();

private:
  std::vector<double> overRanks(const std::vector<double> &values, Reduction reduction);

  std::map<uint32_t, std::unique_ptr<Group>> groups; ///< of neighbours, by size
  std::vector<double> busyFactors;                   ///< as measured, in order
};

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_PROFILE_METERIMPLEMENTATION_H
