//===- KernelMemoryTest.cpp - What kernels hold while they run ------------===//

#include "KernelCases.h"

#include "aceso/Program/KernelMemory.h"
#include "aceso/Runtime/CountingAllocator.h"

#include <ATen/Context.h>
#include <ATen/Functions.h>
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
    // Where the processor has instructions for bf16, oneDNN takes scratch that nobody states.
    at::globalContext().setUserEnabledMkldnn(false);
  }
  ~KernelMemoryTest() override { at::globalContext().setUserEnabledMkldnn(true); }
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

/// A softmax that is too large to be widened as a whole, and its gradient: the same numbers.
TEST(KernelPieceTest, LargeAttentionIsWidenedInPieces) {
  installCountingAllocator();
  at::set_num_threads(1);
  constexpr int64_t s = 1024, n = 3, b = 2;
  ASSERT_LT(softmaxPieceHeads(s * s), n * b);
  for (const char *name : {"nn.softmax", "nn.softmax_grad"}) {
    KernelCase one = kernelCase(name, at::kBFloat16, 0);
    one.extents = {{'b', b}, {'n', n}, {'s', s}, {'t', s}};
    for (at::Tensor &operand : one.operands)
      operand = at::rand({b, n, s, s}).to(at::kBFloat16);
    KernelCase wide = one;
    for (at::Tensor &operand : wide.operands)
      operand = operand.to(at::kFloat);
    EXPECT_TRUE(at::equal(runWhole(one)[0], runWhole(wide)[0].to(at::kBFloat16).to(at::kDouble)));
    KernelMemory memory = measureOnMesh(one, Mesh(), {})[0];
    EXPECT_NEAR(memory.measured, memory.stated, 64);
    int64_t wideBytes = 4 * b * n * s * s, resultBytes = wideBytes / 2;
    EXPECT_LT(memory.measured, resultBytes + 3 * wideBytes * 5 / 6) << "not as a whole";
  }
}

INSTANTIATE_TEST_SUITE_P(Types, KernelMemoryTest,
                         testing::Values(at::kDouble, at::kFloat, at::kBFloat16, at::kHalf),
                         [](const auto &info) { return std::string(c10::toString(info.param)); });
