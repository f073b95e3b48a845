//===- GptFacts.h - Facts of a GPT, written by hand -------------*- C++ -*-===//
//
// The same letters and values as the compiler reads off its ops, for tests that have no IR.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_COST_GPTFACTS_H
#define ACESO_TEST_UNIT_COST_GPTFACTS_H

#include "aceso/Cost/ModelFacts.h"

namespace aceso::test {

struct GptSize {
  int64_t layers = 2, sequence = 8, hidden = 16, heads = 4, vocabulary = 32;
  unsigned elementBytes = 4;
};

/// 13 * layers + 3 ops under the published profile keys; the word table is used by the first and
/// the last op.
ModelFacts gptFacts(const GptSize &size);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_COST_GPTFACTS_H
