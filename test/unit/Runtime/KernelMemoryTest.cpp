//===- KernelMemoryTest.cpp - What kernels hold while they run ------------===//

#include "KernelCases.h"

#include "aceso/Runtime/CountingAllocator.h"

#include <ATen/Parallel.h>

#include <gtest/gtest.h>

using namespace aceso;
using namespace aceso::test;

namespace {

class KernelMemoryTest : public testing::TestWithParam<at::ScalarType> {
protected:
  KernelMemoryTest() {
    installCountingAllocator();
    // Sums over rows take a buffer for each thread.
    at::set_num_threads(1);
  }
};

} // namespace

TEST_P(KernelMemoryTest, KernelsHoldWhatProgramSays) {
  std::mt19937 random(11);
  for (uint64_t seed = 0; seed < 6; ++seed)
    for (const KernelCase &one : kernelCases(GetParam(), seed)) {
      auto [mesh, assignment] = randomSplit(one, random);
      for (const auto &[measured, stated] : measureOnMesh(one, mesh, assignment)) {
        // Scalars do not count.
        constexpr int64_t scalars = 64;
        // Of contractions that no op uses only the most is said.
        bool isProduct = one.letters != "b s o, s b k -> o k" && one.letters != "s b o, s k -> o k";
        std::string what = one.name + " " + one.letters + ": " + std::to_string(measured) +
                           " bytes, not " + std::to_string(stated);
        EXPECT_LE(measured, stated + scalars) << what;
        EXPECT_TRUE(measured >= stated - scalars || !isProduct) << what;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Types, KernelMemoryTest,
                         testing::Values(at::kDouble, at::kFloat, at::kBFloat16, at::kHalf),
                         [](const auto &info) { return std::string(c10::toString(info.param)); });
