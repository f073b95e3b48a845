//===- Mutations.h - Programs that a wrong lowering would give --*- C++ -*-===//
//
// Each function gives the programs that differ from `program` in one fault of its kind, one for
// each place where the fault can be made. All of them run to their end; what they train is wrong.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_EQUIVALENCE_MUTATIONS_H
#define ACESO_TEST_UNIT_EQUIVALENCE_MUTATIONS_H

#include "aceso/Program/Program.h"

#include <string>
#include <vector>

namespace aceso::test {

struct Mutant {
  /// Where the fault is.
  std::string place;
  Program program;
};

/// A reduction, gather or scatter runs over another digit of the mesh: with ranks that hold
/// something else.
std::vector<Mutant> withWrongGroup(const Program &program);

/// What one backward op adds to the gradient of a parameter is added twice.
std::vector<Mutant> withDoubledGradient(const Program &program);

/// Where the uses of a value lie on two stages, the gradient that comes back over the boundary is
/// not added to the one of the own stage.
std::vector<Mutant> withDroppedGradientAtCut(const Program &program);

/// The bias of a linear whose input features are split is added by every rank and not by one.
std::vector<Mutant> withBiasOnEveryRank(const Program &program);

/// Between forward and backward the first two micro-batches of one slot change places.
std::vector<Mutant> withSwappedMicroBatches(const Program &program);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_EQUIVALENCE_MUTATIONS_H
