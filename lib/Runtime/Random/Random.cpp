//===- Random.cpp - Random numbers that depend on no plan -----------------===//

#include "aceso/Runtime/Random.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace aceso {

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

/// FNV-1a over the seed, a word that keeps purposes apart, and the path; then the finalizer of
/// MurmurHash3, because similar paths must not give similar keys.
static uint64_t keyOf(uint64_t seed, std::string_view purpose, std::string_view path) {
  uint64_t hash = 0xcbf29ce484222325;
  auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };
  for (int i = 0; i < 8; ++i)
    add(static_cast<unsigned char>(seed >> (8 * i)));
  for (std::string_view text : {purpose, path}) {
    for (unsigned char byte : text)
      add(byte);
    add(0);
  }
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

RandomStream dropoutStream(uint64_t seed, std::string_view path, uint64_t step) {
  return {keyOf(seed, "dropout", path), step};
}

RandomStream initializerStream(uint64_t seed, std::string_view path) {
  return {keyOf(seed, "initializer", path), 0};
}

RandomStream dataStream(uint64_t seed, uint64_t step) { return {keyOf(seed, "data", ""), step}; }

//===----------------------------------------------------------------------===//
// Philox4x32-10
//===----------------------------------------------------------------------===//

/// Places that vectors draw at once, and numbers.
static constexpr unsigned blockPlaces = 8, blockSize = 4 * blockPlaces;
static constexpr uint32_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
static constexpr uint32_t weyl0 = 0x9E3779B9, weyl1 = 0xBB67AE85;
static constexpr int numRounds = 10;

/// The 128 bits at each of places first, first + 1, ...
static void philox(const RandomStream &stream, uint64_t first, size_t numPlaces, uint32_t *out) {
  for (size_t i = 0; i < numPlaces; ++i) {
    uint64_t place = first + i;
    auto c0 = static_cast<uint32_t>(place), c1 = static_cast<uint32_t>(place >> 32);
    auto c2 = static_cast<uint32_t>(stream.subsequence);
    auto c3 = static_cast<uint32_t>(stream.subsequence >> 32);
    auto k0 = static_cast<uint32_t>(stream.key), k1 = static_cast<uint32_t>(stream.key >> 32);
    for (int round = 0; round < numRounds; ++round) {
      uint64_t product0 = uint64_t(multiplier0) * c0, product1 = uint64_t(multiplier1) * c2;
      c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ k0;
      c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<uint32_t>(product1);
      c3 = static_cast<uint32_t>(product0);
      k0 += weyl0;
      k1 += weyl1;
    }
    uint32_t *words = out + 4 * i;
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
  }
}

#ifdef __x86_64__
namespace {
/// Four places at once. A word is the lower half of 64 bits; what is in the upper half does not
/// matter, since products take lower halves. Compilers do not find this by themselves.
struct FourPlaces {
  __m256i c0, c1, c2, c3;
};
} // namespace

#define ACESO_AVX2 __attribute__((target("avx2"), always_inline)) static inline

ACESO_AVX2 FourPlaces startAvx2(const RandomStream &stream, uint64_t first) {
  FourPlaces places;
  places.c0 = _mm256_add_epi64(_mm256_set1_epi64x(static_cast<int64_t>(first)),
                               _mm256_set_epi64x(3, 2, 1, 0));
  places.c1 = _mm256_srli_epi64(places.c0, 32);
  places.c2 = _mm256_set1_epi64x(static_cast<int64_t>(stream.subsequence));
  places.c3 = _mm256_srli_epi64(places.c2, 32);
  return places;
}

ACESO_AVX2 void roundAvx2(FourPlaces &places, __m256i k0, __m256i k1) {
  __m256i product0 = _mm256_mul_epu32(places.c0, _mm256_set1_epi64x(multiplier0));
  __m256i product1 = _mm256_mul_epu32(places.c2, _mm256_set1_epi64x(multiplier1));
  places.c0 = _mm256_xor_si256(_mm256_srli_epi64(product1, 32), _mm256_xor_si256(places.c1, k0));
  places.c2 = _mm256_xor_si256(_mm256_srli_epi64(product0, 32), _mm256_xor_si256(places.c3, k1));
  places.c1 = product1;
  places.c3 = product0;
}

