//===- CountingAllocator.cpp - Bytes of tensors in this process -----------===//

#include "aceso/Runtime/CountingAllocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace aceso {

namespace {

std::atomic<TensorAccount *> processAccount = nullptr;
thread_local TensorAccount *threadAccount = nullptr;

TensorAccount &wholeProcess() {
  static TensorAccount &account = *new TensorAccount;
  return account;
}

TensorAccount &chargedAccount() {
  if (threadAccount)
    return *threadAccount;
  TensorAccount *account = processAccount.load(std::memory_order_relaxed);
  return account ? *account : wholeProcess();
}

/// Alignment of data, and the room in front of it for what is kept of it.
constexpr size_t alignment = 64;

/// What stands in front of the data.
struct BlockHeader {
  int64_t bytes;
  TensorAccount *account;
};
static_assert(sizeof(BlockHeader) <= alignment);

} // namespace

void TensorAccount::add(int64_t bytes) {
  for (TensorAccount *account = this; account; account = account->parent) {
    int64_t now = account->currentBytes.fetch_add(bytes) + bytes;
    int64_t peak = account->peakBytes.load();
    while (now > peak && !account->peakBytes.compare_exchange_weak(peak, now)) {
    }
  }
}

TensorAccount &TensorAccount::open(TensorAccount *parent) {
  auto *account = new TensorAccount;
  account->parent = parent ? parent : &wholeProcess();
  return *account;
}

void chargeTensors(ChargeScope scope, TensorAccount *account) {
  if (scope == ChargeScope::Thread)
    threadAccount = account;
  else
    processAccount.store(account, std::memory_order_relaxed);
}

static TensorAccount *chargedBy(ChargeScope scope) {
  return scope == ChargeScope::Thread ? threadAccount
                                      : processAccount.load(std::memory_order_relaxed);
}

TensorCharge::TensorCharge(ChargeScope scope, TensorAccount *account)
    : scope(scope), before(chargedBy(scope)) {
  chargeTensors(scope, account);
}

class CountingAllocator final : public c10::Allocator {
public:
  static void release(void *data) {
    if (!data)
      return;
    void *block = static_cast<char *>(data) - alignment;
    BlockHeader header;
    std::memcpy(&header, block, sizeof(header));
    header.account->add(-header.bytes);
    std::free(block);
  }

  c10::DataPtr allocate(size_t size) override {
    void *data = nullptr;
    if (size > 0) {
      // A size that is no multiple of the alignment is not for aligned_alloc.
      size_t padded = (size + 2 * alignment - 1) / alignment * alignment;
      void *block = padded > size ? std::aligned_alloc(alignment, padded) : nullptr;
      if (!block)
        C10_THROW_ERROR(OutOfMemoryError, "no memory for a tensor of " + std::to_string(size) +
                                              " bytes; tensors hold " +
                                              std::to_string(currentTensorBytes()));
      BlockHeader header{static_cast<int64_t>(size), &chargedAccount()};
      std::memcpy(block, &header, sizeof(header));
      header.account->add(header.bytes);
      data = static_cast<char *>(block) + alignment;
    }
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void *destination, const void *source, size_t count) const override {
    default_copy_data(destination, source, count);
  }
};

void installCountingAllocator() {
  // Immortal: tensors may outlive every destructor.
  static auto *allocator = new CountingAllocator;
  constexpr uint8_t priority = 100;
  c10::SetCPUAllocator(allocator, priority);
}

int64_t currentTensorBytes() { return wholeProcess().current(); }
int64_t peakTensorBytes() { return wholeProcess().peak(); }
void resetPeakTensorBytes() { wholeProcess().resetPeak(); }

} // namespace aceso
