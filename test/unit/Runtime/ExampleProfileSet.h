//===- ExampleProfileSet.h - Programs to measure, by hand -------*- C++ -*-===//
//
// One op: two linear layers, [batch, inner] -> [batch, hidden] -> [batch, inner], both with the
// path "mlp". With tp 1 each rank has its own samples; with tp = devices the hidden dimension is
// split, so that forward and backward end with an all-reduce. Rule 1 is the same as rule 0.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_RUNTIME_EXAMPLEPROFILESET_H
#define ACESO_TEST_UNIT_RUNTIME_EXAMPLEPROFILESET_H

#include "aceso/Program/ProfileSet.h"

namespace aceso::test {

struct ExampleMlp {
  int64_t inner = 16, hidden = 64;
  /// Whether what is between the layers is kept for backward, or calculated again.
  bool keepsBetween = true;
};

/// Samples 1 and 2, tp 1 and `devices`, rules 0 and 1 for tp 1: six rows from four programs.
ProfileSet exampleProfileSet(int64_t devices, const ExampleMlp &mlp = {});

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_RUNTIME_EXAMPLEPROFILESET_H
