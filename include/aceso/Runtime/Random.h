//===- Random.h - Random numbers that depend on no plan ---------*- C++ -*-===//
//
// A number is a function of seed, step, the path of an op or parameter, and the index of an element
// in its global tensor: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2,
// 3"), as at::Philox4_32 computes it. So every rank draws the part that it holds, in any layout,
// and a recomputed op draws the same again.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_RANDOM_H
#define ACESO_RUNTIME_RANDOM_H

#include <cstdint>
#include <span>
#include <string_view>

namespace aceso {

/// Which of the 2^128 sequences of random bits.
struct RandomStream {
  uint64_t key = 0, subsequence = 0;
};

/// The stream of an op's dropout mask in a step.
RandomStream dropoutStream(uint64_t seed, std::string_view path, uint64_t step);
/// The stream of a parameter's initial values.
RandomStream initializerStream(uint64_t seed, std::string_view path);
/// The stream that chooses samples.
RandomStream dataStream(uint64_t seed, uint64_t step);

/// Numbers first, first + 1, ... of the stream, of 32 bits each: number i is word i mod 4 of the
/// 128 bits at place i / 4.
void randomBits(const RandomStream &stream, uint64_t first, std::span<uint32_t> out);

/// The same from the standard normal distribution, by Box and Muller: numbers 2 i and 2 i + 1 come
/// from the 128 bits at place i.
void randomNormal(const RandomStream &stream, uint64_t first, std::span<double> out);

} // namespace aceso

#endif // ACESO_RUNTIME_RANDOM_H
