//===- KernelMemory.h - What kernels hold while they run --------*- C++ -*-===//
//
// The bytes that the runtime's kernels and conversions allocate at their worst moment, so that a
// compiler without a runtime can say what a program will hold. A test measures every kernel against
// this (test/unit/Runtime/KernelMemoryTest.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PROGRAM_KERNELMEMORY_H
#define ACESO_PROGRAM_KERNELMEMORY_H

#include "aceso/Program/Program.h"

#include <span>

namespace aceso {

/// What one rank has of a tensor.
struct LocalTensor {
  ElementType type = ElementType::F32;
  Box box;

  int64_t numElements() const { return box.numElements(); }
  int64_t bytes() const { return numElements() * elementBytes(type); }
};

/// Elements of a parameter that AdamW updates at once.
constexpr int64_t optimizerChunk = int64_t(1) << 18;

/// Samples times heads of attention, of `headElements` each, that a softmax or its gradient widens
/// at once.
constexpr int64_t softmaxPieceHeads(int64_t headElements) {
  constexpr int64_t mostElements = int64_t(1) << 22;
  return headElements < mostElements ? mostElements / headElements : 1;
}

/// The most bytes that a kernel instruction has at once beside its operands: its results, except
/// those that reuse an operand, and workspace. Tensors of a few elements are left out, and so is
/// what libraries allocate inside. `scalesGradient`: whether clipping may multiply gradients.
int64_t kernelPeakBytes(const Instruction &kernel, std::span<const LocalTensor> operands,
                        std::span<const LocalTensor> results, bool scalesGradient);

/// The same for a conversion step on device `device`; an AllReduce reduces in place and has nothing
/// beside its operand, a Mask that keeps its operand neither.
int64_t stepPeakBytes(const Mesh &mesh, const ConversionStep &step,
                      const std::vector<int64_t> &shape, ElementType type, int64_t device);

/// Whether a part of `part` sizes of a tensor of `outer` sizes is one run of memory.
bool isContiguousPart(const std::vector<int64_t> &outer, const std::vector<int64_t> &part);

} // namespace aceso

#endif // ACESO_PROGRAM_KERNELMEMORY_H
