//===- GlobalRuns.cpp - The elements of a box by global index -------------===//

#include "GlobalRuns.h"

namespace aceso {

GlobalRuns::GlobalRuns(std::vector<int64_t> shape, Box box, int batchDim)
    : shape(std::move(shape)), box(std::move(box)), batchDim(batchDim),
      firstInRun(this->shape.size()) {
  // A whole dimension lengthens the run. The batch does not: the global one may be larger.
  bool isWhole = true;
  while (firstInRun > 0 && isWhole) {
    size_t dim = --firstInRun;
    length *= this->box.size[dim];
    isWhole = this->box.size[dim] == this->shape[dim] && static_cast<int>(dim) != batchDim;
  }
  for (size_t dim = 0; dim < firstInRun; ++dim)
    count *= this->box.size[dim];
}

uint64_t GlobalRuns::start(int64_t run, int64_t globalBatch, int64_t firstSample) const {
  uint64_t index = 0, stride = 1;
  for (size_t dim = shape.size(); dim-- > 0;) {
    bool isBatch = static_cast<int>(dim) == batchDim;
    int64_t place = box.lo[dim] + (isBatch ? firstSample : 0);
    if (dim < firstInRun) {
      place += run % box.size[dim];
      run /= box.size[dim];
    }
    index += static_cast<uint64_t>(place) * stride;
    stride *= isBatch ? globalBatch : shape[dim];
  }
  return index;
}

} // namespace aceso
