//===- FaultInjection.h - Ranks that die on purpose -------------*- C++ -*-===//
//
// For tests of what happens when a rank dies: --inject-fault=RANK:POINT:HOW[:FILE].
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TOOLS_ACESO_RUN_FAULTINJECTION_H
#define ACESO_TOOLS_ACESO_RUN_FAULTINJECTION_H

#include "aceso/Program/Program.h"
#include "aceso/Support/Result.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace aceso {

enum class FaultPoint : uint8_t { Startup, Forward, Collective, Transfer };

struct Fault {
  uint32_t rank = 0;
  FaultPoint point = FaultPoint::Startup;
  /// The process is killed; else the rank throws.
  bool kills = true;
  /// Made at the moment of the death, so that others see when it was; empty: none.
  std::string mark;
};

/// "2:transfer:kill" or "2:transfer:kill:FILE": rank 2 is killed in its first send or receive of
/// the second step. Points are startup (before it meets the others), forward (a kernel),
/// collective, transfer; the other way to die is throw.
Result<Fault> parseFault(const std::string &text);

/// The same text again.
std::string toText(const Fault &fault);

/// Dies if `rank` is to die at startup.
void injectAtStartup(const std::optional<Fault> &fault, uint32_t rank);

/// What calls for each instruction of `rank` makes it die at the other points; empty if it is not
/// to.
std::function<void(int64_t, const Instruction &)> makeFaultHook(const std::optional<Fault> &fault,
                                                                uint32_t rank);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_FAULTINJECTION_H
