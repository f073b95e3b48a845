//===- KernelTables.h - The kernels by topic --------------------*- C++ -*-===//

#ifndef ACESO_LIB_RUNTIME_KERNELS_KERNELTABLES_H
#define ACESO_LIB_RUNTIME_KERNELS_KERNELTABLES_H

#include "aceso/Runtime/Kernel.h"

namespace aceso {

struct KernelEntry {
  const char *name;
  Kernel (*make)(const KernelSpec &);
};

std::span<const KernelEntry> attentionKernels();
std::span<const KernelEntry> contractionKernels();
std::span<const KernelEntry> crossEntropyKernels();
std::span<const KernelEntry> dropoutKernels();
std::span<const KernelEntry> embeddingKernels();
std::span<const KernelEntry> normalizationKernels();
std::span<const KernelEntry> optimizerKernels();
std::span<const KernelEntry> pointwiseKernels();

/// The type in which statistics, exponentials and sums are computed: f32 at least.
inline at::ScalarType accumulationType(at::ScalarType type) {
  return type == at::kDouble ? at::kDouble : at::kFloat;
}

/// Options of a new tensor for a result.
inline at::TensorOptions optionsOf(const KernelSpec &spec, const TensorPlace &place) {
  return at::TensorOptions().dtype(place.type).device(spec.device);
}

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_KERNELS_KERNELTABLES_H
