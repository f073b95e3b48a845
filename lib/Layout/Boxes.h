//===- Boxes.h - Shared by the conversions of this library ------*- C++ -*-===//

#ifndef ACESO_LIB_LAYOUT_BOXES_H
#define ACESO_LIB_LAYOUT_BOXES_H

#include "aceso/Layout/Conversion.h"

namespace aceso {

/// Elements of the boxes of `to` that the devices do not hold in `from`, over all devices together.
int64_t elementsLacking(const Mesh &mesh, const Layout &from, const Layout &to,
                        const std::vector<int64_t> &shape);

/// Whether `digit` may still split dimension `dim`, which `digits` split already.
inline bool divides(const Mesh &mesh, Digit digit, const DigitList &digits, size_t dim,
                    const std::vector<int64_t> &shape, const std::vector<int64_t> &majors) {
  int64_t parts = mesh.product(digits) * mesh.radix(digit);
  return shape[dim] % parts == 0 && (majors.empty() || majors[dim] % parts == 0);
}

/// Calls `visit` with the coordinates of every setting of `digits`, first digit major, the others
/// as they are in `coordinates`.
template <typename Visit>
void forEachMember(const Mesh &mesh, const DigitList &digits, std::vector<int64_t> coordinates,
                   Visit visit) {
  int64_t size = mesh.product(digits);
  for (int64_t member = 0; member < size; ++member) {
    int64_t rest = member;
    for (size_t i = digits.size(); i-- > 0; rest /= mesh.radix(digits[i]))
      coordinates[digits[i]] = rest % mesh.radix(digits[i]);
    visit(coordinates);
  }
}

} // namespace aceso

#endif // ACESO_LIB_LAYOUT_BOXES_H
