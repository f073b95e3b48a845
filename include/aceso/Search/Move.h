//===- Move.h - One change of a plan ----------------------------*- C++ -*-===//
//
// A move has a name (that of its pass), options, an effect on the resources of each stage, a
// legality check, an application and an estimate. Search and passes take moves through this class,
// so that a new one is added beside them: docs/dev/add-a-move.md.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_MOVE_H
#define ACESO_SEARCH_MOVE_H

#include "aceso/Cost/PlanFormula.h"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace aceso {

/// What happens to a quantity.
enum class Change : int8_t { Less = -1, None = 0, More = 1, Varies = 2 };

/// The effect of a move on one stage, by quantity, as the paper's table of primitives has it. Time,
/// memory and communication are those of the stage, efficiency is how well it uses its devices.
struct StageEffect {
  Change time = Change::None, memory = Change::None, devices = Change::None,
         workload = Change::None, efficiency = Change::None, communication = Change::None;
  bool operator==(const StageEffect &) const = default;
};

/// An option of a move as text, as its pass takes it.
struct MoveOption {
  std::string name, value;
};

class Move {
public:
  virtual ~Move() = default;

  /// The name of the pass: "par-move-ops".
  virtual std::string_view getName() const = 0;
  /// In the order in which they are printed; those that have their default are left out.
  virtual std::vector<MoveOption> getOptions() const = 0;
  virtual StageEffect effectOn(const CompactPlan &plan, uint32_t stage) const = 0;

  /// Changes `plan`. Empty, or why it cannot, and then `plan` is as it was: options that do not fit
  /// the plan, or a result that breaks an invariant (checkPlan). A fragment to follow the plan's
  /// name.
  std::string apply(CompactPlan &plan, const ModelFacts &facts) const;

  /// The cost of `plan` after the move. Errors: the move does not apply, or what the formula
  /// reports.
  Result<PlanCost> estimate(const CompactPlan &plan, const ModelFacts &facts,
                            const PlanFormula &formula) const;

  /// "par-move-ops{stage=0 count=3}": an element of a pass pipeline on par.plan.
  std::string toString() const;

protected:
  /// Changes `plan`, or says why it cannot; then `plan` may be left in between. The result need not
  /// be legal.
  virtual std::string change(CompactPlan &plan) const = 0;
};

using MoveList = std::vector<std::unique_ptr<Move>>;

/// Reads what Move::toString and MLIR's --dump-pass-pipeline print. Errors name the move and
/// option.
Result<std::unique_ptr<Move>> parseMove(std::string_view text);
/// Moves separated by commas: "par-move-ops{stage=0 count=1},par-set-micro-batch{size=2}".
Result<MoveList> parseMoves(std::string_view text);
std::string toString(const MoveList &moves);

} // namespace aceso

#endif // ACESO_SEARCH_MOVE_H
