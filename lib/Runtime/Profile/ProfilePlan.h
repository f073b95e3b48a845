//===- ProfilePlan.h - What is measured, and for how long -------*- C++ -*-===//

#ifndef ACESO_LIB_RUNTIME_PROFILE_PROFILEPLAN_H
#define ACESO_LIB_RUNTIME_PROFILE_PROFILEPLAN_H

#include "MeterImplementation.h"

#include "aceso/Runtime/ProfileTables.h"

#include <iosfwd>
#include <optional>

namespace aceso {

/// The largest message or collective input that is measured. Beyond that time grows with the size.
inline constexpr int64_t maxMeasuredBytes = 64 * bytesPerMiB;

/// What collectives and messages between the ops of a set can need at most, but not more than is
/// measured; at least 1 MiB.
int64_t largestExchange(const ProfileSet &set);

/// 1 KiB, 2 KiB, ... up to the first that is not below `largest`.
std::vector<int64_t> doublingSizes(int64_t largest);

/// The sizes of a collective table, ascending: 0 (which stands for one element a rank), those of
/// doublingSizes, and the whole numbers of MiB around every size of the op tables, by which formula
/// `aceso` looks up.
std::vector<int64_t> collectiveSizes(const ProfileSet &set,
                                     const std::vector<OpMeasurement> &measurements);

/// Whether a collective of that size is measured, or calculated from the largest one that is.
bool isMeasured(CollectiveKind kind, uint32_t groupSize, int64_t bytes);

/// The sizes of groups: divisors of the number of ranks above 1.
std::vector<uint32_t> groupSizes(uint32_t numRanks);

/// Shares the time out among what is still to be done, and says how far it has come.
class ProfileSchedule {
public:
  /// `totalWeight`: of all tasks; without a limit it is the seconds that all take.
  ProfileSchedule(std::optional<double> maxSeconds, double secondsUsed, double totalWeight);

  /// The seconds that the next task should take, by its weight.
  double begin(double weight);

  double secondsUsed() const { return usedBefore + secondsSince(start); }
  /// An estimate of the time to the end.
  double secondsLeft() const;
  bool isOver() const { return maxSeconds && secondsUsed() > *maxSeconds; }

private:
  std::optional<double> maxSeconds;
  double usedBefore;
  Clock::time_point start = Clock::now();
  double weightLeft, weightBegun = 0, currentWeight = 0;
};

/// Writes the file that says how and where tables were measured.
std::string printProvenance(const struct ProfileFacts &facts, const ProfileSet &set,
                            const struct ProfileOptions &options, uint32_t numRanks,
                            int64_t threadsPerRank, const std::vector<std::string> &files);

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_PROFILE_PROFILEPLAN_H
