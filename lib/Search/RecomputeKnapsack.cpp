//===- RecomputeKnapsack.cpp - Which ops to recompute, fast -----*- C++ -*-===//

#include "RecomputeKnapsack.h"

#include <algorithm>
#include <cassert>
#include <limits>

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

/// Whether the way from `a` to `c` saves as much for its time as that from `a` to `b`, or more.
template <typename Point> static bool isUnderHull(const Point &a, const Point &b, const Point &c) {
  return double(b.savedUnits - a.savedUnits) * double(c.timeNs - b.timeNs) <=
         double(c.savedUnits - b.savedUnits) * double(b.timeNs - a.timeNs);
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
    while (level.hull.size() >= 2 && isUnderHull(level.points[level.hull[level.hull.size() - 2]],
                                                 level.points[level.hull.back()], level.points[i]))
      level.hull.pop_back();
    level.hull.push_back(i);
  }
  addToHull(level.points);
  assert(level.peakUnits >= levels.back().peakUnits);
  if (level.peakUnits == levels.back().peakUnits)
    levels.pop_back();
  levels.push_back(std::move(level));
}

void MaskFrontier::addToHull(const std::vector<MaskPoint> &points) {
  std::vector<HullPoint> all = std::move(hull);
  for (const MaskPoint &point : points)
    all.push_back({point.timeNs, point.savedUnits});
  std::sort(all.begin(), all.end(), [](const HullPoint &a, const HullPoint &b) {
    return a.timeNs != b.timeNs ? a.timeNs < b.timeNs : a.savedUnits > b.savedUnits;
  });
  hull.clear();
  for (const HullPoint &point : all) {
    if (!hull.empty() && point.savedUnits <= hull.back().savedUnits)
      continue;
    while (hull.size() >= 2 && isUnderHull(hull[hull.size() - 2], hull.back(), point))
      hull.pop_back();
    hull.push_back(point);
  }
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

RecomputeKnapsack::Totals
RecomputeKnapsack::measureTaken(std::span<const KnapsackGroup> groups) const {
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

/// Takes steps by rising price until `need` is saved, or there are no more. Gives the group that
/// stepped last.
uint32_t RecomputeKnapsack::descend(std::span<const KnapsackGroup> groups, int64_t need) {
  int64_t saved = 0;
  uint32_t last = groups.size();
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
      return best;
    int64_t count =
        std::min<int64_t>(groups[best].count, (need - saved + bestSaved - 1) / bestSaved);
    taken[best].ahead = count;
    saved += bestSaved * count;
    last = best;
  }
  return last;
}

void RecomputeKnapsack::makeEntries(std::span<const KnapsackGroup> groups) {
  entries.clear();
  for (uint32_t g = 0; g < groups.size(); ++g) {
    const Taken &part = bestTaken[g];
    for (uint32_t ahead : {1u, 0u})
      if (uint32_t count = ahead ? part.ahead : groups[g].count - part.ahead)
        entries.push_back({g, count, &part.level->points[part.level->hull[part.step + ahead]]});
  }
}

RecomputeKnapsack::Totals RecomputeKnapsack::measureEntries() const {
  Totals totals;
  for (const Entry &entry : entries) {
    totals.timeNs += entry.point->timeNs * entry.count;
    totals.savedUnits += entry.point->savedUnits * entry.count;
    totals.peakUnits = std::max(totals.peakUnits, entry.point->peakUnits);
  }
  return totals;
}

/// When one block of the entry is elsewhere.
int64_t RecomputeKnapsack::largestPeakWithout(size_t without) const {
  int64_t peak = 0;
  for (size_t i = 0; i < entries.size(); ++i)
    if (i != without || entries[i].count > 1)
      peak = std::max(peak, entries[i].point->peakUnits);
  return peak;
}

const MaskPoint *RecomputeKnapsack::cheapest(const MaskFrontier &frontier, int64_t savedUnits,
                                             int64_t peakUnits, int64_t overUnits,
                                             int64_t inFlight) const {
  const MaskPoint *best = nullptr;
  int64_t least = savingsFor(overUnits + peakUnits, inFlight) - savedUnits;
  for (const MaskFrontier::Level &level : frontier.getLevels()) {
    auto it = std::lower_bound(
        level.points.begin(), level.points.end(), least,
        [](const MaskPoint &point, int64_t saved) { return point.savedUnits < saved; });
    for (; it != level.points.end() && (!best || it->timeNs < best->timeNs); ++it)
      if ((savedUnits + it->savedUnits) * inFlight - std::max(peakUnits, it->peakUnits) >=
          overUnits) {
        best = &*it;
        break;
      }
  }
  return best;
}

void RecomputeKnapsack::replace(size_t index, const MaskPoint *point) {
  Entry &entry = entries[index];
  if (entry.count == 1) {
    entry.point = point;
    return;
  }
  --entry.count;
  entries.insert(entries.begin() + index, Entry{entry.group, 1, point});
}

bool RecomputeKnapsack::polish(std::span<const KnapsackGroup> groups, int64_t overUnits,
                               int64_t inFlight, bool fits) {
  Totals totals = measureEntries();
  int64_t bestTime = fits ? totals.timeNs : std::numeric_limits<int64_t>::max();
  size_t bestEntry = 0;
  const MaskPoint *bestPoint = nullptr;
  auto tryAll = [&](const Totals &base) {
    bool improved = false;
    for (size_t i = 0; i < entries.size(); ++i) {
      const MaskPoint &from = *entries[i].point;
      const MaskPoint *to =
          cheapest(*groups[entries[i].group].frontier, base.savedUnits - from.savedUnits,
                   largestPeakWithout(i), overUnits, inFlight);
      if (to && base.timeNs - from.timeNs + to->timeNs < bestTime) {
        bestTime = base.timeNs - from.timeNs + to->timeNs;
        bestEntry = i;
        bestPoint = to;
        improved = true;
      }
    }
    return improved;
  };
  tryAll(totals);
  // The last step undone for one block, and another block that makes up for it.
  std::optional<std::vector<Entry>> undone;
  if (lastGroup < groups.size() && fits) {
    std::vector<Entry> before = entries;
    const Taken &part = bestTaken[lastGroup];
    const MaskPoint *ahead = &part.level->points[part.level->hull[part.step + 1]];
    const MaskPoint *behind = &part.level->points[part.level->hull[part.step]];
    auto it = std::find_if(entries.begin(), entries.end(), [&](const Entry &entry) {
      return entry.group == lastGroup && entry.point == ahead;
    });
    if (it != entries.end()) {
      replace(it - entries.begin(), behind);
      if (tryAll(measureEntries()))
        undone = entries;
      entries = std::move(before);
    }
  }
  if (!bestPoint)
    return false;
  if (undone)
    entries = std::move(*undone);
  replace(bestEntry, bestPoint);
  return true;
}

std::optional<int64_t> RecomputeKnapsack::leastTimeNs(std::span<const KnapsackGroup> groups,
                                                      int64_t overUnits, int64_t inFlight) {
  int64_t missing = savingsFor(overUnits, inFlight), timeNs = 0;
  hullSteps.assign(groups.size(), 0);
  for (const KnapsackGroup &group : groups) {
    missing -= group.frontier->getHull().front().savedUnits * group.count;
    timeNs += group.frontier->getHull().front().timeNs * group.count;
  }
  // As in descend, but the last step is taken in part.
  while (missing > 0) {
    const KnapsackGroup *best = nullptr;
    int64_t bestSaved = 0, bestTime = 0;
    for (size_t g = 0; g < groups.size(); ++g) {
      const std::vector<MaskFrontier::HullPoint> &hull = groups[g].frontier->getHull();
      if (hullSteps[g] + 1 >= hull.size())
        continue;
      const MaskFrontier::HullPoint &from = hull[hullSteps[g]], &to = hull[hullSteps[g] + 1];
      int64_t saved = to.savedUnits - from.savedUnits, time = to.timeNs - from.timeNs;
      if (!best || double(saved) * double(bestTime) > double(bestSaved) * double(time)) {
        best = &groups[g];
        bestSaved = saved;
        bestTime = time;
      }
    }
    if (!best)
      return std::nullopt;
    if (bestSaved * best->count >= missing)
      return timeNs + int64_t(double(bestTime) * double(missing) / double(bestSaved) * (1 - 1e-9));
    missing -= bestSaved * best->count;
    timeNs += bestTime * best->count;
    ++hullSteps[best - groups.data()];
  }
  return timeNs;
}

void RecomputeKnapsack::solve(std::span<const KnapsackGroup> groups, int64_t overUnits,
                              int64_t inFlight, bool wantParts, KnapsackSolution &solution) {
  peaks.clear();
  for (const KnapsackGroup &group : groups)
    for (const MaskFrontier::Level &level : group.frontier->getLevels())
      if (std::find(peaks.begin(), peaks.end(), level.peakUnits) == peaks.end())
        peaks.push_back(level.peakUnits);
  if (overUnits <= 0)
    peaks.assign(1, 0);

  bool fits = false;
  Totals best;
  bestTaken.clear();
  for (int64_t peak : peaks) {
    taken.clear();
    int64_t bound = 0;
    for (const KnapsackGroup &group : groups) {
      taken.push_back({&group.frontier->levelFor(peak), 0, 0});
      bound = std::max(bound, taken.back().level->peakUnits);
    }
    uint32_t last = descend(groups, overUnits <= 0 ? 0 : savingsFor(overUnits + bound, inFlight));
    Totals totals = measureTaken(groups);
    int64_t freed = totals.savedUnits * inFlight - totals.peakUnits;
    bool fitsNow = freed >= overUnits || overUnits <= 0;
    bool isBetter = bestTaken.empty() || (fitsNow && !fits);
    if (!isBetter && fitsNow == fits)
      isBetter =
          fits ? totals.timeNs < best.timeNs : freed > best.savedUnits * inFlight - best.peakUnits;
    if (!isBetter)
      continue;
    fits = fitsNow;
    best = totals;
    bestTaken = taken;
    lastGroup = last;
  }
  makeEntries(groups);
  if (overUnits > 0) {
    constexpr unsigned rounds = 4;
    for (unsigned round = 0; round < rounds && polish(groups, overUnits, inFlight, fits); ++round)
      fits = true;
    best = measureEntries();
  }
  solution.fits = fits;
  solution.timeNs = best.timeNs;
  solution.savedUnits = best.savedUnits;
  solution.peakUnits = best.peakUnits;
  solution.parts.clear();
  if (wantParts)
    for (const Entry &entry : entries)
      solution.parts.push_back({entry.group, entry.count, entry.point->mask});
}
