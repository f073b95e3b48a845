//===- RankEnvironment.cpp - Which rank this process is -------------------===//

#include "aceso/Runtime/RankEnvironment.h"

#include <charconv>
#include <cstdlib>

namespace aceso {

std::optional<std::string> getProcessVariable(const char *name) {
  if (const char *value = std::getenv(name))
    return std::string(value);
  return std::nullopt;
}

namespace {

/// The variables of one launcher.
struct Launcher {
  const char *name, *rank, *worldSize, *localRank, *localSize, *numMachines;
};

constexpr Launcher launchers[] = {
    {"torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", nullptr},
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE", nullptr},
    {"PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS", nullptr},
    {"SLURM", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE",
     "SLURM_NNODES"},
};

class Reader {
public:
  Reader(const GetVariable &get, const char *startedBy) : get(get), startedBy(startedBy) {}

  /// A whole number below `limit`; `otherwise` where the variable is not set, an error if that is
  /// none.
  uint32_t number(const char *name, uint32_t limit,
                  std::optional<uint32_t> otherwise = std::nullopt) {
    std::optional<std::string> text = get(name);
    if (!text) {
      if (!otherwise)
        fail(std::string("environment variable ") + name + " is not set, but " + startedBy +
             " sets it with the others");
      return otherwise.value_or(0);
    }
    uint32_t value = 0;
    auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (status != std::errc() || end != text->data() + text->size() || value >= limit)
      fail(std::string("environment variable ") + name + " is '" + *text +
           "', not a whole number below " + std::to_string(limit));
    return value;
  }

  void fail(std::string message) {
    if (error.empty())
      error = std::move(message);
  }

  std::string error;

private:
  const GetVariable &get;
  const char *startedBy;
};

} // namespace

Result<std::optional<RankEnvironment>> readRankEnvironment(const GetVariable &get) {
  constexpr uint32_t maxRanks = 1 << 20;
  for (const Launcher &launcher : launchers) {
    // A shell inside a SLURM allocation has some of its variables, but is no rank: both must be
    // there.
    if (!get(launcher.rank) || !get(launcher.worldSize))
      continue;
    Reader reader(get, launcher.name);
    RankEnvironment result;
    result.startedBy = launcher.name;
    result.worldSize = reader.number(launcher.worldSize, maxRanks);
    result.rank = reader.number(launcher.rank, result.worldSize);
    result.localRank = reader.number(launcher.localRank, result.worldSize, result.rank);
    uint32_t localSize = reader.number(launcher.localSize, maxRanks, result.worldSize);
    uint32_t numMachines =
        launcher.numMachines ? reader.number(launcher.numMachines, maxRanks, 1) : 1;
    result.isOnOneMachine = localSize == result.worldSize && numMachines == 1;
    constexpr uint16_t defaultPort = 29500; // torchrun's
    result.masterPort = reader.number("MASTER_PORT", 1 << 16, defaultPort);
    if (std::optional<std::string> address = get("MASTER_ADDR"))
      result.masterAddress = *address;
    else if (result.isOnOneMachine)
      result.masterAddress = "127.0.0.1";
    else
      reader.fail(std::string("environment variable MASTER_ADDR is not set, and ") + launcher.name +
                  " started ranks on several machines; set it to the address of rank 0's machine");
    if (!reader.error.empty())
      return ErrorMessage{reader.error};
    return std::optional(result);
  }
  return std::optional<RankEnvironment>();
}

} // namespace aceso
