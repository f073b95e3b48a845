//===- Einsum.h - An op executed from its letters alone ---------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_LAYOUT_EINSUM_H
#define ACESO_TEST_UNIT_LAYOUT_EINSUM_H

#include "TensorInterpreter.h"

#include "aceso/Layout/Signature.h"

namespace aceso::test {

/// Result `index` of the op on tensors (or boxes) whose letters have the sizes `extents`: for each
/// of its elements the sum or maximum, over the letters that it lacks, of the product of the
/// multiplied operands, plus the additive operands, once.
Values evaluate(const Signature &signature, const std::map<char, int64_t> &extents,
                const std::vector<Values> &operands, unsigned index);

/// The sizes of the letters in the boxes of one device.
std::map<char, int64_t> localExtents(const Signature &signature, const Mesh &mesh,
                                     const Assignment &assignment);

/// The gradient of operand `index` as an op of its own: the gradient of the result times the other
/// multiplied operands (none for an additive operand), summed over what the operand lacks. For an
/// op of one result; rules and nosplit letters are the forward op's.
Signature gradientSignature(const Signature &forward, unsigned index);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_LAYOUT_EINSUM_H
