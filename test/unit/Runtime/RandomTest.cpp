//===- RandomTest.cpp - Random numbers that depend on no plan -------------===//

#include "KernelCases.h"

#include "aceso/Runtime/Random.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/PhiloxRNGEngine.h>

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

using namespace aceso;
using namespace aceso::test;

namespace {

std::vector<uint32_t> bits(const RandomStream &stream, uint64_t first, size_t count) {
  std::vector<uint32_t> out(count);
  randomBits(stream, first, out);
  return out;
}

} // namespace

TEST(RandomTest, IsPhilox) {
  for (uint64_t key : {uint64_t(0), uint64_t(42), ~uint64_t(0), uint64_t(0x123456789abcdef0)})
    for (uint64_t subsequence : {uint64_t(0), uint64_t(7), uint64_t(1) << 40})
      for (uint64_t first :
           {uint64_t(0), uint64_t(4), uint64_t(3), uint64_t(1) << 34, (uint64_t(1) << 34) - 10}) {
        std::vector<uint32_t> actual = bits({key, subsequence}, first, 300);
        at::Philox4_32 engine(key, subsequence, first / 4);
        for (uint64_t i = 0; i < first % 4; ++i)
          engine();
        for (uint32_t number : actual)
          ASSERT_EQ(number, engine());
      }
}

TEST(RandomTest, AnyPartIsThePartOfTheWhole) {
  std::mt19937 random(1);
  RandomStream stream = dropoutStream(5, "layers.0.attention", 9);
  std::vector<uint32_t> whole = bits(stream, 0, 2000);
  for (int i = 0; i < 300; ++i) {
    size_t first = random() % 1900, count = random() % (2000 - first);
    std::vector<uint32_t> part = bits(stream, first, count);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + first));
  }
  std::vector<double> normal(500), part(100);
  randomNormal(stream, 0, normal);
  for (size_t first : {0, 1, 31, 32, 33, 399}) {
    randomNormal(stream, first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), normal.begin() + first));
  }
}

TEST(RandomTest, StreamsDiffer) {
  std::set<uint64_t> keys;
  for (uint64_t seed = 0; seed < 20; ++seed)
    for (const char *path : {"a", "b", "layers.0", "layers.1", "layers.10", ""}) {
      keys.insert(dropoutStream(seed, path, 0).key);
      keys.insert(initializerStream(seed, path).key);
    }
  EXPECT_EQ(keys.size(), 240u);
  EXPECT_NE(bits(dropoutStream(1, "a", 0), 0, 4), bits(dropoutStream(1, "a", 1), 0, 4));
}

TEST(RandomTest, NormalNumbersAreNormal) {
  std::vector<double> numbers(400000);
  randomNormal(initializerStream(3, "w"), 0, numbers);
  double sum = 0, squares = 0, cubes = 0, fourths = 0, neighbours = 0;
  int beyondTwo = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    double x = numbers[i];
    sum += x;
    squares += x * x;
    cubes += x * x * x;
    fourths += x * x * x * x;
    neighbours += i ? x * numbers[i - 1] : 0;
    beyondTwo += std::abs(x) > 2;
  }
  auto count = static_cast<double>(numbers.size());
  EXPECT_NEAR(sum / count, 0, 0.01);
  EXPECT_NEAR(squares / count, 1, 0.01);
  EXPECT_NEAR(cubes / count, 0, 0.03);
  EXPECT_NEAR(fourths / count, 3, 0.06);
  EXPECT_NEAR(neighbours / count, 0, 0.01);
  EXPECT_NEAR(beyondTwo / count, 0.0455, 0.002);
}

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

TEST(DropoutTest, MaskIsThatOfPhilox) {
  KernelCase one = kernelCase("nn.dropout", at::kDouble, 0);
  one.operands[0] = at::ones_like(one.operands[0]);
  at::Tensor y = runWhole(one)[0].reshape(-1);
  // b is the leading dimension: the micro-batch begins at sample 4 of 12.
  uint64_t first = 4 * 4 * 12 * 12;
  std::vector<uint32_t> numbers = bits(dropoutStream(7, "test.path", 3), first, y.numel());
  auto threshold = static_cast<uint32_t>(std::llround(0.3 * 0x1p32));
  for (int64_t i = 0; i < y.numel(); ++i)
    ASSERT_EQ(y[i].item<double>(), numbers[i] >= threshold ? 1 / 0.7 : 0);
}

TEST(DropoutTest, KeepsTheShareAndTheMean) {
  KernelCase one{"nn.dropout",
                 "s b h -> s b h",
                 "",
                 {{"p", 0.25}},
                 {{'s', 100}, {'b', 10}, {'h', 400}},
                 {at::ones({100, 10, 400}, at::kFloat)}};
  one.context.globalBatch = 10;
  at::Tensor y = runWhole(one)[0];
  EXPECT_NEAR(y.eq(0).to(at::kDouble).mean().item<double>(), 0.25, 0.003);
  EXPECT_NEAR(y.mean().item<double>(), 1, 0.005);
}

/// The same samples in micro-batches of any size have the same mask.
TEST(DropoutTest, DoesNotDependOnTheMicroBatch) {
  at::Tensor x = at::randn({6, 12, 8}, at::kDouble);
  auto run = [&](int64_t first, int64_t size) {
    KernelCase one{"nn.dropout",
                   "s b h -> s b h",
                   "",
                   {{"p", 0.5}},
                   {{'s', 6}, {'b', size}, {'h', 8}},
                   {x.narrow(1, first, size).contiguous()}};
    one.context.globalBatch = 12;
    one.context.firstSample = first;
    return runWhole(one)[0];
  };
  at::Tensor whole = run(0, 12);
  for (int64_t size : {1, 2, 4, 6})
    for (int64_t first = 0; first < 12; first += size)
      EXPECT_TRUE(at::equal(run(first, size), whole.narrow(1, first, size)));
}

TEST(DropoutTest, BiasDropoutAddIsItsParts) {
  for (const KernelCase &one : kernelCases(at::kDouble, 4))
    if (one.name == "nn.bias_dropout_add") {
      KernelCase dropout{"nn.dropout",
                         "s b h -> s b h",
                         "",
                         one.attributes,
                         {{'s', 12}, {'b', 4}, {'h', 8}},
                         {one.operands[0] + one.operands[1]}};
      dropout.context = one.context;
      EXPECT_LE(difference(runWhole(one)[0], one.operands[2] + runWhole(dropout)[0]), 1e-15);
    }
}

TEST(DropoutTest, ProbabilityIsAProbability) {
  KernelCase one = kernelCase("nn.dropout", at::kFloat, 0);
  one.attributes["p"] = 1.5;
  EXPECT_THROW(runWhole(one), std::invalid_argument);
}
