//===- ReduceParts.h - Reductions in a fixed order --------------*- C++ -*-===//

#ifndef ACESO_LIB_RUNTIME_COMMUNICATOR_REDUCEPARTS_H
#define ACESO_LIB_RUNTIME_COMMUNICATOR_REDUCEPARTS_H

#include "aceso/Layout/Layout.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace aceso {

/// Writes the reduction of `parts`, taken in their order, to `out`. Sums of half precision are
/// accumulated in f32. `out` may be one of the parts.
void reduceParts(at::Tensor &out, const std::vector<at::Tensor> &parts, Reduction reduction);

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_COMMUNICATOR_REDUCEPARTS_H
