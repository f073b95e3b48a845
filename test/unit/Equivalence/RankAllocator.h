//===- RankAllocator.h - Bytes of tensors by rank ---------------*- C++ -*-===//
//
// The counting allocator cannot tell ranks apart that are threads of one process. This one
// remembers for each tensor the counter of the thread that made it.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_EQUIVALENCE_RANKALLOCATOR_H
#define ACESO_TEST_UNIT_EQUIVALENCE_RANKALLOCATOR_H

#include <atomic>
#include <cstdint>

namespace aceso::test {

/// What one rank's tensors take; outlives them.
struct RankBytes {
  std::atomic<int64_t> current = 0, peak = 0;
  void resetPeak() { peak = current.load(); }
};

/// Makes the allocator that of all CPU tensors.
void installRankAllocator();

/// While it lives, tensors that this thread makes count for `bytes` (null: for nobody).
class CountsFor {
public:
  explicit CountsFor(RankBytes *bytes);
  ~CountsFor();
  CountsFor(const CountsFor &) = delete;
  CountsFor &operator=(const CountsFor &) = delete;

private:
  RankBytes *before;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_EQUIVALENCE_RANKALLOCATOR_H
