//===- GlobalRuns.h - The elements of a box by global index -----*- C++ -*-===//

#ifndef ACESO_LIB_RUNTIME_RANDOM_GLOBALRUNS_H
#define ACESO_LIB_RUNTIME_RANDOM_GLOBALRUNS_H

#include "aceso/Layout/Layout.h"

namespace aceso {

/// Enumerates the elements of a box, in their order in memory, as runs that are contiguous in the
/// global tensor. A dimension may be the batch: there the global tensor is that of the whole global
/// batch, of which this one is a micro-batch.
class GlobalRuns {
public:
  /// `batchDim` -1: no dimension is the batch.
  GlobalRuns(std::vector<int64_t> shape, Box box, int batchDim = -1);

  int64_t getCount() const { return count; }
  int64_t getLength() const { return length; }

  /// Index of the first element of a run in the tensor of the global batch, `firstSample` being the
  /// place of the micro-batch in it.
  uint64_t start(int64_t run, int64_t globalBatch = 1, int64_t firstSample = 0) const;

private:
  std::vector<int64_t> shape;
  Box box;
  int batchDim;
  size_t firstInRun; ///< dimensions from here on are in one run
  int64_t length = 1, count = 1;
};

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_RANDOM_GLOBALRUNS_H
