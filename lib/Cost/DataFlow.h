//===- DataFlow.h - Who produces and uses what ------------------*- C++ -*-===//
//
// The model's values by op, made once from ModelFacts.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_COST_DATAFLOW_H
#define ACESO_LIB_COST_DATAFLOW_H

#include "aceso/Cost/ModelFacts.h"

#include <algorithm>

namespace aceso {

struct DataFlow {
  /// An operand of a primitive.
  struct Use {
    uint32_t op;
    uint32_t primitive, operand;
    /// The gradient needs the value.
    bool isRead;
    /// It contributes to the value's gradient.
    bool hasGradient;
  };
  struct Value {
    uint32_t producer = 0; ///< op; of activations only
    uint32_t primitive = 0, result = 0;
    bool isReadByProducer = false;
    std::vector<Use> uses; ///< in order of execution
    uint32_t lastUse() const { return uses.back().op; }
    /// By the gradient of anything.
    bool isRead() const {
      return isReadByProducer ||
             std::any_of(uses.begin(), uses.end(), [](const Use &use) { return use.isRead; });
    }
  };

  explicit DataFlow(const ModelFacts &facts);

  std::vector<Value> values; ///< by ValueId
  /// By op: activations that it gives and that have a use.
  std::vector<std::vector<ValueId>> produced;
  /// By op: the last op that uses one of them, the op itself if none does.
  std::vector<uint32_t> lastUser;
  /// By op: activations given in front of it and used by it or behind it: what crosses a boundary
  /// here.
  std::vector<std::vector<ValueId>> crossing;
  /// By op: parameters that no other op uses.
  std::vector<std::vector<ValueId>> ownParameters;
  /// Parameters that several ops use.
  std::vector<ValueId> sharedParameters;
};

} // namespace aceso

#endif // ACESO_LIB_COST_DATAFLOW_H
