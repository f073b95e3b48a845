//===- RandomLayouts.h - Meshes, shapes and layouts by chance ---*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_LAYOUT_RANDOMLAYOUTS_H
#define ACESO_TEST_UNIT_LAYOUT_RANDOMLAYOUTS_H

#include "TensorInterpreter.h"

namespace aceso::test {

/// Up to `maxDigits` digits of radix 2, 3 or 4, at most 48 devices.
Mesh randomMesh(Random &random, int maxDigits);

/// A tensor of 1 to 3 dimensions of which some digits of `mesh` divide some dimensions, and the
/// major factors of its dimensions.
struct RandomShape {
  std::vector<int64_t> shape, majors;
};
RandomShape randomShape(Random &random, const Mesh &mesh);

/// A legal layout; digits pend only if `mayPend`.
Layout randomLayout(Random &random, const Mesh &mesh, const RandomShape &shape, bool mayPend,
                    Reduction reduction);

/// Numbers from 0 to 999.
Values randomValues(Random &random, const std::vector<int64_t> &shape);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_LAYOUT_RANDOMLAYOUTS_H
