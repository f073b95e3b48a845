//===- Alleviation.h - One bottleneck after another -------------*- C++ -*-===//
//
// Iterative bottleneck alleviation (docs/rationale/Cost.md): find the bottleneck and what it
// is short of, try the remedies whose effect fits, take the best one that makes the plan better.
// Where none does, look a few hops ahead: a change that makes things worse may open the way to one
// that is better than all so far.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_ALLEVIATION_H
#define ACESO_SEARCH_ALLEVIATION_H

#include "aceso/Search/Remedy.h"

#include <functional>
#include <unordered_set>

namespace aceso {

/// What a cost says of a plan at a glance.
struct Prediction {
  double iterationMs = 0, maxMemoryMiB = 0;
  bool feasible = false;

  Prediction() = default;
  explicit Prediction(const PlanCost &cost)
      : iterationMs(cost.iterationMs), maxMemoryMiB(cost.maxMemoryMiB), feasible(cost.feasible) {}
  /// Feasible before infeasible; then the shorter iteration (the least memory).
  bool isBetterThan(const Prediction &other) const;
};

/// A candidate that was judged.
struct Trial {
  std::string remedy, what;
  Prediction predicted;
  bool accepted = false;
  std::string verdict; ///< "accepted", or why not
};

/// One step: a bottleneck, what was tried, and what was taken.
struct AlleviationStep {
  Bottleneck bottleneck;
  Prediction before;
  std::vector<Trial> trials;
  SearchPlan plan; ///< after it
  PlanCost cost;   ///< of `plan`
};

/// Judges a plan. The compact model does; a pass has its own, on IR.
using PlanJudge = std::function<PlanCost(const SearchPlan &)>;

class Alleviation {
public:
  struct Options {
    /// Also try remedies that work on the whole plan at much cost.
    bool thorough = true;
    /// Plans must beat this iteration, too.
    double belowMs = 0;
    /// Hops to look ahead; 1: only what improves at once.
    uint32_t maxHops = 1;
  };

  Alleviation(Workshop &workshop, PlanJudge judge, Budget &budget)
      : workshop(workshop), judge(std::move(judge)), budget(budget) {}

  /// A better plan by one remedy for one bottleneck, the worst first. Empty plan.stages: none; the
  /// trials say why.
  AlleviationStep step(const SearchPlan &plan, const PlanCost &cost, bool thorough, double belowMs);
  /// Steps that lead to a better plan, the last of which is better than `plan`; up to `maxHops`.
  /// Empty if none was found.
  std::vector<AlleviationStep> hop(const SearchPlan &plan, const PlanCost &cost, uint32_t maxHops);

private:
  struct Judged {
    Candidate candidate;
    PlanCost cost;
    std::string_view remedy;
  };
  std::vector<Judged> judgeAll(const Patient &patient, std::span<const uint32_t> remedies);
  bool hopFrom(const SearchPlan &plan, const PlanCost &cost, uint32_t depth, uint32_t maxHops,
               const Prediction &target, std::span<const uint32_t> exhausted,
               std::vector<AlleviationStep> &steps);
  bool isNew(const SearchPlan &plan);

  Workshop &workshop;
  PlanJudge judge;
  Budget &budget;
  /// Plans that a hop has seen.
  std::unordered_set<uint64_t> visited;
};

/// Equal plans have equal fingerprints; others hardly ever.
uint64_t fingerprint(const SearchPlan &plan);

} // namespace aceso

#endif // ACESO_SEARCH_ALLEVIATION_H
