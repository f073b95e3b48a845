//===- NcclPlugin.cpp - Finds and loads the NCCL plug-in ------------------===//

#include "aceso/Runtime/NcclPlugin.h"

#include "BrokenPipe.h"

#include <dlfcn.h>

#include <filesystem>

namespace aceso {

/// Beside the programs or tests of a build, else wherever the loader looks.
static std::string findPlugin() {
  constexpr char name[] = "libaceso_nccl.so";
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const char *folder : {"../lib", "../../lib"}) {
    std::filesystem::path path = program.parent_path() / folder / name;
    if (!error && std::filesystem::exists(path))
      return path.lexically_normal();
  }
  return name;
}

static NcclPluginEntry *loadEntry() {
  // Never unloaded: CUDA's own threads live on in it.
  void *plugin = dlopen(findPlugin().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!plugin)
    throw std::runtime_error(std::string("the NCCL backend cannot be loaded: ") + dlerror() +
                             "; run scripts/setup.sh --cuda, or use --backend=gloo");
  auto *entry = reinterpret_cast<NcclPluginEntry *>(dlsym(plugin, ncclPluginEntryName));
  if (!entry)
    throw std::runtime_error(std::string("the NCCL plug-in is of another version: ") + dlerror() +
                             "; build it again");
  return entry;
}

std::unique_ptr<Communicator> createNcclCommunicator(const std::shared_ptr<KeyValueStore> &store,
                                                     uint32_t rank, uint32_t size,
                                                     const NcclOptions &options) {
  makeBrokenPipesErrors();
  static NcclPluginEntry *entry = loadEntry();
  return std::unique_ptr<Communicator>(entry(store, rank, size, options));
}

} // namespace aceso
