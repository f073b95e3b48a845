//===- LoweredMemory.h - What a plan's program holds ------------*- C++ -*-===//

#ifndef ACESO_COST_LOWEREDMEMORY_H
#define ACESO_COST_LOWEREDMEMORY_H

#include "aceso/Cost/Units.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace aceso {

/// Memory of the program that a plan is lowered to, by liveness (Program/ProgramMemory.h); reports
/// show it beside a formula's.
struct LoweredMemory {
  /// Of each stage, the bytes of its rank that holds most. Empty if the plan cannot be lowered.
  std::vector<int64_t> stageBytes;
  /// Why it cannot, in one line.
  std::string problem;

  double stageMiB(size_t stage) const { return double(stageBytes[stage]) / bytesPerMiB; }
};

} // namespace aceso

#endif // ACESO_COST_LOWEREDMEMORY_H
