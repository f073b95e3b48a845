//===- RandomLayouts.cpp - Meshes, shapes and layouts by chance -----------===//

#include "RandomLayouts.h"

#include <algorithm>

namespace aceso::test {

Mesh randomMesh(Random &random, int maxDigits) {
  std::vector<int64_t> radices;
  // Mostly several digits: one alone moves in few ways.
  int64_t devices = 1;
  int64_t numDigits = pick(random, 16) == 0 ? 0 : maxDigits - pick(random, maxDigits);
  for (int64_t i = 0; i < numDigits; ++i) {
    int64_t radix = 2 + pick(random, 3);
    if (devices * radix > 48)
      break;
    devices *= radix;
    radices.push_back(radix);
  }
  return Mesh(radices);
}

RandomShape randomShape(Random &random, const Mesh &mesh) {
  RandomShape result;
  size_t rank = 1 + pick(random, 3);
  int64_t elements = 1;
  for (size_t dim = 0; dim < rank; ++dim) {
    int64_t major = 1 + pick(random, 2);
    for (int64_t radix : mesh.getRadices())
      if (pick(random, 3) && elements * major * radix <= 400)
        major *= radix;
    int64_t minor = pick(random, 4) == 0 ? 2 + pick(random, 2) : 1;
    elements *= major * minor;
    result.majors.push_back(major);
    result.shape.push_back(major * minor);
  }
  return result;
}

Layout randomLayout(Random &random, const Mesh &mesh, const RandomShape &shape, bool mayPend,
                    Reduction reduction) {
  size_t rank = shape.shape.size();
  Layout layout = Layout::replicated(rank);
  layout.reduction = reduction;
  DigitList digits;
  for (unsigned digit = 0; digit < mesh.numDigits(); ++digit)
    digits.push_back(digit);
  for (size_t i = digits.size(); i > 1; --i)
    std::swap(digits[i - 1], digits[pick(random, i)]);
  for (Digit digit : digits) {
    if (mayPend && pick(random, 3) == 0) {
      layout.pending.push_back(digit);
      continue;
    }
    if (pick(random, 5) == 0)
      continue;
    // The first dimension that it divides, from a random one on.
    size_t first = pick(random, rank);
    for (size_t i = 0; i < rank; ++i) {
      DigitList &dim = layout.dims[(first + i) % rank];
      if (shape.majors[(first + i) % rank] % (mesh.product(dim) * mesh.radix(digit)) != 0)
        continue;
      dim.push_back(digit);
      break;
    }
  }
  std::sort(layout.pending.begin(), layout.pending.end());
  // Where nothing pends any reduction may stand there.
  if (layout.pending.empty())
    layout.reduction = pick(random, 2) ? Reduction::Sum : Reduction::Max;
  return layout;
}

Values randomValues(Random &random, const std::vector<int64_t> &shape) {
  Values values(numElements(shape));
  for (int64_t &value : values)
    value = pick(random, 1000);
  return values;
}

} // namespace aceso::test
