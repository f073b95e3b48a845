//===- Bottleneck.cpp - What holds a plan back ------------------*- C++ -*-===//

#include "aceso/Search/Bottleneck.h"

#include <algorithm>

using namespace aceso;

std::string_view aceso::resourceName(Resource resource) {
  switch (resource) {
  case Resource::Memory:
    return "memory";
  case Resource::Compute:
    return "compute";
  case Resource::Efficiency:
    return "efficiency";
  case Resource::Recompute:
    return "recompute";
  }
  return "";
}

/// A stage's share of what all stages have; nothing to have is no share.
static double shareOf(const PlanCost &cost, uint32_t stage, double StageCost::*quantity) {
  double sum = 0;
  for (const StageCost &other : cost.stages)
    sum += other.*quantity;
  double own = cost.stages[stage].*quantity;
  return own > 0 && sum > 0 ? own / sum : 0;
}

std::optional<Bottleneck> aceso::findBottleneck(const PlanCost &cost,
                                                std::span<const uint32_t> exhausted) {
  std::optional<Bottleneck> found;
  auto isWorse = [&](const StageCost &a, const StageCost &b) {
    return cost.feasible ? a.timeMs > b.timeMs : a.memoryUnits > b.memoryUnits;
  };
  for (uint32_t stage = 0; stage < cost.stages.size(); ++stage) {
    if (std::find(exhausted.begin(), exhausted.end(), stage) != exhausted.end())
      continue;
    if (!found || isWorse(cost.stages[stage], cost.stages[found->stage]))
      found = Bottleneck{stage, {}};
  }
  if (!found)
    return found;
  if (!cost.feasible) {
    found->resources = {Resource::Memory};
    return found;
  }
  found->resources = {Resource::Compute, Resource::Efficiency, Resource::Recompute};
  double shares[] = {0, shareOf(cost, found->stage, &StageCost::idealPerDeviceMs),
                     shareOf(cost, found->stage, &StageCost::effLossPerDeviceMs),
                     shareOf(cost, found->stage, &StageCost::recomputePerDeviceMs)};
  std::stable_sort(found->resources.begin(), found->resources.end(), [&](Resource a, Resource b) {
    return shares[unsigned(a)] > shares[unsigned(b)];
  });
  return found;
}

std::vector<std::vector<uint32_t>> aceso::orderByPolicy(std::span<const StageEffect> effects,
                                                        const PlanCost &cost,
                                                        const Bottleneck &bottleneck) {
  std::vector<std::vector<uint32_t>> groups;
  std::vector<bool> placed(effects.size(), false);
  auto addGroup = [&](auto belongs) {
    std::vector<uint32_t> group;
    for (uint32_t i = 0; i < effects.size(); ++i)
      if (!placed[i] && belongs(effects[i])) {
        group.push_back(i);
        placed[i] = true;
      }
    if (!group.empty())
      groups.push_back(std::move(group));
  };
  auto isLess = [](Change change) { return change == Change::Less; };
  auto isNotMore = [](Change change) { return change == Change::Less || change == Change::None; };

  if (!cost.feasible) {
    addGroup([&](const StageEffect &effect) { return isLess(effect.memory); });
    return groups;
  }
  const StageCost &stage = cost.stages[bottleneck.stage];
  auto isAboveAverage = [&](double StageCost::*quantity) {
    return shareOf(cost, bottleneck.stage, quantity) * double(cost.stages.size()) > 1;
  };
  bool worksMuch = isAboveAverage(&StageCost::idealPerDeviceMs);
  bool losesMuch = isAboveAverage(&StageCost::effLossPerDeviceMs);
  bool recomputes = stage.recomputePerDeviceMs > 0;
  for (Resource resource : bottleneck.resources) {
    // What relieves the resource without adding to what else the stage has much of, then whatever
    // relieves it.
    switch (resource) {
    case Resource::Compute:
      addGroup([&](const StageEffect &effect) {
        return isLess(effect.time) && (!losesMuch || isNotMore(effect.communication)) &&
               (!recomputes || isNotMore(effect.memory));
      });
      addGroup([&](const StageEffect &effect) { return isLess(effect.time); });
      break;
    case Resource::Efficiency:
      addGroup([&](const StageEffect &effect) {
        return isLess(effect.communication) && (!worksMuch || isNotMore(effect.time)) &&
               (!recomputes || isNotMore(effect.memory));
      });
      addGroup([&](const StageEffect &effect) { return isLess(effect.communication); });
      break;
    case Resource::Recompute:
    case Resource::Memory:
      addGroup([&](const StageEffect &effect) {
        return isLess(effect.memory) && (!worksMuch || isNotMore(effect.time)) &&
               (!losesMuch || isNotMore(effect.communication));
      });
      addGroup([&](const StageEffect &effect) { return isLess(effect.memory); });
      break;
    }
  }
  addGroup([](const StageEffect &) { return true; });
  return groups;
}
