//===- ProfileTables.h - Cost tables as files -------------------*- C++ -*-===//
//
// The other side of CostTables::load: the published format (docs/rationale/Cost.md) with the
// two columns and the finer sizes that it reads beyond that.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_PROFILETABLES_H
#define ACESO_RUNTIME_PROFILETABLES_H

#include "aceso/Cost/CostTables.h"
#include "aceso/Program/ProfileSet.h"
#include "aceso/Runtime/ProfileMeter.h"

namespace aceso {

/// "gpt_1_3B_mbs4_tp2_algo0.csv"
std::string opTableName(const std::string &prefix, int64_t samples, int64_t tp, uint32_t rule);
/// "prim_gpt_1_3B_all_gather_4gpus.csv"
std::string collectiveTableName(const std::string &prefix, CollectiveKind kind, int64_t groupSize);
inline constexpr char linkTableName[] = "p2p_intra_node.csv";

/// A row of an op table.
struct MeasuredRow {
  const ProfileEntry *entry;
  OpMeasurement measurement;
};

/// Times in microseconds, sizes in MiB, both with three decimals, rounded to the nearest; the
/// op's collectives are part of its times.
std::string printOpTable(const std::vector<MeasuredRow> &rows);

struct MeasuredTime {
  int64_t bytes, ns;
};

/// Sizes in MiB, times in ms, both exact.
std::string printCollectiveTable(const std::vector<MeasuredTime> &points);

/// Sizes in MiB, bandwidths in GiB/s with six digits.
std::string printLinkTable(const std::vector<MeasuredTime> &points);

} // namespace aceso

#endif // ACESO_RUNTIME_PROFILETABLES_H
