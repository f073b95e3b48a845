//===- CountingAllocator.cpp - Bytes of tensors in this process -----------===//

#include "aceso/Runtime/CountingAllocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace aceso {

namespace {

std::atomic<int64_t> currentBytes = 0, peakBytes = 0;

/// Alignment of data, and the room in front of it in which its size is kept.
constexpr size_t alignment = 64;

void countUp(int64_t bytes) {
  int64_t now = currentBytes.fetch_add(bytes) + bytes;
  int64_t peak = peakBytes.load();
  while (now > peak && !peakBytes.compare_exchange_weak(peak, now)) {
  }
}

void release(void *data) {
  if (!data)
    return;
  void *block = static_cast<char *>(data) - alignment;
  int64_t bytes = 0;
  std::memcpy(&bytes, block, sizeof(bytes));
  currentBytes.fetch_sub(bytes);
  std::free(block);
}

class CountingAllocator final : public c10::Allocator {
public:
  c10::DataPtr allocate(size_t size) override {
    void *data = nullptr;
    if (size > 0) {
      // A size that is no multiple of the alignment is not for aligned_alloc.
      size_t padded = (size + 2 * alignment - 1) / alignment * alignment;
      void *block = padded > size ? std::aligned_alloc(alignment, padded) : nullptr;
      if (!block)
        C10_THROW_ERROR(OutOfMemoryError, "no memory for a tensor of " + std::to_string(size) +
                                              " bytes; tensors hold " +
                                              std::to_string(currentBytes.load()));
      auto bytes = static_cast<int64_t>(size);
      std::memcpy(block, &bytes, sizeof(bytes));
      countUp(bytes);
      data = static_cast<char *>(block) + alignment;
    }
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void *destination, const void *source, size_t count) const override {
    default_copy_data(destination, source, count);
  }
};

} // namespace

void installCountingAllocator() {
  // Immortal: tensors may outlive every destructor.
  static auto *allocator = new CountingAllocator;
  constexpr uint8_t priority = 100;
  c10::SetCPUAllocator(allocator, priority);
}

int64_t currentTensorBytes() { return currentBytes.load(); }
int64_t peakTensorBytes() { return peakBytes.load(); }
void resetPeakTensorBytes() { peakBytes.store(currentBytes.load()); }

} // namespace aceso
