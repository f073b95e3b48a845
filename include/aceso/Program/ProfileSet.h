//===- ProfileSet.h - The programs that measure a model's ops ---*- C++ -*-===//
//
// What `aceso-translate --export-profile-set` writes and `aceso-run profile` measures: for every op
// of a model in every configuration of its cost tables a program of one stage in which sources feed
// the op and a probe takes its results (docs/rationale/Profile.md).
//
// The file is JSON: the version, a checksum of the content as in a program file, and the set with
// the names below in lower case. Programs stand in it as in a program file. A field with its
// default value is left out.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PROGRAM_PROFILESET_H
#define ACESO_PROGRAM_PROFILESET_H

#include "aceso/Program/Program.h"
#include "aceso/Support/Result.h"

#include <optional>
#include <string_view>

namespace aceso {

/// A row of a cost table: an op, and the table's samples per replica, tp and rule.
struct ProfileKey {
  std::string op; ///< profile key, the name of the row
  int64_t samples = 1;
  int64_t tp = 1;
  uint32_t rule = 0;
  bool operator==(const ProfileKey &) const = default;
};

/// "enc-MLP-GEMM-1, samples 4, tp 2, rule 0"; for messages.
std::string describeProfileKey(const ProfileKey &key);

/// One row, and the program that measures it.
struct ProfileEntry {
  ProfileKey key;
  /// Of the op under test. Kernels and accumulations with this path are its own, and so is every
  /// conversion of a forward or backward segment.
  std::string path;
  /// The table's columns input_size, output_size, weights, in bytes of one rank: the op's own
  /// tensors and what is in flight beside it.
  int64_t inputBytes = 0, outputBytes = 0, weightBytes = 0;
  /// An earlier entry whose program does the same, be it of another rule or of another op, so that
  /// it is measured once; `program` and `inputBounds` are then empty.
  std::optional<size_t> sameAs;
  /// For each input of the program: values are random in 0 ... bound - 1; 0 for floating point,
  /// whose values are normal.
  std::vector<int64_t> inputBounds;
  /// One stage of all devices: tp x (devices / tp) replicas, so that all ranks are busy at once.
  Program program;
};

/// A row that there is no program for, and why.
struct SkippedEntry {
  ProfileKey key;
  std::string reason;
};

struct ProfileSet {
  static constexpr uint32_t currentVersion = 2;
  std::string model;       ///< name of the model
  std::string tablePrefix; ///< what the names of its cost tables begin with, e.g. "gpt_1_3B"
  ElementType type = ElementType::F32; ///< of the model's values
  int64_t devices = 1;
  /// In order of samples, tp, rule, then the model's ops; one for each profile key.
  std::vector<ProfileEntry> entries;
  std::vector<SkippedEntry> skipped;

  int64_t itemBytes() const { return elementBytes(type); }
  /// The entry whose program measures entry `index`: itself, or the one that it is the same as.
  const ProfileEntry &measuredBy(size_t index) const {
    return entries[entries[index].sameAs.value_or(index)];
  }
};

/// What is wrong with a set (numbers out of range, references to no program, programs that are not
/// those of their entries or that verifyProgram refuses); empty if nothing is.
std::string verifyProfileSet(const ProfileSet &set);

/// The content of a set's file. The set must be legal.
std::string printProfileSet(const ProfileSet &set);

/// The set that `text` holds, not verified. Errors name `file`, the place in it (a JSON pointer)
/// and the remedy.
Result<ProfileSet> parseProfileSet(std::string_view text, const std::string &file);

/// Reads and verifies the file of a set.
Result<ProfileSet> readProfileSet(const std::string &file);

} // namespace aceso

#endif // ACESO_PROGRAM_PROFILESET_H
