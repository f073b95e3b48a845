//===- Units.h - Exact integers for times and sizes -------------*- C++ -*-===//
//
// Sums of integers do not depend on their order, so a walk over ops, prefix sums and the analysis
// agree bit for bit. Doubles appear only where a formula divides.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_UNITS_H
#define ACESO_COST_UNITS_H

#include <cstdint>

namespace aceso {

/// Sizes of cost tables are counted in 1/2000 MiB: tables have three decimals of MiB, and half of
/// such a value (the shared-space rule counts an op one and a half times) is still whole.
inline constexpr int64_t unitsPerMiB = 2000;
inline constexpr int64_t bytesPerMiB = int64_t(1) << 20;

inline constexpr double unitsToMiB(int64_t units) { return double(units) / unitsPerMiB; }
inline constexpr double unitsToBytes(int64_t units) {
  return double(units) * bytesPerMiB / unitsPerMiB;
}
/// The fewest units that hold `bytes`.
inline constexpr int64_t bytesToUnits(int64_t bytes) {
  return (bytes * unitsPerMiB + bytesPerMiB - 1) / bytesPerMiB;
}
inline constexpr double nsToUs(int64_t ns) { return double(ns) / 1000; }
inline constexpr double nsToMs(int64_t ns) { return double(ns) / 1000000; }

} // namespace aceso

#endif // ACESO_COST_UNITS_H
