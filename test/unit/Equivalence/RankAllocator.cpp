//===- RankAllocator.cpp - Bytes of tensors by rank -------------*- C++ -*-===//

#include "RankAllocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <cstdlib>
#include <new>

namespace aceso::test {

namespace {

thread_local RankBytes *counter = nullptr;

/// In front of the data, which keeps its alignment.
struct alignas(64) Header {
  RankBytes *owner;
  int64_t bytes;
};

void release(void *data) {
  if (!data)
    return;
  Header *header = static_cast<Header *>(data) - 1;
  if (header->owner)
    header->owner->current -= header->bytes;
  std::free(header);
}

class RankAllocator final : public c10::Allocator {
public:
  c10::DataPtr allocate(size_t size) override {
    void *data = nullptr;
    if (size > 0) {
      size_t padded = (size + 2 * sizeof(Header) - 1) / sizeof(Header) * sizeof(Header);
      void *block = std::aligned_alloc(alignof(Header), padded);
      if (!block)
        throw std::bad_alloc();
      auto *header = new (block) Header{counter, static_cast<int64_t>(size)};
      if (counter) {
        int64_t now = counter->current += header->bytes;
        int64_t peak = counter->peak;
        while (now > peak && !counter->peak.compare_exchange_weak(peak, now)) {
        }
      }
      data = header + 1;
    }
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void *destination, const void *source, size_t count) const override {
    default_copy_data(destination, source, count);
  }
};

} // namespace

void installRankAllocator() {
  static auto *allocator = new RankAllocator;
  c10::SetCPUAllocator(allocator, /*priority=*/101);
}

CountsFor::CountsFor(RankBytes *bytes) : before(counter) { counter = bytes; }
CountsFor::~CountsFor() { counter = before; }

} // namespace aceso::test
