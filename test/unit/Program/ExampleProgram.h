//===- ExampleProgram.h - A small model lowered by hand ---------*- C++ -*-===//
//
// Two stages of two ranks. Stage 0 (digit 0 is tp): embedding with a split vocabulary, dropout, a
// column-split linear layer and gelu. Stage 1 (digit 0 is dp): head and cross entropy, the head's
// weight at home in two halves. 1F1B, gradient accumulation, clipping, optimizer. So every kind of
// instruction is there, and all collectives but all-to-all and box exchange.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_PROGRAM_EXAMPLEPROGRAM_H
#define ACESO_TEST_UNIT_PROGRAM_EXAMPLEPROGRAM_H

#include "aceso/Program/Program.h"

namespace aceso::test {

struct ExampleOptions {
  ElementType modelType = ElementType::F32, homeType = ElementType::F32;
  int64_t numMicroBatches = 3;
  OptimizerSettings optimizer;
  double dropout = 0.25;
  /// Rows of the table, of which the first ones are classes.
  int64_t vocabulary = 10, classes = 9;
};

struct ExampleSizes {
  static constexpr int64_t batch = 4, sequence = 6, hidden = 8, features = 12, positions = 7;
};

Program exampleProgram(const ExampleOptions &options = {});

/// Parameters of the example, in order.
enum ExampleParameter : Index { Table, Positions, Fc1Weight, Fc1Bias, HeadWeight };

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_PROGRAM_EXAMPLEPROGRAM_H
