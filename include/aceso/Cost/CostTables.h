//===- CostTables.h - Measured costs of ops and links -----------*- C++ -*-===//
//
// The tables that a profiler wrote into one folder for one model: op times and sizes, collectives,
// links. Dense in memory, so that a look-up is an index calculation.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_COSTTABLES_H
#define ACESO_COST_COSTTABLES_H

#include "aceso/Cost/Units.h"
#include "aceso/Support/Result.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aceso {

/// One measured op: per-replica samples, tp and rule fixed, dp = 1. Sizes in units (Units.h).
struct OpRow {
  int64_t forwardNs = 0, backwardNs = 0;
  /// What would cross a boundary in front of and behind the op: its tensors and what is in flight
  /// beside it.
  int64_t inputUnits = 0, outputUnits = 0;
  int64_t weightUnits = 0;
  /// Outputs and what is kept for backward.
  int64_t activationUnits = 0;
  /// Allocated beyond that in forward, in backward.
  int64_t forwardReservedUnits = 0, backwardReservedUnits = 0;
  /// The op's own collectives, already inside forwardNs and backwardNs; known only where the file
  /// has these columns (published tables do not).
  int64_t forwardCollectiveNs = 0, backwardCollectiveNs = 0;
  bool hasCollectives = false;
  /// False: the table has no such entry.
  bool measured = false;
};

/// Rows by (op key, samples per replica, tp, rule).
class OpTable {
public:
  using KeyId = uint32_t;

  std::optional<KeyId> findKey(std::string_view opKey) const;
  const std::string &keyName(KeyId key) const { return keys[key]; }
  uint32_t numKeys() const { return keys.size(); }

  /// Samples per replica for which there are files, ascending; degrees of tensor parallelism.
  const std::vector<int64_t> &getSamples() const { return samples; }
  const std::vector<int64_t> &getTps() const { return tps; }
  unsigned getNumRules() const { return numRules; }

  /// The row, or null if there is none.
  const OpRow *find(KeyId key, int64_t samplesPerReplica, int64_t tp, unsigned rule) const;
  /// "DIR/gpt_mbs16_tp2_algo0.csv has no row for op 'x': ...": the error of a look-up that found
  /// none.
  std::string describeMissing(std::string_view opKey, int64_t samplesPerReplica, int64_t tp,
                              unsigned rule) const;
  /// Whether every row has the two collective columns.
  bool hasCollectives() const { return allHaveCollectives; }

private:
  friend class TableReader;
  static constexpr int noIndex = -1;

  std::string filePrefix; ///< "DIR/gpt_1_3B"
  std::vector<std::string> keys;
  std::map<std::string, KeyId, std::less<>> keyIds;
  std::vector<int64_t> samples, tps;
  /// Position in `samples` (`tps`) by value, noIndex where there is none.
  std::vector<int> samplesIndex, tpIndex;
  unsigned numRules = 0;
  bool allHaveCollectives = true;
  std::vector<OpRow> rows;
};

enum class CollectiveKind : uint8_t { AllReduce, AllGather, ReduceScatter, AllToAll };
inline constexpr unsigned numCollectiveKinds = 4;
/// "all_reduce", as in file names.
std::string_view collectiveName(CollectiveKind kind);

/// Times of one collective over one group size. The size is what each rank puts in.
struct CollectiveTable {
  /// What the published profiler writes for a size that it skipped as too large, or that failed:
  /// 1000 s and more. The published formula counts the mark as a time.
  static constexpr int64_t skippedNs = 1'000'000'000'000;

  struct Point {
    int64_t bytes, ns;
    bool isSkipped() const { return ns >= skippedNs; }
  };
  std::string file;
  std::vector<Point> points; ///< ascending, sizes distinct

  /// The time for exactly this size; also of a skipped one.
  std::optional<int64_t> findNs(int64_t bytes) const;
};

/// Bandwidth of one link by message size.
struct LinkTable {
  struct Point {
    int64_t bytes;
    /// 2^30 bytes a second.
    double gibPerSecond;
  };
  std::string file;
  std::vector<Point> points; ///< ascending, sizes distinct
};

/// All tables of one model.
class CostTables {
public:
  /// Reads `PREFIX_mbs<m>_tp<t>_algo<a>.csv`, `prim_PREFIX_<collective>_<g>gpus.csv` and
  /// `p2p_{intra,inter}_node.csv` from `folder`. Errors name file, line, field and remedy. A
  /// missing inter-node table is no error: the intra-node one stands in, and getNotes() says so.
  static Result<CostTables> load(const std::string &folder, const std::string &prefix);

  const OpTable &getOps() const { return ops; }
  /// Null if there is no such file.
  const CollectiveTable *findCollective(CollectiveKind kind, int64_t groupSize) const;
  /// The file that findCollective looks for.
  std::string collectiveFile(CollectiveKind kind, int64_t groupSize) const;
  /// Group sizes that have a table of this collective, ascending.
  std::vector<int64_t> collectiveGroups(CollectiveKind kind) const;
  const LinkTable &getIntraNode() const { return intraNode; }
  const LinkTable &getInterNode() const { return interNode; }

  const std::string &getFolder() const { return folder; }
  const std::string &getPrefix() const { return prefix; }
  /// What a reader of results should know of these tables; one line each.
  const std::vector<std::string> &getNotes() const { return notes; }

private:
  friend class TableReader;

  std::string folder, prefix;
  OpTable ops;
  std::array<std::map<int64_t, CollectiveTable>, numCollectiveKinds> collectives;
  LinkTable intraNode, interNode;
  std::vector<std::string> notes;
};

} // namespace aceso

#endif // ACESO_COST_COSTTABLES_H
