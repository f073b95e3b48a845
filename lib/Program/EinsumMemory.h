//===- EinsumMemory.h - What a contraction holds ----------------*- C++ -*-===//

#ifndef ACESO_LIB_PROGRAM_EINSUMMEMORY_H
#define ACESO_LIB_PROGRAM_EINSUMMEMORY_H

#include "aceso/Program/KernelMemory.h"

namespace aceso {

/// kernelPeakBytes of nn.einsum. A contraction that is one product of stacks of matrices (see
/// lib/Runtime/Kernels/MatrixProduct.h) copies nothing, but a result in another order is made aside
/// first; others are counted with a copy of both operands.
int64_t einsumPeakBytes(const Instruction &kernel, std::span<const LocalTensor> operands,
                        const LocalTensor &result);

} // namespace aceso

#endif // ACESO_LIB_PROGRAM_EINSUMMEMORY_H
