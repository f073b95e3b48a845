//===- ExecMemory.h - Memory of a rank by liveness --------------*- C++ -*-===//

#ifndef ACESO_DIALECT_EXEC_EXECMEMORY_H
#define ACESO_DIALECT_EXEC_EXECMEMORY_H

#include "aceso/Dialect/Exec/Exec.h"

#include <array>

namespace aceso::exec {

/// Memory of every rank of one stage (they hold the same), in bytes, from walking its schedule: a value
/// lives from its definition to its release, a slot from the first store of a micro-batch to its release,
/// optimizer kernels reuse the storage of what they update. Workspace inside kernels and communication
/// buffers are not counted.
struct StageMemory {
  int64_t peakBytes = 0;
  /// The op at which the peak is reached.
  mlir::Operation *peakOp = nullptr;
  /// What is live there, by the role of the slot that holds it; values that no slot holds last.
  static constexpr unsigned numRoles = 8;
  std::array<int64_t, numRoles> bytesByRole{};

  int64_t inRole(SlotRole role) const { return bytesByRole[static_cast<unsigned>(role)]; }
  int64_t unheldBytes() const { return bytesByRole[numRoles - 1]; }
};

/// Requires a schedule and releases (exec-schedule, exec-release).
StageMemory computeMemory(StageOp stage);

} // namespace aceso::exec

#endif // ACESO_DIALECT_EXEC_EXECMEMORY_H
