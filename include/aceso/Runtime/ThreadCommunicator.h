//===- ThreadCommunicator.h - Ranks as threads of one process ---*- C++ -*-===//

#ifndef ACESO_RUNTIME_THREADCOMMUNICATOR_H
#define ACESO_RUNTIME_THREADCOMMUNICATOR_H

#include "aceso/Runtime/Communicator.h"

#include <functional>

namespace aceso {

/// The communicators of `size` ranks of this process; each is used by one thread.
std::vector<std::unique_ptr<Communicator>>
createThreadCommunicators(uint32_t size, const CommunicatorOptions &options = {});

/// Why a run of several ranks ended early.
struct RankFailure {
  uint32_t rank;
  std::string reason;
};

/// Runs `body` once for each communicator, each on a thread of its own with one ATen thread and
/// without gradients. An exception of one ends all; the first one that is no PeerFailure is
/// returned.
std::optional<RankFailure> runAsThreads(std::vector<std::unique_ptr<Communicator>> communicators,
                                        const std::function<void(Communicator &)> &body);

} // namespace aceso

#endif // ACESO_RUNTIME_THREADCOMMUNICATOR_H
