//===- KernelHarness.h - Kernels on boxes of global tensors -----*- C++ -*-===//
//
// Runs a kernel on every device of a mesh, each with its boxes of the global operands, and puts the
// global results together from what the devices leave.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_RUNTIME_KERNELHARNESS_H
#define ACESO_TEST_UNIT_RUNTIME_KERNELHARNESS_H

#include "aceso/Runtime/Kernel.h"

namespace aceso::test {

/// The part of a global tensor in a box, contiguous.
at::Tensor cut(const at::Tensor &tensor, const Box &box);

struct KernelCase {
  std::string name, letters, nosplit;
  AttributeMap attributes = {};
  /// Sizes of all letters.
  std::map<char, int64_t> extents;
  /// Global values.
  std::vector<at::Tensor> operands;
  /// Of the results; if empty, the type of the first floating-point operand.
  std::vector<ElementType> resultTypes = {};
  StepContext context = {};
};

/// The global results, computed by the devices of `mesh` with the letters split as `assignment`
/// says.
std::vector<at::Tensor> runOnMesh(const KernelCase &one, const Mesh &mesh,
                                  const Assignment &assignment);

/// The same on one device.
std::vector<at::Tensor> runWhole(const KernelCase &one);

/// What a kernel held on one device beside its operands at its peak, and what Program says.
struct KernelMemory {
  int64_t measured, stated;
};

/// The same run; the memory of each device. Needs the counting allocator.
std::vector<KernelMemory> measureOnMesh(const KernelCase &one, const Mesh &mesh,
                                        const Assignment &assignment);

/// max |a - b| / max(max |b|, 1).
double difference(const at::Tensor &a, const at::Tensor &b);

ElementType toElementType(at::ScalarType type);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_RUNTIME_KERNELHARNESS_H
