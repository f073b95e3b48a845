//===- Moves.cpp - Moves as rewrites of a plan ----------------------------===//

#include "aceso/Dialect/Par/Transforms/Moves.h"

#include "aceso/Analysis/PlanFacts.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::par;

/// Not emitOpError: it would print the whole plan.
static LogicalResult refuse(PlanOp plan, const std::string &refusal) {
  return emitError(plan.getLoc()) << "'" << plan->getName() << "' op " << refusal;
}

LogicalResult par::applyMoves(PlanOp plan, const MoveList &moves) {
  ModelFacts facts = collectModelFacts(plan);
  CompactPlan compact = toCompactPlan(plan);
  std::string refusal;
  for (const std::unique_ptr<Move> &move : moves)
    if (refusal = move->apply(compact, facts); !refusal.empty())
      break;
  applyCompactPlan(plan, compact);
  return refusal.empty() ? success() : refuse(plan, refusal);
}

LogicalResult par::applyMove(PlanOp plan, const Move &move) {
  CompactPlan compact = toCompactPlan(plan);
  if (std::string refusal = move.apply(compact, collectModelFacts(plan)); !refusal.empty())
    return refuse(plan, refusal);
  applyCompactPlan(plan, compact);
  return success();
}
