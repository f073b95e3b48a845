//===- FaultInjection.cpp - Ranks that die on purpose ---------------------===//

#include "FaultInjection.h"

#include <array>
#include <charconv>
#include <csignal>
#include <fstream>
#include <stdexcept>

namespace aceso {

static constexpr std::array pointNames = {"startup", "forward", "collective", "transfer"};

Result<Fault> parseFault(const std::string &text) {
  std::vector<std::string> parts(1);
  for (char c : text)
    if (c == ':' && parts.size() < 4)
      parts.emplace_back();
    else
      parts.back() += c;
  Fault fault;
  if (parts.size() >= 3 && (parts[2] == "kill" || parts[2] == "throw")) {
    const char *begin = parts[0].data(), *end = begin + parts[0].size();
    auto [stop, status] = std::from_chars(begin, end, fault.rank);
    fault.kills = parts[2] == "kill";
    if (parts.size() == 4)
      fault.mark = parts[3];
    for (size_t i = 0; i < pointNames.size(); ++i)
      if (status == std::errc() && stop == end && parts[1] == pointNames[i]) {
        fault.point = static_cast<FaultPoint>(i);
        return fault;
      }
  }
  return ErrorMessage{"--inject-fault: '" + text +
                      "' is not RANK:POINT:HOW[:FILE] with a point of startup, forward, "
                      "collective, transfer and kill or throw"};
}

std::string toText(const Fault &fault) {
  return std::to_string(fault.rank) + ":" + pointNames[static_cast<size_t>(fault.point)] + ":" +
         (fault.kills ? "kill" : "throw") + (fault.mark.empty() ? "" : ":" + fault.mark);
}

[[noreturn]] static void die(const Fault &fault) {
  if (!fault.mark.empty())
    std::ofstream{fault.mark};
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
