//===- RecomputeKnapsack.cpp - Which ops to recompute, fast -----*- C++ -*-===//

#include "RecomputeKnapsack.h"

#include <algorithm>
#include <cassert>

using namespace aceso;

//===----------------------------------------------------------------------===//
// Frontiers
//===----------------------------------------------------------------------===//

void aceso::keepBestPoints(std::vector<MaskPoint> &points, size_t maxPoints) {
  std::sort(points.begin(), points.end(), [](const MaskPoint &a, const MaskPoint &b) {
    if (a.timeNs != b.timeNs)
      return a.timeNs < b.timeNs;
    if (a.savedUnits != b.savedUnits)
      return a.savedUnits > b.savedUnits;
    return a.peakUnits != b.peakUnits ? a.peakUnits < b.peakUnits : a.mask < b.mask;
  });
  size_t kept = 0;
  for (const MaskPoint &point : points)
    if (kept == 0 || point.savedUnits > points[kept - 1].savedUnits)
      points[kept++] = point;
  points.resize(kept);
  if (kept <= maxPoints)
    return;
  // Evenly by savings: a block only ever fits what is left, to which these come close enough.
  std::vector<MaskPoint> thinned{points.front()};
  int64_t span = points.back().savedUnits - points.front().savedUnits;
  for (size_t i = 1; i + 1 < kept; ++i) {
    int64_t next = points.front().savedUnits + span * int64_t(thinned.size()) / int64_t(maxPoints);
    if (points[i].savedUnits >= next && thinned.size() + 1 < maxPoints)
      thinned.push_back(points[i]);
  }
  thinned.push_back(points.back());
  points = std::move(thinned);
}

void MaskFrontier::addLevel(std::vector<MaskPoint> points, size_t maxPoints) {
  Level level;
  points.emplace_back();
  keepBestPoints(points, maxPoints);
  level.points = std::move(points);
  for (const MaskPoint &point : level.points)
    level.peakUnits = std::max(level.peakUnits, point.peakUnits);
  assert(level.points.front().savedUnits == 0 || level.points.front().timeNs == 0);
  for (uint16_t i = 0; i < level.points.size(); ++i) {
    // The middle of three points stays if the first step saves more for its time than the second.
    while (level.hull.size() >= 2) {
      const MaskPoint &a = level.points[level.hull[level.hull.size() - 2]];
      const MaskPoint &b = level.points[level.hull.back()], &c = level.points[i];
      if (double(b.savedUnits - a.savedUnits) * double(c.timeNs - b.timeNs) >
          double(c.savedUnits - b.savedUnits) * double(b.timeNs - a.timeNs))
        break;
      level.hull.pop_back();
    }
    level.hull.push_back(i);
  }
  assert(level.peakUnits >= levels.back().peakUnits);
  if (level.peakUnits == levels.back().peakUnits)
    levels.pop_back();
  levels.push_back(std::move(level));
}

const MaskFrontier::Level &MaskFrontier::levelFor(int64_t peakUnits) const {
  size_t level = levels.size() - 1;
  while (level > 0 && levels[level].peakUnits > peakUnits)
    --level;
  return levels[level];
}

//===----------------------------------------------------------------------===//
// Knapsack
//===----------------------------------------------------------------------===//

/// At least enough: saved * inFlight >= units.
static int64_t savingsFor(int64_t units, int64_t inFlight) {
  return units <= 0 ? 0 : (units + inFlight - 1) / inFlight;
}

RecomputeKnapsack::Totals RecomputeKnapsack::measure(std::span<const KnapsackGroup> groups) const {
  Totals totals;
  for (size_t g = 0; g < groups.size(); ++g) {
    const Taken &part = taken[g];
    auto add = [&](uint32_t step, int64_t count) {
      if (count == 0)
        return;
      const MaskPoint &point = part.level->points[part.level->hull[step]];
      totals.timeNs += point.timeNs * count;
      totals.savedUnits += point.savedUnits * count;
      totals.peakUnits = std::max(totals.peakUnits, point.peakUnits);
    };
    add(part.step, groups[g].count - part.ahead);
    add(part.step + 1, part.ahead);
  }
  return totals;
}

