//===- DeviceModel.h - Rates of a device ------------------------*- C++ -*-===//
//
// For what no table holds: bytes over bandwidth.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_DEVICEMODEL_H
#define ACESO_COST_DEVICEMODEL_H

#include "aceso/Cost/CostTables.h"
#include "aceso/Cost/ParameterMemory.h"

namespace aceso {

struct DeviceModel {
  double memoryBytesPerNs = 0;
  bool isMeasured = false; ///< by the profiler that made the tables

  /// The rate that PREFIX_provenance.json beside the tables tells in its field
  /// "memory_gib_per_second". Without that file the rate of the fastest op of the tables: it read
  /// about as much as it left behind. (An elementwise op; on the published V100 tables this gives
  /// 0.8 to 1.0 TB/s.) Errors: a file that is not JSON or lacks the field; no op leaves anything.
  static Result<DeviceModel> fromTables(const CostTables &tables);

  double memoryNs(int64_t bytes) const { return double(bytes) / memoryBytesPerNs; }
};

/// Bytes that an AdamW step moves for each element: gradient read, moments and main copy read and
/// written, weight written.
constexpr int64_t optimizerTrafficBytes(const ParameterBytes &bytes) {
  int64_t main = bytes.mainCopy ? bytes.mainCopy : bytes.weight;
  return bytes.gradient + 2 * bytes.optimizer + 2 * main + (bytes.mainCopy ? bytes.weight : 0);
}

} // namespace aceso

#endif // ACESO_COST_DEVICEMODEL_H
