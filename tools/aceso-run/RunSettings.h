//===- RunSettings.h - What every command with ranks is told ----*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_RUNSETTINGS_H
#define ACESO_TOOLS_ACESO_RUN_RUNSETTINGS_H

#include "FaultInjection.h"

#include "aceso/Runtime/CountingAllocator.h"

#include <chrono>

namespace aceso {

enum class BackendKind : uint8_t { Threads, Gloo, Nccl };
/// "threads", "gloo", "nccl".
const char *toString(BackendKind kind);
/// Which tensors are those of one rank.
ChargeScope chargeScopeOf(BackendKind kind);

struct RunSettings {
  BackendKind backend = BackendKind::Gloo;
  /// How long a rank waits for another before it gives up.
  double timeoutSeconds = 600;
  std::optional<Fault> fault;

  std::chrono::milliseconds getTimeout() const {
    return std::chrono::milliseconds(static_cast<int64_t>(timeoutSeconds * 1000));
  }
};

/// The options that say the same to a rank.
std::vector<std::string> toArguments(const RunSettings &settings);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_RUNSETTINGS_H
