//===- StageModel.h - What the search asks of a formula ---------*- C++ -*-===//
//
// The search knows no formula: it asks a stage model what a range of ops would take as one stage,
// and what a whole plan takes. There is one stage model for each formula. All share this design:
//
// A *pattern* says how every op of the model would be split. Most patterns are uniform (one tp and
// dp everywhere); one made from a stage of mixed degrees extends its outer ops' degrees to both
// sides, as a moved op takes the degrees of its new neighbour. For each pattern the model keeps
// sums over all prefixes of the op list, so that judging a stage does not depend on its length.
// What is recomputed is chosen by RecomputeKnapsack and written as runs of equal blocks.
//
// Not for several threads at once: models remember. Each thread makes its own; answers are the
// same.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SEARCH_STAGEMODEL_H
#define ACESO_SEARCH_STAGEMODEL_H

#include "aceso/Cost/ModelFacts.h"
#include "aceso/Cost/PlanCost.h"
#include "aceso/Search/ModelBlocks.h"
#include "aceso/Search/SearchRules.h"
#include "aceso/Support/Result.h"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>

namespace aceso {

using PatternId = uint32_t;
inline constexpr PatternId noPattern = ~PatternId(0);

/// Which rules the ops of a uniform pattern have.
enum class RuleSet : uint8_t {
  Fastest, ///< those with the least time, conversions included, block by block
  Default, ///< rule 0
};

/// Consecutive blocks of a stage whose ops at the set bits are recomputed. Bit i is the i-th op of
/// the block, also where the stage begins inside it.
struct MaskRun {
  uint32_t blocks = 0;
  uint64_t mask = 0;
  bool operator==(const MaskRun &) const = default;
};

/// One stage of a plan, as the search holds it.
struct StageChoice {
  uint32_t first = 0, end = 0; ///< ops
  PatternId pattern = noPattern;
  std::vector<MaskRun> masks; ///< cover the blocks that the stage touches
  bool operator==(const StageChoice &) const = default;
};

struct SearchPlan {
  int64_t microBatch = 1;
  std::vector<StageChoice> stages;
  bool operator==(const SearchPlan &) const = default;
};

/// A range of ops as one stage.
struct StageQuery {
  PatternId pattern = noPattern;
  uint32_t first = 0, end = 0;
  uint32_t firstDevice = 0;
  uint32_t behind = 0; ///< stages behind it
  /// Patterns of the stages in front and behind, where known.
  PatternId before = noPattern, after = noPattern;
};

/// What it takes when the best ops are recomputed.
struct StageValue {
  /// Within the memory limit. If not, the rest is that of the choice that comes nearest.
  bool fits = false;
  double ms = 0;           ///< of one micro-batch
  double onceMs = 0;       ///< once an iteration
  int64_t memoryUnits = 0; ///< never less than the exact one
};

/// One way to run one op, for lower bounds.
struct BoundOption {
  int64_t timeNs = 0;
  int64_t recomputeNs = 0; ///< more, if it is recomputed
  int64_t fixedUnits = 0;  ///< whatever the number of micro-batches in flight
  int64_t keptUnits = 0;   ///< for each of them, unless it is recomputed
  /// What a stage reserves: at least the sum of the first, and at least the largest of each of the
  /// other two, added, over all its ops but the last.
  int64_t reserveSumUnits = 0;
  int64_t reserveUnits[2] = {};
  /// Of a stage that begins with it: what is received, for each micro-batch in flight, and how long
  /// that takes; of a stage that ends with it: how long sending takes. At least.
  int64_t inputUnits = 0;
  double receiveMs = 0, sendMs = 0;
};

/// How all ops of the model would be split; see above.
struct Pattern {
  int64_t microBatch = 1;
  uint32_t devices = 1;
  /// tp and dp of all ops; 0 if they are mixed.
  uint16_t tp = 0, dp = 0;
  RuleSet rules = RuleSet::Default;
  std::vector<OpPlan> ops; ///< by op, nothing recomputed
  /// By block: equal numbers have equal choices of what to recompute.
  std::vector<uint32_t> blockConfigs;
  std::vector<BlockRun> runs; ///< of blockConfigs
  std::vector<uint32_t> runOf;

  bool isUniform() const { return tp != 0; }
};

class MaskFrontier;

class StageModel {
public:
  virtual ~StageModel();

  const ModelFacts &getFacts() const { return facts; }
  const ModelBlocks &getBlocks() const { return blocks; }
  const SearchRules &getRules() const { return rules; }
  const ClusterDesc &getCluster() const { return cluster; }
  int64_t getGlobalBatch() const { return globalBatch; }
  int64_t getLimitUnits() const { return limitUnits; }
  uint32_t numOps() const { return blocks.numOps(); }
  /// "aceso" or "full".
  virtual std::string formulaName() const = 0;

  // Patterns.

  /// None if the rules do not allow it, or no op can be split so.
  std::optional<PatternId> uniform(int64_t microBatch, int64_t tp, int64_t dp, RuleSet ruleSet);
  /// All uniform patterns with the fastest rules on so many devices.
  const std::vector<PatternId> &uniformPatterns(int64_t microBatch, uint32_t devices);
  /// The pattern of a stage of ops first, first + 1, ... split as in `ops`; a uniform one if there
  /// is one that agrees on these ops. Error: an op that cannot be split so, or whose cost the
  /// tables do not hold.
  Result<PatternId> patternOf(int64_t microBatch, uint32_t first, std::span<const OpPlan> ops);
  const Pattern &pattern(PatternId id) const { return *patterns[id]; }
  /// Whether every op of the range can be split so.
  virtual bool isLegal(PatternId pattern, uint32_t first, uint32_t end) const = 0;