/// Takes steps by rising price until `need` is saved. `last`: the group that stepped last. False:
/// all steps do not suffice.
bool RecomputeKnapsack::descend(std::span<const KnapsackGroup> groups, int64_t need,
                                uint32_t &last) {
  int64_t saved = 0;
  last = groups.size();
  for (size_t g = 0; g < groups.size(); ++g)
    saved += taken[g].level->points[taken[g].level->hull[0]].savedUnits * groups[g].count;
  while (saved < need) {
    uint32_t best = groups.size();
    int64_t bestSaved = 0, bestTime = 0;
    for (uint32_t g = 0; g < groups.size(); ++g) {
      const MaskFrontier::Level &level = *taken[g].level;
      if (taken[g].ahead == groups[g].count) {
        ++taken[g].step;
        taken[g].ahead = 0;
      }
      if (taken[g].step + 1 >= level.hull.size())
        continue;
      const MaskPoint &from = level.points[level.hull[taken[g].step]];
      const MaskPoint &to = level.points[level.hull[taken[g].step + 1]];
      int64_t stepSaved = to.savedUnits - from.savedUnits, stepTime = to.timeNs - from.timeNs;
      if (best == groups.size() ||
          double(stepSaved) * double(bestTime) > double(bestSaved) * double(stepTime)) {
        best = g;
        bestSaved = stepSaved;
        bestTime = stepTime;
      }
    }
    if (best == groups.size())
      return false;
    int64_t count =
        std::min<int64_t>(groups[best].count, (need - saved + bestSaved - 1) / bestSaved);
    taken[best].ahead = count;
    saved += bestSaved * count;
    last = best;
  }
  return true;
}

/// One block that takes another point so that less is saved in excess: either as things are, or
/// after the last step of one block was undone (`undoLast`).
RecomputeKnapsack::Special RecomputeKnapsack::fit(std::span<const KnapsackGroup> groups,
                                                  const Totals &totals, int64_t overUnits,
                                                  int64_t inFlight, uint32_t last,
                                                  bool &undoLast) const {
  Special best;
  undoLast = false;
  int64_t excess = totals.savedUnits - savingsFor(overUnits + totals.peakUnits, inFlight);
  if (excess <= 0 || last == groups.size())
    return best;
  int64_t bestGain = 0;
  auto consider = [&](uint32_t g, const MaskPoint &from, int64_t change, int64_t gained,
                      bool undo) {
    // The cheapest point that saves at least from.saved + change.
    const std::vector<MaskPoint> &points = taken[g].level->points;
    auto it = std::lower_bound(
        points.begin(), points.end(), from.savedUnits + change,
        [](const MaskPoint &point, int64_t saved) { return point.savedUnits < saved; });
    while (it != points.end() && it->peakUnits > totals.peakUnits)
      ++it;
    if (it == points.end())
      return;
    int64_t gain = gained + from.timeNs - it->timeNs;
    if (gain > bestGain) {
      bestGain = gain;
      best = {true, g, &from, &*it};
      undoLast = undo;
    }
  };

  const Taken &lastTaken = taken[last];
  const MaskFrontier::Level &lastLevel = *lastTaken.level;
  const MaskPoint &before = lastLevel.points[lastLevel.hull[lastTaken.step]];
  const MaskPoint &behind = lastLevel.points[lastLevel.hull[lastTaken.step + 1]];
  int64_t lastSaved = behind.savedUnits - before.savedUnits;
  int64_t lastTime = behind.timeNs - before.timeNs;
  // A longer segment may have a smaller peak, where one that is open at the end is lost.
  bool mayUndo = before.peakUnits <= totals.peakUnits;
  for (uint32_t g = 0; g < groups.size(); ++g) {
    const MaskFrontier::Level &level = *taken[g].level;
    for (uint32_t ahead : {0u, 1u}) {
      int64_t count = ahead ? taken[g].ahead : groups[g].count - taken[g].ahead;
      int64_t countUndone = count + (g == last ? (ahead ? -1 : 1) : 0);
      if (count == 0 && countUndone == 0)
        continue;
      const MaskPoint &from = level.points[level.hull[taken[g].step + ahead]];
      if (count > 0)
        consider(g, from, -excess, 0, false);
      if (countUndone > 0 && mayUndo)
        consider(g, from, lastSaved - excess, lastTime, true);
    }
  }
  return best;
}

