//===- Layout.cpp - Which part of a tensor each device holds --------------===//

#include "aceso/Layout/Layout.h"

#include <algorithm>
#include <cassert>

namespace aceso {

int64_t Box::numElements() const {
  int64_t count = 1;
  for (int64_t extent : size)
    count *= extent;
  return count;
}

Box intersect(const Box &a, const Box &b) {
  assert(a.lo.size() == b.lo.size() && "boxes of one tensor");
  Box common = a;
  for (size_t dim = 0; dim < a.lo.size(); ++dim) {
    common.lo[dim] = std::max(a.lo[dim], b.lo[dim]);
    int64_t end = std::min(a.lo[dim] + a.size[dim], b.lo[dim] + b.size[dim]);
    common.size[dim] = std::max<int64_t>(0, end - common.lo[dim]);
  }
  return common;
}

bool Layout::isPending(Digit digit) const {
  return std::find(pending.begin(), pending.end(), digit) != pending.end();
}

int Layout::dimOf(Digit digit) const {
  for (size_t dim = 0; dim < dims.size(); ++dim)
    if (std::find(dims[dim].begin(), dims[dim].end(), digit) != dims[dim].end())
      return static_cast<int>(dim);
  return -1;
}

DigitList Layout::idleDigits(const Mesh &mesh) const {
  DigitList idle;
  for (unsigned digit = 0; digit < mesh.numDigits(); ++digit)
    if (isIdle(digit))
      idle.push_back(digit);
  return idle;
}

Layout Layout::withoutPending() const { return {dims, {}, Reduction::Sum}; }

bool Layout::operator==(const Layout &other) const {
  return dims == other.dims && pending == other.pending &&
         (pending.empty() || reduction == other.reduction);
}

std::string checkLayout(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
                        const std::vector<int64_t> &majors) {
  if (layout.rank() != shape.size())
    return "layout has " + std::to_string(layout.rank()) + " dimensions, the tensor " +
           std::to_string(shape.size());
  if (!majors.empty() && majors.size() != shape.size())
    return std::to_string(majors.size()) + " major factors for a tensor of " +
           std::to_string(shape.size()) + " dimensions";
  std::vector<bool> used(mesh.numDigits());
  auto use = [&](Digit digit) -> std::string {
    if (digit >= mesh.numDigits())
      return "digit " + std::to_string(digit) + " of a mesh of " +
             std::to_string(mesh.numDigits()) + " digits";
    if (used[digit])
      return "digit " + std::to_string(digit) + " is used twice";
    used[digit] = true;
    return "";
  };
  for (unsigned dim = 0; dim < layout.rank(); ++dim) {
    for (Digit digit : layout.dims[dim])
      if (std::string error = use(digit); !error.empty())
        return error;
    int64_t parts = mesh.product(layout.dims[dim]);
    if (shape[dim] % parts != 0)
      return "dimension " + std::to_string(dim) + " of size " + std::to_string(shape[dim]) +
             " cannot be split into " + std::to_string(parts) + " equal parts";
    if (!majors.empty() && majors[dim] % parts != 0)
      return "dimension " + std::to_string(dim) + ": its major factor of size " +
             std::to_string(majors[dim]) + " cannot be split into " + std::to_string(parts) +
             " equal parts";
  }
  for (Digit digit : layout.pending)
    if (std::string error = use(digit); !error.empty())
      return error;
  if (!std::is_sorted(layout.pending.begin(), layout.pending.end()))
    return "pending digits must ascend";
  return "";
}

Box boxOf(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
          int64_t device) {
  std::vector<int64_t> coordinates = mesh.coordinates(device);
  Box box{std::vector<int64_t>(shape.size()), localShape(mesh, layout, shape)};
  for (size_t dim = 0; dim < shape.size(); ++dim)
    box.lo[dim] = mesh.position(layout.dims[dim], coordinates) * box.size[dim];
  return box;
}

std::vector<int64_t> localShape(const Mesh &mesh, const Layout &layout,
                                const std::vector<int64_t> &shape) {
  assert(layout.rank() == shape.size() && "layout of another rank");
  std::vector<int64_t> local = shape;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    int64_t parts = mesh.product(layout.dims[dim]);
    assert(shape[dim] % parts == 0 && "layout is not legal for the shape");
    local[dim] /= parts;
  }
  return local;
}

std::string toString(const DigitList &digits) {
  std::string text = "[";
  for (size_t i = 0; i < digits.size(); ++i)
    text += (i ? "," : "") + std::to_string(digits[i]);
  return text + "]";
}

std::string toString(const Layout &layout) {
  std::string text;
  for (unsigned dim = 0; dim < layout.rank(); ++dim)
    text += (dim ? " " : "") + std::to_string(dim) + ":" + toString(layout.dims[dim]);
  if (!layout.pending.empty())
    text += (text.empty() ? "" : " ") + std::string("pending:") + toString(layout.pending) +
            (layout.reduction == Reduction::Sum ? "+" : "max");
  return text;
}

} // namespace aceso
