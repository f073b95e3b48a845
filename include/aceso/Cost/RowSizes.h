//===- RowSizes.h - Sizes in the rows of an op table ------------*- C++ -*-===//
//
// The columns input_size, output_size and weights of a cost table, from the model's dataflow and
// the layouts that the ops declare.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_COST_ROWSIZES_H
#define ACESO_COST_ROWSIZES_H

#include "aceso/Cost/ModelFacts.h"

namespace aceso {

/// Of one op, in bytes of one rank.
struct RowSizes {
  /// What would cross a boundary in front of the op and behind it: its own tensors in the layouts
  /// that it wants and leaves, and what is in flight beside it as its producer left it. Of the
  /// model's inputs those that the op reads count in front of it.
  int64_t input = 0, output = 0;
  /// The parameters that it reads.
  int64_t weights = 0;
};

/// The sizes of every op of a model, by op, if all run with `tp`, without data parallelism, on
/// micro-batches of `samples` samples. An op that lacks `rule` follows rule 0; one that cannot be
/// split into `tp` parts counts whole.
///
/// The published tables follow the same rule but for three details. They count neither biases nor
/// the parameters of norms as weights. Their linear layers hand their bias to the next op, so it
/// is in flight; here the op that adds it reads it as a parameter. And labels are no tensor of the
/// head.
std::vector<RowSizes> rowSizes(const ModelFacts &facts, int64_t samples, int64_t tp, unsigned rule);

} // namespace aceso

#endif // ACESO_COST_ROWSIZES_H
