//===- FaultInjection.cpp - Ranks that die on purpose ---------------------===//

#include "FaultInjection.h"

#include <array>
#include <charconv>
#include <csignal>
#include <stdexcept>

namespace aceso {

static constexpr std::array pointNames = {"startup", "forward", "collective", "transfer"};

Result<Fault> parseFault(const std::string &text) {
  Fault fault;
  size_t first = text.find(':'), second = text.find(':', first + 1);
  if (first != std::string::npos && second != std::string::npos) {
    auto [end, status] = std::from_chars(text.data(), text.data() + first, fault.rank);
    std::string point = text.substr(first + 1, second - first - 1), how = text.substr(second + 1);
    fault.kills = how == "kill";
    bool isLegal =
        status == std::errc() && end == text.data() + first && (how == "kill" || how == "throw");
    for (size_t i = 0; i < pointNames.size(); ++i)
      if (isLegal && point == pointNames[i]) {
        fault.point = static_cast<FaultPoint>(i);
        return fault;
      }
  }
  return ErrorMessage{"--inject-fault: '" + text +
                      "' is not RANK:POINT:HOW with a point of startup, forward, collective, "
                      "transfer and kill or throw"};
}

std::string toText(const Fault &fault) {
  return std::to_string(fault.rank) + ":" + pointNames[static_cast<size_t>(fault.point)] + ":" +
         (fault.kills ? "kill" : "throw");
}

[[noreturn]] static void die(const Fault &fault) {
  if (fault.kills)
    std::raise(SIGKILL);
  throw std::runtime_error("injected fault");
}

void injectAtStartup(const std::optional<Fault> &fault, uint32_t rank) {
  if (fault && fault->rank == rank && fault->point == FaultPoint::Startup)
    die(*fault);
}

static bool isAt(FaultPoint point, const Instruction &instruction) {
  switch (point) {
  case FaultPoint::Startup:
    return false;
  case FaultPoint::Forward:
    return instruction.kind == InstructionKind::Kernel;
  case FaultPoint::Collective:
    return instruction.kind == InstructionKind::Convert && !isLocal(instruction.step.kind);
  case FaultPoint::Transfer:
    return instruction.kind == InstructionKind::Send ||
           instruction.kind == InstructionKind::Receive;
  }
  return false;
}

std::function<void(int64_t, const Instruction &)> makeFaultHook(const std::optional<Fault> &fault,
                                                                uint32_t rank) {
  if (!fault || fault->rank != rank || fault->point == FaultPoint::Startup)
    return nullptr;
  return [fault = *fault](int64_t step, const Instruction &instruction) {
    // In the second step: connections have been made and used.
    if (step == 1 && isAt(fault.point, instruction))
      die(fault);
  };
}

} // namespace aceso
