//===- Budget.h - How much a search may judge -------------------*- C++ -*-===//

#ifndef ACESO_SEARCH_BUDGET_H
#define ACESO_SEARCH_BUDGET_H

#include "aceso/Search/StageModel.h"

#include <chrono>
#include <optional>

namespace aceso {

/// Counts candidates, so that a search ends at the same point on every machine. A candidate is one
/// stage under one configuration, recomputation chosen. A wall clock may end it too; then
/// wasCutByClock says so.
class Budget {
public:
  using Clock = std::chrono::steady_clock;

  Budget(const StageModel &model, uint64_t candidates,
         std::optional<Clock::time_point> deadline = std::nullopt)
      : model(&model), firstJudged(model.numJudged()), stopAt(model.numJudged() + candidates),
        deadline(deadline) {}

  bool isSpent() const;
  bool wasCutByClock() const { return cutByClock; }
  uint64_t used() const { return model->numJudged() - firstJudged; }

private:
  const StageModel *model;
  uint64_t firstJudged, stopAt;
  std::optional<Clock::time_point> deadline;
  mutable bool cutByClock = false;
  mutable uint64_t nextLook = 0;
};

} // namespace aceso

#endif // ACESO_SEARCH_BUDGET_H
