//===- CountingAllocator.h - Bytes of tensors in this process ---*- C++ -*-===//
//
// ATen keeps no statistics of CPU memory. This allocator takes its place and counts the bytes that
// tensors ask for; scratch memory inside of libraries does not show. Accounts tell apart who asked:
// one rank of several threads, or one op.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_COUNTINGALLOCATOR_H
#define ACESO_RUNTIME_COUNTINGALLOCATOR_H

#include <atomic>
#include <cstdint>

namespace aceso {

/// Makes the counting allocator that of all CPU tensors. Before the first tensor; once is enough.
void installCountingAllocator();

/// Bytes of all tensors now.
int64_t currentTensorBytes();
/// The most there were at once since the last resetPeakTensorBytes.
int64_t peakTensorBytes();
void resetPeakTensorBytes();

/// Bytes of the tensors that are charged to it or to an account below it. It lives as long as the
/// process, since tensors may outlive whoever measures them.
class TensorAccount {
public:
  /// A new account below `parent`; below that of the whole process if that is null.
  static TensorAccount &open(TensorAccount *parent = nullptr);

  int64_t current() const { return currentBytes.load(); }
  /// The most there were at once since the last resetPeak.
  int64_t peak() const { return peakBytes.load(); }
  void resetPeak() { peakBytes.store(currentBytes.load()); }

private:
  friend class CountingAllocator;
  /// For it and all above it.
  void add(int64_t bytes);

  TensorAccount *parent = nullptr;
  std::atomic<int64_t> currentBytes = 0, peakBytes = 0;
};

/// Who is charged for new tensors. A tensor is paid back to the account that it was charged to.
enum class ChargeScope : uint8_t {
  Process, ///< those of all threads that are not charged themselves
  Thread,  ///< those of this thread
};
/// From now on `account` is charged; null: whoever stands above, at last the whole process.
void chargeTensors(ChargeScope scope, TensorAccount *account);

/// Charges `account` while it lives, and then again the one that was charged before.
class TensorCharge {
public:
  TensorCharge(ChargeScope scope, TensorAccount *account);
  ~TensorCharge() { chargeTensors(scope, before); }
  TensorCharge(const TensorCharge &) = delete;
  TensorCharge &operator=(const TensorCharge &) = delete;

private:
  ChargeScope scope;
  TensorAccount *before;
};

} // namespace aceso

#endif // ACESO_RUNTIME_COUNTINGALLOCATOR_H
