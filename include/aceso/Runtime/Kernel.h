//===- Kernel.h - What a rank computes --------------------------*- C++ -*-===//
//
// A kernel is the global op restricted to boxes: it gets the local parts of its operands and makes
// the local parts of its results, and knows where in the global tensors they are. It knows nothing
// of communication. Kernels are deterministic: devices that compute the same have the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_KERNEL_H
#define ACESO_RUNTIME_KERNEL_H

#include "aceso/Layout/Signature.h"
#include "aceso/Program/Program.h"

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>

namespace aceso {

at::ScalarType toScalarType(ElementType type);

/// What the kernels of one run of a segment know beside their operands.
struct StepContext {
  uint64_t seed = 0;
  /// Number of the step, from 0.
  int64_t step = 0;
  double learningRate = 0;
  /// Labels of the global batch that count (are not ignoredLabel).
  double countedLabels = 1;
  /// Samples of the global batch, and the first one of this micro-batch among them.
  int64_t globalBatch = 1, firstSample = 0;
};

/// An operand or result of a kernel on this rank.
struct TensorPlace {
  at::ScalarType type;
  std::vector<int64_t> shape; ///< global
  Box box;
  /// Digits over which it is replicated or pending do not show: they change nothing.
};

/// What is known of a kernel before it runs.
struct KernelSpec {
  std::string name, path;
  AttributeMap attributes;
  Signature signature; ///< with extents, global ones
  std::vector<TensorPlace> operands, results;
  at::Device device = at::kCPU;

  double number(const char *attribute) const;
  double number(const char *attribute, double otherwise) const;
  int64_t integer(const char *attribute) const;
  bool flag(const char *attribute) const;
};

/// Operands are contiguous and have the sizes of their boxes; so have the results, which are new
/// tensors. Only operands that the kernel consumes (Program/Kernels.h) may be changed and given
/// back as results.
struct KernelCall {
  std::span<at::Tensor> operands, results;
  const StepContext &context;
};

using Kernel = std::function<void(KernelCall &)>;

/// The kernel of an instruction for one rank, with everything resolved that does not change from
/// step to step. Throws std::invalid_argument if there is none of that name.
Kernel makeKernel(const KernelSpec &spec);

/// The spec of a kernel instruction for device `device` of its stage's mesh.
KernelSpec makeKernelSpec(const Segment &segment, const Instruction &instruction, const Mesh &mesh,
                          int64_t device, at::Device where);

} // namespace aceso

#endif // ACESO_RUNTIME_KERNEL_H
