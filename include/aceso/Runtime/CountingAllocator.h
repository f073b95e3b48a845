//===- CountingAllocator.h - Bytes of tensors in this process ---*- C++ -*-===//
//
// ATen keeps no statistics of CPU memory. This allocator takes its place and counts the bytes that
// tensors ask for; scratch memory inside of libraries does not show. With ranks as threads it
// cannot tell them apart.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_COUNTINGALLOCATOR_H
#define ACESO_RUNTIME_COUNTINGALLOCATOR_H

#include <cstdint>

namespace aceso {

/// Makes the counting allocator that of all CPU tensors. Before the first tensor; once is enough.
void installCountingAllocator();

/// Bytes of all tensors now.
int64_t currentTensorBytes();
/// The most there were at once since the last resetPeakTensorBytes.
int64_t peakTensorBytes();
void resetPeakTensorBytes();

} // namespace aceso

#endif // ACESO_RUNTIME_COUNTINGALLOCATOR_H
