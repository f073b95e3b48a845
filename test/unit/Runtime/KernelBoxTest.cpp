//===- KernelBoxTest.cpp - A kernel on boxes is the global op -------------===//

#include "KernelCases.h"

#include "aceso/Program/KernelLetters.h"
#include "aceso/Program/Kernels.h"

#include <ATen/Functions.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace aceso;
using namespace aceso::test;

namespace {

double toleranceOf(at::ScalarType type) {
  switch (type) {
  case at::kDouble:
    return 1e-13;
  case at::kFloat:
    return 1e-5;
  case at::kBFloat16:
    return 5e-2;
  default:
    return 1e-2;
  }
}

class KernelBoxTest : public testing::TestWithParam<at::ScalarType> {};

} // namespace

TEST_P(KernelBoxTest, BoxesMakeTheWhole) {
  std::mt19937 random(5);
  std::map<std::string, int> numSplit;
  uint64_t numSeeds = GetParam() == at::kDouble ? 16 : 9;
  for (uint64_t seed = 0; seed < numSeeds; ++seed)
    for (const KernelCase &one : kernelCases(GetParam(), seed)) {
      std::vector<at::Tensor> whole = runWhole(one);
      auto [mesh, assignment] = randomSplit(one, random);
      std::vector<at::Tensor> parts = runOnMesh(one, mesh, assignment);
      ASSERT_EQ(parts.size(), whole.size());
      for (size_t i = 0; i < whole.size(); ++i)
        EXPECT_LE(difference(parts[i], whole[i]), toleranceOf(GetParam()))
            << one.name << " " << one.letters << ", result " << i;
      numSplit[one.name] += std::any_of(assignment.begin(), assignment.end(),
                                        [](const auto &entry) { return !entry.second.empty(); });
    }
  const std::set<std::string> scalar = {"exec.clip_coefficient", "exec.loss_seed", "exec.zero"};
  for (const auto &[name, count] : numSplit)
    EXPECT_GT(count, scalar.contains(name) ? -1 : 2) << name;
}

INSTANTIATE_TEST_SUITE_P(Types, KernelBoxTest,
                         testing::Values(at::kDouble, at::kFloat, at::kBFloat16, at::kHalf),
                         [](const auto &info) { return std::string(c10::toString(info.param)); });

TEST(KernelTableTest, EveryKernelIsThereAndTested) {
  std::set<std::string> tested;
  for (const KernelCase &one : kernelCases(at::kFloat, 0))
    tested.insert(one.name);
  for (const KernelInfo &kernel : allKernels())
    EXPECT_TRUE(tested.contains(std::string(kernel.name))) << kernel.name;
  KernelSpec unknown;
  unknown.name = "nn.nothing";
  EXPECT_THROW(makeKernel(unknown), std::invalid_argument);
}

/// Equal operands give equal bits: what devices compute redundantly does not drift apart.
TEST(KernelTableTest, KernelsAreDeterministic) {
  for (const KernelCase &one : kernelCases(at::kFloat, 3)) {
    KernelCase first = one, second = one;
    for (size_t i = 0; i < one.operands.size(); ++i) {
      first.operands[i] = one.operands[i].clone();
      second.operands[i] = one.operands[i].clone();
    }
    std::vector<at::Tensor> a = runWhole(first), b = runWhole(second);
    for (size_t i = 0; i < a.size(); ++i)
      EXPECT_TRUE(at::equal(a[i], b[i])) << one.name;
  }
}
