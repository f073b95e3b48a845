//===- Moves.h - Moves as rewrites of a plan --------------------*- C++ -*-===//
//
// A move says on the compact plan what it changes and whether that is legal (Search/Move.h). Here
// it changes the IR: only the markers, shards and attributes that differ.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_DIALECT_PAR_TRANSFORMS_MOVES_H
#define ACESO_DIALECT_PAR_TRANSFORMS_MOVES_H

#include "aceso/Dialect/Par/Par.h"
#include "aceso/Search/Moves.h"

namespace aceso::par {

/// Applies one move. On refusal: an error at the plan that says why, and the plan is as it was.
llvm::LogicalResult applyMove(PlanOp plan, const Move &move);

/// Applies moves one after the other; those before a refused one stay applied.
llvm::LogicalResult applyMoves(PlanOp plan, const MoveList &moves);

} // namespace aceso::par

#endif // ACESO_DIALECT_PAR_TRANSFORMS_MOVES_H
