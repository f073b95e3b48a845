//===- NcclPlugin.h - Ranks on GPUs, over NCCL ------------------*- C++ -*-===//
//
// CUDA and NCCL live in a plug-in that is loaded by name, so that everything else starts and links
// on machines without them.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_NCCLPLUGIN_H
#define ACESO_RUNTIME_NCCLPLUGIN_H

#include "aceso/Runtime/Communicator.h"
#include "aceso/Runtime/KeyValueStore.h"

namespace aceso {

struct NcclOptions : CommunicatorOptions {
  /// The GPU of this rank: its number on this machine.
  uint32_t device = 0;
};

/// Loads the plug-in and connects this rank, with one GPU, with all others. Collective over all
/// ranks. Throws std::runtime_error that says what is missing (plug-in, library, driver, device)
/// and what to do. Call it before anything else asks ATen about CUDA: the answer "none" is kept.
std::unique_ptr<Communicator> createNcclCommunicator(const std::shared_ptr<KeyValueStore> &store,
                                                     uint32_t rank, uint32_t size,
                                                     const NcclOptions &options = {});

/// What the plug-in exports under the name below; throws as above.
using NcclPluginEntry = Communicator *(const std::shared_ptr<KeyValueStore> &store, uint32_t rank,
                                       uint32_t size, const NcclOptions &options);
inline constexpr char ncclPluginEntryName[] = "acesoCreateNcclCommunicator";

} // namespace aceso

#endif // ACESO_RUNTIME_NCCLPLUGIN_H