ACESO_AVX2 void storeAvx2(const FourPlaces &places, uint32_t *out) {
  __m256i words01 = _mm256_blend_epi32(places.c0, _mm256_slli_epi64(places.c1, 32), 0xAA);
  __m256i words23 = _mm256_blend_epi32(places.c2, _mm256_slli_epi64(places.c3, 32), 0xAA);
  __m256i even = _mm256_unpacklo_epi64(words01, words23); // places 0 and 2
  __m256i odd = _mm256_unpackhi_epi64(words01, words23);  // places 1 and 3
  auto *target = reinterpret_cast<__m256i *>(out);
  _mm256_storeu_si256(target, _mm256_permute2x128_si256(even, odd, 0x20));
  _mm256_storeu_si256(target + 1, _mm256_permute2x128_si256(even, odd, 0x31));
}

#undef ACESO_AVX2

/// What `philox` does for whole blocks.
__attribute__((target("avx2"))) static void philoxAvx2(const RandomStream &stream, uint64_t first,
                                                       size_t numBlocks, uint32_t *out) {
  for (size_t block = 0; block < numBlocks; ++block, first += blockPlaces, out += blockSize) {
    // Two by two: one is multiplied while the other waits.
    FourPlaces a = startAvx2(stream, first), b = startAvx2(stream, first + 4);
    __m256i k0 = _mm256_set1_epi64x(static_cast<int64_t>(stream.key));
    __m256i k1 = _mm256_srli_epi64(k0, 32);
    for (int round = 0; round < numRounds; ++round) {
      roundAvx2(a, k0, k1);
      roundAvx2(b, k0, k1);
      k0 = _mm256_add_epi64(k0, _mm256_set1_epi64x(weyl0));
      k1 = _mm256_add_epi64(k1, _mm256_set1_epi64x(weyl1));
    }
    storeAvx2(a, out);
    storeAvx2(b, out + blockSize / 2);
  }
}
#endif

/// By the fastest means of this machine.
static void drawPlaces(const RandomStream &stream, uint64_t first, size_t numPlaces,
                       uint32_t *out) {
  size_t done = 0;
#ifdef __x86_64__
  static const bool hasAvx2 = __builtin_cpu_supports("avx2");
  if (hasAvx2) {
    size_t numBlocks = numPlaces / blockPlaces;
    philoxAvx2(stream, first, numBlocks, out);
    done = numBlocks * blockPlaces;
  }
#endif
  philox(stream, first + done, numPlaces - done, out + 4 * done);
}

void randomBits(const RandomStream &stream, uint64_t first, std::span<uint32_t> out) {
  uint64_t place = first / 4, skip = first % 4;
  // Up to the next place, whole places, the rest.
  uint32_t words[4];
  if (skip != 0 && !out.empty()) {
    philox(stream, place++, 1, words);
    size_t count = std::min<size_t>(4 - skip, out.size());
    std::copy_n(words + skip, count, out.data());
    out = out.subspan(count);
  }
  size_t numPlaces = out.size() / 4;
  drawPlaces(stream, place, numPlaces, out.data());
  out = out.subspan(4 * numPlaces);
  if (!out.empty()) {
    philox(stream, place + numPlaces, 1, words);
    std::copy_n(words, out.size(), out.data());
  }
}

/// 53 random bits as a number in (0, 1].
static double toUniform(uint32_t low, uint32_t high) {
  uint64_t bits = (uint64_t(high) << 32 | low) >> 11;
  return (static_cast<double>(bits) + 1) * 0x1p-53;
}

void randomNormal(const RandomStream &stream, uint64_t first, std::span<double> out) {
  uint32_t buffer[blockSize];
  uint64_t bufferPlace = 0;
  bool isFull = false;
  for (size_t i = 0; i < out.size(); ++i) {
    uint64_t place = (first + i) / 2;
    if (!isFull || place >= bufferPlace + blockPlaces) {
      drawPlaces(stream, place, blockPlaces, buffer);
      bufferPlace = place;
      isFull = true;
    }
    const uint32_t *bits = buffer + 4 * (place - bufferPlace);
    double radius = std::sqrt(-2 * std::log(toUniform(bits[0], bits[1])));
    double angle = 2 * std::numbers::pi * toUniform(bits[2], bits[3]);
    out[i] = radius * ((first + i) % 2 == 0 ? std::cos(angle) : std::sin(angle));
  }
}

} // namespace aceso