void RecomputeKnapsack::solve(std::span<const KnapsackGroup> groups, int64_t overUnits,
                              int64_t inFlight, bool wantParts, KnapsackSolution &solution) {
  solution.fits = false;
  solution.timeNs = solution.savedUnits = solution.peakUnits = 0;
  solution.parts.clear();

  peaks.clear();
  for (const KnapsackGroup &group : groups)
    for (const MaskFrontier::Level &level : group.frontier->getLevels())
      if (std::find(peaks.begin(), peaks.end(), level.peakUnits) == peaks.end())
        peaks.push_back(level.peakUnits);
  if (overUnits <= 0)
    peaks.assign(1, 0);

  bool isFirst = true;
  for (int64_t peak : peaks) {
    taken.clear();
    int64_t bound = 0;
    for (const KnapsackGroup &group : groups) {
      taken.push_back({&group.frontier->levelFor(peak), 0, 0});
      bound = std::max(bound, taken.back().level->peakUnits);
    }
    uint32_t last;
    bool fits = descend(groups, overUnits <= 0 ? 0 : savingsFor(overUnits + bound, inFlight), last);
    Totals totals = measure(groups);
    Special special;
    bool undoLast = false;
    if (fits) {
      special = fit(groups, totals, overUnits, inFlight, last, undoLast);
    } else if (totals.savedUnits * inFlight - totals.peakUnits >= overUnits) {
      // The bound on the peak was too cautious.
      fits = true;
    }
    if (undoLast) {
      const MaskFrontier::Level &level = *taken[last].level;
      const MaskPoint &before = level.points[level.hull[taken[last].step]];
      const MaskPoint &behind = level.points[level.hull[taken[last].step + 1]];
      --taken[last].ahead;
      totals.timeNs -= behind.timeNs - before.timeNs;
      totals.savedUnits -= behind.savedUnits - before.savedUnits;
    }
    if (special.used) {
      totals.timeNs += special.to->timeNs - special.from->timeNs;
      totals.savedUnits += special.to->savedUnits - special.from->savedUnits;
    }

    bool isBetter = isFirst || (fits && !solution.fits);
    if (!isBetter && fits == solution.fits)
      isBetter = fits ? totals.timeNs < solution.timeNs
                      : totals.savedUnits * inFlight - totals.peakUnits >
                            solution.savedUnits * inFlight - solution.peakUnits;
    if (!isBetter)
      continue;
    isFirst = false;
    solution.fits = fits;
    solution.timeNs = totals.timeNs;
    solution.savedUnits = totals.savedUnits;
    solution.peakUnits = totals.peakUnits;
    if (!wantParts)
      continue;
    solution.parts.clear();
    for (uint32_t g = 0; g < groups.size(); ++g) {
      const MaskFrontier::Level &level = *taken[g].level;
      for (uint32_t ahead : {1u, 0u}) {
        uint32_t count = ahead ? taken[g].ahead : groups[g].count - taken[g].ahead;
        if (count == 0)
          continue;
        const MaskPoint &point = level.points[level.hull[taken[g].step + ahead]];
        if (special.used && special.group == g && special.from == &point) {
          solution.parts.push_back({g, 1, special.to->mask});
          special.used = false;
          --count;
        }
        if (count > 0)
          solution.parts.push_back({g, count, point.mask});
      }
    }
  }
}
