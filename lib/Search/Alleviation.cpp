//===- Alleviation.cpp - One bottleneck after another -----------*- C++ -*-===//

#include "aceso/Search/Alleviation.h"

#include "Partitioner.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace aceso;

bool Prediction::isBetterThan(const Prediction &other) const {
  if (feasible != other.feasible)
    return feasible;
  return feasible ? iterationMs < other.iterationMs : maxMemoryMiB < other.maxMemoryMiB;
}

uint64_t aceso::fingerprint(const SearchPlan &plan) {
  uint64_t hash = 0xcbf29ce484222325ull;
  auto add = [&](uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 29;
  };
  add(plan.microBatch);
  for (const StageChoice &stage : plan.stages) {
    add(stage.end);
    add(stage.pattern);
    for (const MaskRun &run : stage.masks) {
      add(run.blocks);
      add(run.mask);
    }
  }
  return hash;
}

bool Alleviation::isNew(const SearchPlan &plan) { return visited.insert(fingerprint(plan)).second; }

//===----------------------------------------------------------------------===//
// One step
//===----------------------------------------------------------------------===//

std::vector<Alleviation::Judged> Alleviation::judgeAll(const Patient &patient,
                                                       std::span<const uint32_t> remedies) {
  std::vector<Judged> judged;
  for (uint32_t index : remedies) {
    if (budget.isSpent())
      break;
    const Remedy &remedy = *allRemedies()[index];
    std::vector<Candidate> candidates;
    remedy.propose(patient, candidates);
    for (Candidate &candidate : candidates) {
      bool isRepeated = candidate.plan == patient.plan ||
                        std::any_of(judged.begin(), judged.end(), [&](const Judged &other) {
                          return other.candidate.plan == candidate.plan;
                        });
      if (isRepeated)
        continue;
      workshop.getModel().countCandidate();
      PlanCost cost = judge(candidate.plan);
      judged.push_back({std::move(candidate), std::move(cost), remedy.getName()});
    }
  }
  return judged;
}

static std::string percentOf(double value, double base) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", (value / base - 1) * 100);
  return text;
}

/// Why a judged plan is not taken.
static std::string verdictOn(const PlanCost &cost, const Prediction &best) {
  if (!cost.feasible) {
    auto worst = std::max_element(
        cost.stages.begin(), cost.stages.end(),
        [](const StageCost &a, const StageCost &b) { return a.memoryUnits < b.memoryUnits; });
    char text[96];
    std::snprintf(text, sizeof text, "stage %d needs %.1f MiB", int(worst - cost.stages.begin()),
                  worst->memoryMiB);
    return text;
  }
  if (best.feasible && cost.iterationMs >= best.iterationMs)
    return "slower by " + percentOf(cost.iterationMs, best.iterationMs);
  return "another is better";
}

AlleviationStep Alleviation::step(const SearchPlan &plan, const PlanCost &cost, bool thorough,
                                  double belowMs) {
  AlleviationStep step;
  step.before = Prediction(cost);
  std::vector<StageEffect> effects;
  std::vector<uint32_t> quick, slow;
  for (uint32_t i = 0; i < allRemedies().size(); ++i) {
    (allRemedies()[i]->isThorough() ? slow : quick).push_back(i);
    effects.push_back(allRemedies()[i]->getEffect());
  }
  // Plans must be better than this one, and than what the caller has.
  Prediction target = step.before;
  double limitMs = cost.feasible
                       ? cost.iterationMs
                       : workshop.partitioner(plan.microBatch).getBound().longestIterationMs();
  if (belowMs > 0 && belowMs < limitMs)
    limitMs = belowMs;
  if (belowMs > 0 && (!target.feasible || belowMs < target.iterationMs)) {
    target.feasible = true;
    target.iterationMs = belowMs;
  }

  auto tryGroup = [&](const Bottleneck &bottleneck, const std::vector<uint32_t> &group) {
    Patient patient{workshop, plan, cost, bottleneck, limitMs, budget};
    std::vector<Judged> judged = judgeAll(patient, group);
    const Judged *best = nullptr;
    for (const Judged &one : judged)
      if (Prediction(one.cost).isBetterThan(best ? Prediction(best->cost) : target))
        best = &one;
    for (const Judged &one : judged) {
      Trial trial{std::string(one.remedy), one.candidate.what, Prediction(one.cost), &one == best,
                  &one == best ? "accepted" : verdictOn(one.cost, target)};
      step.trials.push_back(std::move(trial));
    }
    step.bottleneck = bottleneck;
    if (!best)
      return false;
    step.plan = best->candidate.plan;
    step.cost = best->cost;
    return true;
  };

  std::vector<uint32_t> exhausted;
  std::optional<Bottleneck> worst = findBottleneck(cost);
  while (std::optional<Bottleneck> bottleneck = findBottleneck(cost, exhausted)) {
    for (std::vector<uint32_t> &group : orderByPolicy(effects, cost, *bottleneck)) {
      std::erase_if(group, [&](uint32_t i) { return allRemedies()[i]->isThorough(); });
      if (!group.empty() && tryGroup(*bottleneck, group))
        return step;
    }
    // A stage that is not over the limit does not become the bottleneck by being next.
    if (!cost.feasible && cost.stages[bottleneck->stage].withinLimit)
      break;
    exhausted.push_back(bottleneck->stage);
  }
  if (thorough)
    for (uint32_t i : slow)
      if (tryGroup(*worst, {i}))
        return step;
  step.bottleneck = *worst;
  return step;
}

