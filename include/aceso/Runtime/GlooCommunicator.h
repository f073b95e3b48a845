//===- GlooCommunicator.h - Ranks as processes, over Gloo -------*- C++ -*-===//

#ifndef ACESO_RUNTIME_GLOOCOMMUNICATOR_H
#define ACESO_RUNTIME_GLOOCOMMUNICATOR_H

#include "aceso/Runtime/Communicator.h"
#include "aceso/Runtime/KeyValueStore.h"

namespace aceso {

struct GlooOptions : CommunicatorOptions {
  /// Name of the network interface that the ranks share, or the address of this machine in their
  /// network. The default is this machine only.
  std::string network = "lo";
};

/// Connects this rank with all others, which it finds through `store` (from KeyValueStore.h).
/// Collective over all ranks.
/// If SIGPIPE has its default effect in this process, it is ignored from now on: a rank must learn
/// of a closed connection as a PeerFailure.
std::unique_ptr<Communicator> createGlooCommunicator(const std::shared_ptr<KeyValueStore> &store,
                                                     uint32_t rank, uint32_t size,
                                                     const GlooOptions &options = {});

} // namespace aceso

#endif // ACESO_RUNTIME_GLOOCOMMUNICATOR_H
