//===- Limits.h - What programs are bounded by ------------------*- C++ -*-===//

#ifndef ACESO_PROGRAM_LIMITS_H
#define ACESO_PROGRAM_LIMITS_H

#include <cstdint>

namespace aceso {

/// Of a step. More would take minutes to verify, and nobody runs them.
inline constexpr int64_t mostMicroBatches = 1 << 20;

} // namespace aceso

#endif // ACESO_PROGRAM_LIMITS_H
