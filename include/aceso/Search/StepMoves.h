//===- StepMoves.h - Steps of a search as moves -----------------*- C++ -*-===//

#ifndef ACESO_SEARCH_STEPMOVES_H
#define ACESO_SEARCH_STEPMOVES_H

#include "aceso/Search/Moves.h"

namespace aceso {

/// Moves that turn `from` into `to`, as movesBetween, but told as a person would: devices that one
/// stage got from others and boundaries that shifted are moves of their own where that is possible.
Result<MoveList> movesOfStep(const CompactPlan &from, const CompactPlan &to,
                             const ModelFacts &facts);

} // namespace aceso

#endif // ACESO_SEARCH_STEPMOVES_H