  // Stages.

  /// The best choice of what to recompute. `masks`, if given, is set to it.
  StageValue solve(const StageQuery &query, std::vector<MaskRun> *masks = nullptr);
  /// Its ms + onceMs * `onceShare`; infinite if it does not fit, is not legal, or takes `belowMs`
  /// or more, which most often is found out at once.
  double solveBelow(const StageQuery &query, double onceShare, double belowMs);
  /// The same by walking ops first, first + 1, ..., which need no pattern; links of its ends as
  /// inside a node. None if they cannot be split so.
  virtual std::optional<double> walkStageMs(int64_t microBatch, uint32_t first,
                                            std::span<const OpPlan> ops) const = 0;

  /// Stages of equal key at other devices cost the same.
  virtual uint32_t placeKey(uint32_t firstDevice, uint32_t devices) const = 0;

  // Plans.

  /// Bit for bit what the formula gives by walking all ops.
  virtual PlanCost evaluate(const SearchPlan &plan) = 0;
  CompactPlan toCompact(const SearchPlan &plan) const;
  /// Error as for patternOf.
  Result<SearchPlan> fromCompact(const CompactPlan &plan);
  /// The same by walking all ops, for checks.
  virtual Result<PlanCost> walk(const CompactPlan &plan) const = 0;
  /// A start's recompute flags, chosen as the formula's planner would before any search.
  virtual Result<CompactPlan> chooseStartRecompute(CompactPlan plan) const = 0;

  // Bounds.

  /// Ways to run ops of this kind on a stage of `devices` devices, mixed degrees included. Every
  /// plan's stage takes at least the sum of one for each op.
  virtual void boundOptions(uint32_t opKind, int64_t microBatch, uint32_t devices,
                            std::vector<BoundOption> &options) = 0;
  /// Whether a recomputed op drops what it gives even if the next op is not recomputed.
  virtual bool dropsAlone() const = 0;
  /// Whether an op of the first kind always keeps what it gives to one of the second behind it.
  virtual bool keepsInFrontOf(uint32_t opKind, uint32_t nextKind) const = 0;
  /// Micro-batches that a stage holds.
  virtual int64_t inFlight(uint32_t stagesBehind, int64_t microBatch) const = 0;

  /// Candidates judged since the model was made. Those who judge count: what a memory answers
  /// counts as well, so that the number does not depend on what happened before.
  uint64_t numJudged() const { return judged; }
  void countCandidate() { ++judged; }

protected:
  StageModel(const ModelFacts &facts, SearchRules rules, const ClusterDesc &cluster,
             int64_t globalBatch);

  /// A stage without recomputation.
  struct RangeCost {
    int64_t memoryUnits = 0;
    int64_t inFlight = 1;
    double onceMs = 0;
    // Of the formula's own: what stageMs needs.
    int64_t parts[5] = {};
    double ends[2] = {};
  };
  /// False: an op of the range cannot be split so.
  virtual bool rangeCost(const StageQuery &query, RangeCost &cost) = 0;
  virtual double stageMs(const RangeCost &cost, int64_t recomputeNs) const = 0;

  /// Fills in what the formula keeps of a pattern; false if no op can be split so.
  virtual bool preparePattern(PatternId id) = 0;
  /// The first reason why ops first, first + 1, ... cannot be one stage split so.
  virtual std::string whyIllegal(int64_t microBatch, uint32_t first,
                                 std::span<const OpPlan> ops) const = 0;
  /// Rules of the ops of one block with the least time, given degrees that are the same for all.
  virtual void chooseFastestRules(uint32_t block, int64_t microBatch,
                                  std::span<OpPlan> ops) const = 0;
  /// Something of a block beyond its ops on which its choices of what to recompute depend.
  virtual uint32_t blockContext(uint32_t block) const = 0;
  /// Choices for the ops [from, to) of a block, whose other ops are on other stages; `isLast`: the
  /// stage ends behind them.
  virtual MaskFrontier makeFrontier(PatternId pattern, uint32_t block, uint32_t from, uint32_t to,
                                    bool isLast) = 0;

  const MaskFrontier &frontier(PatternId pattern, uint32_t block, uint32_t from, uint32_t to,
                               bool isLast);

  /// Blocks of a stage that are alike: of one config, touched by the stage from and to the same
  /// positions, with one mask.
  struct StageRun {
    uint32_t block; ///< the first
    uint32_t count;
    uint32_t from, to;
    bool isLast; ///< the stage ends with it
    uint64_t mask;
  };
  /// A stage as runs, in order.
  void splitIntoRuns(const StageChoice &stage, std::vector<StageRun> &runs) const;

  ModelFacts facts;
  ModelBlocks blocks;
  SearchRules rules;
  ClusterDesc cluster;
  int64_t globalBatch, limitUnits;

private:
  std::optional<PatternId> addPattern(Pattern pattern);
  void collectGroups(const StageQuery &query);

  std::vector<std::unique_ptr<Pattern>> patterns;
  std::map<std::tuple<int64_t, int64_t, int64_t, RuleSet>, std::optional<PatternId>> uniformIds;
  std::map<std::pair<int64_t, uint32_t>, std::vector<PatternId>> uniformLists;
  std::map<std::pair<int64_t, std::vector<uint64_t>>, PatternId> mixedIds;
  /// What solving needs and keeps between calls.
  struct Solver;
  std::unique_ptr<Solver> solver;
  uint64_t judged = 0;
};

} // namespace aceso

#endif // ACESO_SEARCH_STAGEMODEL_H
