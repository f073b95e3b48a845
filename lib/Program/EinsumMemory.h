//===- EinsumMemory.h - What a contraction holds ----------------*- C++ -*-===//

#ifndef ACESO_LIB_PROGRAM_EINSUMMEMORY_H
#define ACESO_LIB_PROGRAM_EINSUMMEMORY_H

#include "aceso/Program/KernelMemory.h"

namespace aceso {

/// kernelPeakBytes of nn.einsum. A contraction of two operands is one product of batches of
/// matrices: an operand that cannot be seen as such is copied, and so is a result whose dimensions
/// come out in another order.
int64_t einsumPeakBytes(const Instruction &kernel, std::span<const LocalTensor> operands,
                        const LocalTensor &result);

} // namespace aceso

#endif // ACESO_LIB_PROGRAM_EINSUMMEMORY_H
