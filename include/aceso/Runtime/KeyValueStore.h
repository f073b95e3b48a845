//===- KeyValueStore.h - Where ranks find each other ------------*- C++ -*-===//
//
// A small shared memory of texts: addresses while connections are made, and the first failure.
// Nothing that costs time goes through it.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_KEYVALUESTORE_H
#define ACESO_RUNTIME_KEYVALUESTORE_H

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace aceso {

class KeyValueStore {
public:
  virtual ~KeyValueStore() = default;
  virtual void set(const std::string &key, const std::string &value) = 0;
  /// Waits until somebody has set `key`; throws after the timeout.
  virtual std::string get(const std::string &key, std::chrono::milliseconds timeout) = 0;
  virtual std::optional<std::string> tryGet(const std::string &key) = 0;
  /// Sets `key` unless it is set already.
  virtual void setIfAbsent(const std::string &key, const std::string &value) = 0;
};

using Milliseconds = std::chrono::milliseconds;

/// In this process only.
std::shared_ptr<KeyValueStore> openMemoryStore();
/// In a file that does not exist before the first of `size` processes opens it.
std::shared_ptr<KeyValueStore> openFileStore(const std::string &path, uint32_t size);
/// Behind a port; rank 0 serves it unless `isServed` by somebody else (torchrun's agent). Returns
/// when all `size` ranks are there.
std::shared_ptr<KeyValueStore> openTcpStore(const std::string &host, uint16_t port, uint32_t rank,
                                            uint32_t size, bool isServed, Milliseconds timeout);
/// The same store for another purpose: keys do not clash.
std::shared_ptr<KeyValueStore> withPrefix(const std::string &prefix,
                                          const std::shared_ptr<KeyValueStore> &store);

} // namespace aceso

#endif // ACESO_RUNTIME_KEYVALUESTORE_H
