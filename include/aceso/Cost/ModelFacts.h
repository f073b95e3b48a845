//===- ModelFacts.h - What cost formulas and search know of a model -*- C++ -*-===//
//
// A dense copy of the facts that the ops of a model declare through their interface, made once by
// Analysis. Nothing here is stated anywhere else: it is read off the ops.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_MODELFACTS_H
#define ACESO_COST_MODELFACTS_H

#include "aceso/Layout/Signature.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aceso {

using ValueId = uint32_t;

enum class ValueKind : uint8_t { Input, Parameter, Activation };

/// A global tensor. The batch dimension of `shape` is kDynamic: it is the micro-batch.
struct ValueFacts {
  static constexpr int64_t kDynamic = -1;
  ValueKind kind;
  std::vector<int64_t> shape;
  /// Size of the major factor of each dimension (shape where the dimension is one letter).
  std::vector<int64_t> majors;
  unsigned elementBytes;
  /// Bytes for each element of a parameter's main copy (0: the parameter itself is the main copy),
  /// gradient and optimizer state are functions of the element type; see Cost/Memory.
  std::string path; ///< parameters and inputs only

  bool operator==(const ValueFacts &) const = default;
};

/// One primitive of a unit of planning: an op with letters of its own.
struct PrimitiveFacts {
  Signature signature; ///< extents of the batch letter left out
  std::vector<ValueId> operands, results;
  /// Whether the gradient reads the value of each operand, of each result: what recompute must
  /// bring back. Empty: not known, taken to be every operand that is multiplied, and no result.
  std::vector<bool> gradientReadsOperand, gradientReadsResult;
  /// False: the gradient of a composite covers it, so no gradient of its operands has to be brought
  /// into another layout.
  bool hasOwnGradient = true;

  bool operator==(const PrimitiveFacts &) const = default;
};

/// One unit of planning and profiling.
struct OpFacts {
  std::string path;       ///< "layers.3.attention.qkv"
  std::string profileKey; ///< name under which cost tables know it
  /// The layer that `path` lies in ("layers.3"), numbered in order of appearance; the path's own
  /// block for ops outside layers. Bounds what recompute drops (docs/rationale/Layout.md).
  uint32_t block;
  /// Ops of equal kind declare the same: letters, sizes, rules, costs. Numbered from 0.
  uint32_t kind;
  /// Number of rules that the op offers.
  uint32_t numRules;
  std::vector<PrimitiveFacts> primitives;
  /// What the unit itself takes and gives, in order.
  std::vector<ValueId> operands, results;
  /// Multiply-adds counted twice, for one sample on one device (from the letters); 0 for data
  /// movement.
  double forwardFlopsPerSample = 0, backwardFlopsPerSample = 0;
};

struct ModelFacts {
  std::string name;
  std::string tablePrefix; ///< "gpt_1_3B": which cost tables describe it
  std::vector<ValueFacts> values;
  std::vector<OpFacts> ops; ///< in execution order
};

/// The block that an op of this path lies in: the path up to the first component that is a number
/// ("layers.3" of "layers.3.attention.qkv"), or the whole path where none is.
std::string_view blockOfPath(std::string_view path);

/// Whether op may run with these degrees: every primitive's letters divide (Layout's checkDegrees).
/// Empty, or why not. `microBatch` is the aggregate micro-batch.
std::string checkOpDegrees(const OpFacts &op, const Degrees &degrees, int64_t microBatch);

} // namespace aceso

#endif // ACESO_COST_MODELFACTS_H
