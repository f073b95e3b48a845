//===- UnitKinds.h - What units of one kind consist of ----------*- C++ -*-===//
//
// A model repeats few kinds of units: each is taken apart once, into the primitives it expands to
// and what their gradients read.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_ANALYSIS_UNITKINDS_H
#define ACESO_LIB_ANALYSIS_UNITKINDS_H

#include "aceso/Cost/ModelFacts.h"
#include "aceso/Dialect/NN/NN.h"

#include "llvm/ADT/DenseMap.h"

#include <memory>

namespace aceso {

/// Units that consist of the same, whatever their paths, profile keys and operands are, and
/// whatever attributes say that nothing here depends on (the factor of a softmax). Values are
/// numbered within the unit: operands first, then what primitives give, in order.
struct UnitKind {
  uint32_t id;
  uint32_t numRules;
  std::vector<ValueFacts> values;
  std::vector<PrimitiveFacts> primitives;
  /// By result of the unit: the value that it is.
  std::vector<uint32_t> results;
  double forwardFlopsPerSample, backwardFlopsPerSample;
};

class UnitKinds {
public:
  const UnitKind &get(nn::NNOp unit);

private:
  std::vector<std::unique_ptr<UnitKind>> kinds; ///< by id
  /// By what makes units equal beyond doubt, as one attribute: those need not be taken apart.
  llvm::DenseMap<mlir::Attribute, const UnitKind *> known;
};

} // namespace aceso

#endif // ACESO_LIB_ANALYSIS_UNITKINDS_H
