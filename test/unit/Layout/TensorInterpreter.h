//===- TensorInterpreter.h - All devices of a mesh with real data *- C++ -*-===//
//
// Holds what every device of a mesh holds of a tensor and executes conversion steps on it, message
// by message. Integers, so that sums are exact and any order gives the same.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_LAYOUT_TENSORINTERPRETER_H
#define ACESO_TEST_UNIT_LAYOUT_TENSORINTERPRETER_H

#include "aceso/Layout/Conversion.h"

#include <random>

namespace aceso::test {

using Random = std::mt19937_64;
/// A number from 0 to count - 1; the same on every platform, unlike the standard distributions.
inline int64_t pick(Random &random, int64_t count) {
  return static_cast<int64_t>(random() % count);
}

/// Elements of a tensor or a box in row-major order.
using Values = std::vector<int64_t>;

int64_t numElements(const std::vector<int64_t> &shape);

/// Calls `visit(position in a tensor of `shape`, position in the box)` for each element of the box.
template <typename Visit>
void forEachElement(const std::vector<int64_t> &shape, const Box &box, Visit visit) {
  size_t rank = shape.size();
  std::vector<int64_t> index(rank), stride(rank, 1);
  int64_t global = 0;
  for (size_t dim = rank; dim-- > 0;) {
    if (dim + 1 < rank)
      stride[dim] = stride[dim + 1] * shape[dim + 1];
    global += box.lo[dim] * stride[dim];
  }
  int64_t count = box.numElements();
  for (int64_t local = 0; local < count; ++local) {
    visit(global, local);
    // The next element: the last dimension runs fastest.
    for (size_t dim = rank; dim-- > 0;) {
      global += stride[dim];
      if (++index[dim] < box.size[dim])
        break;
      global -= index[dim] * stride[dim];
      index[dim] = 0;
    }
  }
}

/// A tensor on a mesh: what each device holds.
struct PlacedTensor {
  Mesh mesh;
  Layout layout;
  std::vector<int64_t> shape;
  std::vector<Values> devices;
};

/// Splits `whole` into random summands where the layout pends and gives each device its box.
PlacedTensor place(const Mesh &mesh, const Layout &layout, const std::vector<int64_t> &shape,
                   const Values &whole, Random &random);

/// What the tensor means (docs/rationale/Layout.md). Throws std::runtime_error where replicas
/// differ, a device holds another number of elements than its box, or an element has no owner.
Values meaning(const PlacedTensor &tensor);

/// Executes one step; gives the elements that devices received from others, all together.
int64_t execute(const ConversionStep &step, PlacedTensor &tensor);

/// Executes all messages of a transfer; the result has the received layout. `sent[i]` counts how
/// often element i crossed.
PlacedTensor executeMessages(const Transfer &transfer, const PlacedTensor &source,
                             const Mesh &destinationMesh, std::vector<int64_t> &sent);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_LAYOUT_TENSORINTERPRETER_H
