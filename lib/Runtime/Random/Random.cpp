//===- Random.cpp - Random numbers that depend on no plan -----------------===//

#include "aceso/Runtime/Random.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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

/// As many at once as fill the widest vectors; the compiler makes one version for each width.
static constexpr unsigned lanes = 16;

/// 4 * lanes numbers: the 128 bits at places first, first + 1, ...
__attribute__((target_clones("avx512f", "avx2", "default"))) static void
philox(uint64_t key, uint64_t subsequence, uint64_t first, uint32_t *out) {
  uint32_t c0[lanes], c1[lanes], c2[lanes], c3[lanes];
  for (unsigned i = 0; i < lanes; ++i) {
    c0[i] = static_cast<uint32_t>(first + i);
    c1[i] = static_cast<uint32_t>((first + i) >> 32);
    c2[i] = static_cast<uint32_t>(subsequence);
    c3[i] = static_cast<uint32_t>(subsequence >> 32);
  }
  auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (unsigned i = 0; i < lanes; ++i) {
      uint64_t product0 = uint64_t(0xD2511F53) * c0[i];
      uint64_t product1 = uint64_t(0xCD9E8D57) * c2[i];
      c0[i] = static_cast<uint32_t>(product1 >> 32) ^ c1[i] ^ k0;
      c2[i] = static_cast<uint32_t>(product0 >> 32) ^ c3[i] ^ k1;
      c1[i] = static_cast<uint32_t>(product1);
      c3[i] = static_cast<uint32_t>(product0);
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  for (unsigned i = 0; i < lanes; ++i) {
    out[4 * i] = c0[i];
    out[4 * i + 1] = c1[i];
    out[4 * i + 2] = c2[i];
    out[4 * i + 3] = c3[i];
  }
}

void randomBits(const RandomStream &stream, uint64_t first, std::span<uint32_t> out) {
  constexpr unsigned width = 4 * lanes;
  uint64_t place = first / 4;
  uint64_t skip = first % 4;
  uint32_t buffer[width];
  size_t done = 0;
  while (done < out.size()) {
    if (skip == 0 && out.size() - done >= width) {
      philox(stream.key, stream.subsequence, place, out.data() + done);
      done += width;
    } else {
      philox(stream.key, stream.subsequence, place, buffer);
      size_t count = std::min<size_t>(width - skip, out.size() - done);
      std::copy_n(buffer + skip, count, out.data() + done);
      done += count;
      skip = 0;
    }
    place += lanes;
  }
}

/// 53 random bits as a number in (0, 1].
static double toUniform(uint32_t low, uint32_t high) {
  uint64_t bits = (uint64_t(high) << 32 | low) >> 11;
  return (static_cast<double>(bits) + 1) * 0x1p-53;
}

void randomNormal(const RandomStream &stream, uint64_t first, std::span<double> out) {
  uint32_t buffer[4 * lanes];
  uint64_t bufferPlace = 0;
  bool isFull = false;
  for (size_t i = 0; i < out.size(); ++i) {
    uint64_t place = (first + i) / 2;
    if (!isFull || place >= bufferPlace + lanes) {
      philox(stream.key, stream.subsequence, place, buffer);
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