//===----------------------------------------------------------------------===//
// Several hops
//===----------------------------------------------------------------------===//

std::vector<AlleviationStep> Alleviation::hop(const SearchPlan &plan, const PlanCost &cost,
                                              uint32_t maxHops) {
  std::vector<AlleviationStep> steps;
  std::vector<uint32_t> exhausted;
  isNew(plan);
  while (std::optional<Bottleneck> bottleneck = findBottleneck(cost, exhausted)) {
    if (budget.isSpent())
      break;
    if (hopFrom(plan, cost, 0, maxHops, Prediction(cost), exhausted, steps))
      return steps;
    exhausted.push_back(bottleneck->stage);
  }
  return {};
}

bool Alleviation::hopFrom(const SearchPlan &plan, const PlanCost &cost, uint32_t depth,
                          uint32_t maxHops, const Prediction &target,
                          std::span<const uint32_t> exhausted,
                          std::vector<AlleviationStep> &steps) {
  // Plans that are much worse lead nowhere; of the others the best few are followed.
  constexpr double allowance = 1.2;
  constexpr size_t width = 3;
  std::optional<Bottleneck> bottleneck = findBottleneck(cost, exhausted);
  if (!bottleneck)
    return false;
  double limitMs = target.feasible
                       ? target.iterationMs * allowance
                       : workshop.partitioner(plan.microBatch).getBound().longestIterationMs();
  Patient patient{workshop, plan, cost, *bottleneck, limitMs, budget};
  std::vector<StageEffect> effects;
  for (const auto &remedy : allRemedies())
    effects.push_back(remedy->getEffect());

  AlleviationStep step;
  step.bottleneck = *bottleneck;
  step.before = Prediction(cost);
  for (std::vector<uint32_t> &group : orderByPolicy(effects, cost, *bottleneck)) {
    std::erase_if(group, [&](uint32_t i) { return allRemedies()[i]->isThorough(); });
    std::vector<Judged> judged = judgeAll(patient, group);
    std::erase_if(judged, [&](const Judged &one) { return !isNew(one.candidate.plan); });
    std::stable_sort(judged.begin(), judged.end(), [](const Judged &a, const Judged &b) {
      return Prediction(a.cost).isBetterThan(Prediction(b.cost));
    });
    for (size_t i = 0; i < judged.size(); ++i) {
      Judged &one = judged[i];
      bool isBetter = Prediction(one.cost).isBetterThan(target);
      bool isFollowed = !isBetter && i < width && depth + 1 < maxHops && !budget.isSpent() &&
                        (!target.feasible || (one.cost.feasible && one.cost.iterationMs < limitMs));
      if (!isBetter && !isFollowed) {
        step.trials.push_back({std::string(one.remedy), one.candidate.what, Prediction(one.cost),
                               false, verdictOn(one.cost, target)});
        continue;
      }
      size_t position = steps.size();
      steps.emplace_back();
      if (isBetter ||
          hopFrom(one.candidate.plan, one.cost, depth + 1, maxHops, target, {}, steps)) {
        step.trials.push_back({std::string(one.remedy), one.candidate.what, Prediction(one.cost),
                               true, isBetter ? "accepted" : "accepted as a hop"});
        step.plan = std::move(one.candidate.plan);
        step.cost = std::move(one.cost);
        steps[position] = std::move(step);
        return true;
      }
      steps.resize(position);
      step.trials.push_back({std::string(one.remedy), one.candidate.what, Prediction(one.cost),
                             false, verdictOn(one.cost, target) + ", and led no further"});
    }
  }
  return false;
}
