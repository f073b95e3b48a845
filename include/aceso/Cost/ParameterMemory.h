//===- ParameterMemory.h - Bytes that a parameter costs ---------*- C++ -*-===//
//
// By element type, never by model.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_PARAMETERMEMORY_H
#define ACESO_COST_PARAMETERMEMORY_H

#include <cstdint>

namespace aceso {

/// Bytes for each element of a parameter that AdamW trains.
struct ParameterBytes {
  int64_t weight;
  int64_t gradient; ///< summed over micro-batches and ranks
  /// The copy that the optimizer updates; 0 where that is the weight itself.
  int64_t mainCopy;
  int64_t optimizer; ///< two moments
  int64_t total() const { return weight + gradient + mainCopy + optimizer; }
};

/// f16 and bf16 (2 bytes) keep a 4-byte main copy and 4-byte moments, and add gradients up in 4
/// bytes, because a sum over many micro-batches loses what is small in half precision: 2 + 4 + 4 +
/// 8. Wider types are their own main copy and have moments and sums of their type: f32 4 + 4 + 8,
/// f64 8 + 8 + 16. The published system adds up in half precision; formula `aceso` counts what it
/// does.
constexpr ParameterBytes parameterBytes(int64_t elementBytes) {
  if (elementBytes < 4)
    return {elementBytes, 4, 4, 8};
  return {elementBytes, elementBytes, 0, 2 * elementBytes};
}

} // namespace aceso

#endif // ACESO_COST_PARAMETERMEMORY_H
