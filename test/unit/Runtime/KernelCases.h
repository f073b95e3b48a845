//===- KernelCases.h - Every kernel with random operands --------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_RUNTIME_KERNELCASES_H
#define ACESO_TEST_UNIT_RUNTIME_KERNELCASES_H

#include "KernelHarness.h"

#include <random>

namespace aceso::test {

/// A case for each kernel (several for those with variants), floating-point operands of `type`.
std::vector<KernelCase> kernelCases(at::ScalarType type, uint64_t seed);

/// The case of that name.
KernelCase kernelCase(const std::string &name, at::ScalarType type, uint64_t seed);

/// A random mesh of up to three digits, and digits for random letters that may be split.
std::pair<Mesh, Assignment> randomSplit(const KernelCase &one, std::mt19937 &random);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_RUNTIME_KERNELCASES_H
