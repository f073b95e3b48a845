//===- Layout.h - Which part of a tensor each device holds ------*- C++ -*-===//
//
// Every tensor is global. A layout says which box of it each device of a mesh holds and over which
// digits its value is still pending (a reduction not yet done). Two layouts of one tensor mean the
// same thing. (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LAYOUT_LAYOUT_H
#define ACESO_LAYOUT_LAYOUT_H

#include "aceso/Layout/Mesh.h"

#include <string>

namespace aceso {

/// How the summands of a pending value are combined.
enum class Reduction : uint8_t { Sum, Max };

/// A half-open box of a tensor: element indices lo[k] <= i < lo[k] + size[k].
struct Box {
  std::vector<int64_t> lo, size;

  int64_t numElements() const;
  bool empty() const { return numElements() == 0; }
  bool operator==(const Box &) const = default;
};

/// The common part of two boxes of one tensor (of size 0 where they do not meet).
Box intersect(const Box &a, const Box &b);

/// Where a tensor is. Every digit of the mesh appears at most once: in one of `dims` (it splits
/// that dimension), or in `pending`; in neither it is *idle*, the value is replicated over it.
struct Layout {
  /// For each tensor dimension the digits that split it, major first.
  std::vector<DigitList> dims;
  /// Digits over which the value is still to be reduced, ascending.
  DigitList pending;
  Reduction reduction = Reduction::Sum;

  static Layout replicated(unsigned rank) {
    return {std::vector<DigitList>(rank), {}, Reduction::Sum};
  }

  unsigned rank() const { return dims.size(); }
  bool isPending(Digit digit) const;
  /// The dimension that `digit` splits, or -1.
  int dimOf(Digit digit) const;
  bool isIdle(Digit digit) const { return !isPending(digit) && dimOf(digit) < 0; }
  /// The idle digits, ascending.
  DigitList idleDigits(const Mesh &mesh) const;
  /// The same without pending digits: they become idle.
  Layout withoutPending() const;

  /// Equality of meaning: the reduction counts only where something is pending.
  bool operator==(const Layout &other) const;
};

/// Why `layout` cannot describe a tensor of `shape` on `mesh` (a digit used twice or unknown,
/// pending not ascending, a dimension not divisible by its digits); empty if it can. `majors`
/// gives, for a dimension that is a product of letters, the size of its major factor, which alone
/// splits.
std::string checkLayout(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
                        const std::vector<int64_t> &majors = {});

/// The box that `device` holds of a tensor of `shape`.
Box boxOf(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
          int64_t device);

/// Shape of that box; the same on every device.
std::vector<int64_t> localShape(const Mesh &mesh, const Layout &layout,
                                const std::vector<int64_t> &shape);

/// "[1,0]".
std::string toString(const DigitList &digits);

/// "0:[] 1:[0] 2:[1] pending:[2]+", "+" for a sum and "max" for a maximum; for messages and tests.
std::string toString(const Layout &layout);

} // namespace aceso

#endif // ACESO_LAYOUT_LAYOUT_H
