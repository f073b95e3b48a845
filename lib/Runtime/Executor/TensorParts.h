//===- TensorParts.h - A dimension cut and joined ---------------*- C++ -*-===//

#ifndef ACESO_LIB_RUNTIME_EXECUTOR_TENSORPARTS_H
#define ACESO_LIB_RUNTIME_EXECUTOR_TENSORPARTS_H

#include <ATen/core/Tensor.h>

namespace aceso {

/// Dimension `dim` as `parts` equal parts, which become the leading dimension: contiguous, part
/// after part.
at::Tensor cutParts(const at::Tensor &tensor, int64_t dim, int64_t parts);

/// The opposite: the parts of the leading dimension, one after the other in dimension `dim`.
at::Tensor joinParts(const at::Tensor &parts, int64_t dim);

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_EXECUTOR_TENSORPARTS_H
