//===- RandomLayouts.cpp - Meshes, shapes and layouts by chance -----------===//

#include "RandomLayouts.h"

#include <algorithm>

namespace aceso::test {

Mesh randomMesh(Random &random, int maxDigits) {
  std::vector<int64_t> radices;
  int64_t devices = 1, numDigits = pick(random, maxDigits + 1);
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
      if (pick(random, 2) && elements * major * radix <= 600)
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
    // A dimension is as likely as pending and idle together.
    size_t choice = pick(random, 2 * rank + 2);
    if (choice >= 2 * rank) {
      if (mayPend && choice == 2 * rank)
        layout.pending.push_back(digit);
      continue;
    }
    DigitList &dim = layout.dims[choice / 2];
    if (shape.majors[choice / 2] % (mesh.product(dim) * mesh.radix(digit)) == 0)
      dim.push_back(digit);
  }
  std::sort(layout.pending.begin(), layout.pending.end());
  return layout;
}

Values randomValues(Random &random, const std::vector<int64_t> &shape) {
  Values values(numElements(shape));
  for (int64_t &value : values)
    value = pick(random, 1000);
  return values;
}

} // namespace aceso::test
