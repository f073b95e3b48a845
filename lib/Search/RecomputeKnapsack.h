//===- RecomputeKnapsack.h - Which ops to recompute, fast -------*- C++ -*-===//
//
// Recomputation saves memory for time. What it does in one block (a layer) does not depend on the
// other blocks, but for the one largest segment that is in memory while it is recomputed. So the
// best sets of ops are worked out once for each kind of block, and a stage picks among them: a
// knapsack with one choice a block, solved along the convex hull of the choices, with one block
// that fits the rest.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_SEARCH_RECOMPUTEKNAPSACK_H
#define ACESO_LIB_SEARCH_RECOMPUTEKNAPSACK_H

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace aceso {

/// A set of ops of one block that are recomputed, and what that does. Sizes in units (Units.h).
struct MaskPoint {
  uint64_t mask = 0; ///< bit i: the i-th op of the block
  int64_t timeNs = 0;
  int64_t savedUnits = 0; ///< of each micro-batch in flight
  int64_t peakUnits = 0;  ///< in memory again, once; at most
};

/// The choices of one block from which none is better in every respect.
class MaskFrontier {
public:
  /// The choices whose peak is bounded.
  struct Level {
    int64_t peakUnits = 0;         ///< largest of them
    std::vector<MaskPoint> points; ///< time and savings rise; the first recomputes nothing
    std::vector<uint16_t> hull;    ///< those on the convex hull, as indices
  };

  /// Only the choice to recompute nothing.
  MaskFrontier() : levels(1), hull(1) {
    levels[0].points.emplace_back();
    levels[0].hull.push_back(0);
  }
  /// Adds the best of `points` as a level, at most `maxPoints`. Levels are added by rising peak.
  void addLevel(std::vector<MaskPoint> points, size_t maxPoints);

  const std::vector<Level> &getLevels() const { return levels; }
  /// The convex hull over the points of all levels: no choice saves more in less time.
  struct HullPoint {
    int64_t timeNs = 0, savedUnits = 0;
  };
  const std::vector<HullPoint> &getHull() const { return hull; }
  /// The last level with a peak of at most `peakUnits`.
  const Level &levelFor(int64_t peakUnits) const;

private:
  void addToHull(const std::vector<MaskPoint> &points);

  std::vector<Level> levels;
  std::vector<HullPoint> hull;
};

/// Removes what is no better than another point in time and savings, then thins to `maxPoints`.
void keepBestPoints(std::vector<MaskPoint> &points, size_t maxPoints);

/// Blocks that have the same choices.
struct KnapsackGroup {
  const MaskFrontier *frontier;
  uint32_t count;
};

struct KnapsackSolution {
  bool fits = false;
  int64_t timeNs = 0, savedUnits = 0;
  int64_t peakUnits = 0; ///< at most

  /// `count` blocks of a group that recompute `mask`; parts of a group stand together.
  struct Part {
    uint32_t group, count;
    uint64_t mask;
  };
  /// Only if asked for.
  std::vector<Part> parts;
};

/// Reused, so that solving does not allocate.
class RecomputeKnapsack {
public:
  /// The least time such that saved * inFlight - peak >= overUnits; if that cannot be, the choice
  /// that saves most, with fits = false.
  void solve(std::span<const KnapsackGroup> groups, int64_t overUnits, int64_t inFlight,
             bool wantParts, KnapsackSolution &solution);

  /// No solution takes less; none if there is no solution that fits. Takes a tenth of solve.
  std::optional<int64_t> leastTimeNs(std::span<const KnapsackGroup> groups, int64_t overUnits,
                                     int64_t inFlight);

private:
  /// Choices while one bound on the peak is tried.
  struct Taken {
    const MaskFrontier::Level *level;
    uint32_t step;  ///< position on the hull of all blocks, but those of `ahead`
    uint32_t ahead; ///< blocks one step further
  };
  /// Blocks of one group at one point.
  struct Entry {
    uint32_t group, count;
    const MaskPoint *point;
  };
  struct Totals {
    int64_t timeNs = 0, savedUnits = 0, peakUnits = 0;
  };

  uint32_t descend(std::span<const KnapsackGroup> groups, int64_t need);
  Totals measureTaken(std::span<const KnapsackGroup> groups) const;
  Totals measureEntries() const;
  void makeEntries(std::span<const KnapsackGroup> groups);
  int64_t largestPeakWithout(size_t entry) const;
  /// The cheapest choice of a group that keeps the memory within bounds beside others that have
  /// `peakUnits` and save `savedUnits`.
  const MaskPoint *cheapest(const MaskFrontier &frontier, int64_t savedUnits, int64_t peakUnits,
                            int64_t overUnits, int64_t inFlight) const;
  /// Gives one block another choice so that less time is needed, or, if the choices do not fit, so
  /// that they do; false if no block has one.
  bool polish(std::span<const KnapsackGroup> groups, int64_t overUnits, int64_t inFlight,
              bool fits);
  void replace(size_t entry, const MaskPoint *point);

  std::vector<int64_t> peaks;
  std::vector<Taken> taken, bestTaken;
  uint32_t lastGroup = 0; ///< that stepped last in bestTaken; none: the number of groups
  std::vector<Entry> entries;
  std::vector<uint32_t> hullSteps; ///< of leastTimeNs, by group
};

} // namespace aceso

#endif // ACESO_LIB_SEARCH_RECOMPUTEKNAPSACK_H
