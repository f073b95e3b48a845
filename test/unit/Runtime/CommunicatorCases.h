//===- CommunicatorCases.h - What every communicator does -------*- C++ -*-===//
//
// The cases of the conformance suite: each rank runs the same function with its communicator and
// throws if it sees something else than it should.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_RUNTIME_COMMUNICATORCASES_H
#define ACESO_TEST_UNIT_RUNTIME_COMMUNICATORCASES_H

#include "aceso/Runtime/Communicator.h"

#include <functional>
#include <string>
#include <vector>

namespace aceso::test {

struct CommunicatorCase {
  std::string name;
  std::function<void(Communicator &)> run;
};

/// For any number of ranks.
const std::vector<CommunicatorCase> &communicatorCases();

/// For at least two ranks: the last rank fails, all others end with a PeerFailure that names it.
const std::vector<CommunicatorCase> &failureCases();

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_RUNTIME_COMMUNICATORCASES_H
