//===- RankEnvironment.h - Which rank this process is -----------*- C++ -*-===//
//
// A rank is started by our own launcher, or by torchrun, mpirun, an MPI with PMI, or SLURM; each
// says rank and world size in environment variables of its own.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_RANKENVIRONMENT_H
#define ACESO_RUNTIME_RANKENVIRONMENT_H

#include "aceso/Support/Result.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace aceso {

struct RankEnvironment {
  uint32_t rank = 0, worldSize = 1, localRank = 0;
  /// All ranks, as far as the environment says.
  bool isOnOneMachine = true;
  /// Where rank 0 can be reached.
  std::string masterAddress;
  uint16_t masterPort = 0;
  /// Who started the rank: "torchrun", "Open MPI", "PMI", "SLURM"; for messages.
  std::string startedBy;
};

/// Value of an environment variable; none if it is not set.
using GetVariable = std::function<std::optional<std::string>(const char *)>;
std::optional<std::string> getProcessVariable(const char *name);

/// The rank that the environment makes this process; no value inside if it makes it none, so that
/// the launcher has to start the ranks. Looked for in this order: RANK, WORLD_SIZE, LOCAL_RANK
/// (torchrun, our launcher); OMPI_COMM_WORLD_*; PMI_*; SLURM_*. The address comes from MASTER_ADDR
/// and MASTER_PORT; the last three do not set them, and without them all ranks must be on one
/// machine. Errors name the variable.
Result<std::optional<RankEnvironment>>
readRankEnvironment(const GetVariable &get = getProcessVariable);

} // namespace aceso

#endif // ACESO_RUNTIME_RANKENVIRONMENT_H
