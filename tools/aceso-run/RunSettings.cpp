//===- RunSettings.cpp - What every command with ranks is told ------------===//

#include "RunSettings.h"

#include <sstream>

namespace aceso {

const char *toString(BackendKind kind) {
  switch (kind) {
  case BackendKind::Threads:
    return "threads";
  case BackendKind::Gloo:
    return "gloo";
  case BackendKind::Nccl:
    return "nccl";
  }
  return "";
}

ChargeScope chargeScopeOf(BackendKind kind) {
  return kind == BackendKind::Threads ? ChargeScope::Thread : ChargeScope::Process;
}

std::vector<std::string> toArguments(const RunSettings &settings) {
  std::ostringstream timeout;
  timeout << settings.timeoutSeconds;
  std::vector<std::string> arguments = {"--backend=" + std::string(toString(settings.backend)),
                                        "--timeout=" + timeout.str()};
  if (settings.fault)
    arguments.push_back("--inject-fault=" + toText(*settings.fault));
  return arguments;
}

} // namespace aceso
