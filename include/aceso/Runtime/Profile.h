//===- Profile.h - All cost tables of a model on this machine ---*- C++ -*-===//

#ifndef ACESO_RUNTIME_PROFILE_H
#define ACESO_RUNTIME_PROFILE_H

#include "aceso/Runtime/ProfileMeter.h"

#include <iosfwd>
#include <optional>

namespace aceso {

struct ProfileOptions {
  /// Where the tables go; prepareFolder has found it usable.
  std::string folder;
  /// How long everything may take; none: one to three seconds for each op.
  std::optional<double> maxSeconds;
  /// What of that has passed already.
  double secondsUsed = 0;
  MeterOptions meter;
  /// For the provenance file.
  std::string backend;
};

/// What is told of a profile beside its tables.
struct ProfileFacts {
  std::string model, tablePrefix, folder;
  double seconds = 0;
  size_t numRows = 0;     ///< of op tables
  size_t numPrograms = 0; ///< that were run for them
  double memoryBytesPerSecond = 0;
  double busyFactor = 1; ///< the median over programs
  /// Micro-batches that were timed for an op: the fewest, the most.
  int64_t fewestTimed = 0, mostTimed = 0;
  /// What a reader should know: rows without a program, calculated times.
  std::vector<std::string> notes;
};

/// Measures every entry of `set`, collectives, messages and memory; rank 0 writes the tables, each
/// as soon as it is complete, and at the end PREFIX_provenance.json. Collective: all ranks call it
/// with a legal set for as many devices. Rank 0 prints lines of progress to `progress`.
///
/// Throws as ProfileMeter does; std::runtime_error on rank 0 if a file cannot be written, and
/// StopRequest, which says what is missing, if time is up.
ProfileFacts profile(const ProfileSet &set, Communicator &communicator,
                     const ProfileOptions &options, std::ostream &progress);

/// A table of ops with tp 1 and what the links give, for a person.
std::string printProfileSummary(const CostTables &tables, const ProfileFacts &facts);
/// The same as one JSON object.
std::string printProfileSummaryJson(const CostTables &tables, const ProfileFacts &facts);

} // namespace aceso

#endif // ACESO_RUNTIME_PROFILE_H
