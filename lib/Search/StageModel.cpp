//===- StageModel.cpp - What the search asks of a formula -------*- C++ -*-===//

#include "aceso/Search/StageModel.h"

#include "RecomputeKnapsack.h"

#include <algorithm>
#include <cassert>
#include <limits>

using namespace aceso;

/// Frontiers by pattern, block config and the part of the block that the stage holds.
struct StageModel::Solver {
  struct ConfigTable {
    uint32_t size = 0; ///< ops of the block
    std::vector<std::unique_ptr<MaskFrontier>> entries;
  };
  std::vector<std::vector<ConfigTable>> tables;

  RecomputeKnapsack knapsack;
  KnapsackSolution solution;
  std::vector<KnapsackGroup> groups;
  std::vector<uint32_t> configCounts;
};

static ModelBlocks blocksOf(const ModelFacts &facts) {
  // What is measured under another name may take another time.
  std::map<std::pair<uint32_t, std::string>, uint32_t> kinds;
  std::vector<uint32_t> opKinds, opBlocks;
  for (const OpFacts &op : facts.ops) {
    opKinds.push_back(kinds.try_emplace({op.kind, op.profileKey}, kinds.size()).first->second);
    opBlocks.push_back(op.block);
  }
  return ModelBlocks(std::move(opKinds), opBlocks);
}

StageModel::StageModel(const ModelFacts &facts, SearchRules rules, const ClusterDesc &cluster,
                       int64_t globalBatch)
    : facts(facts), blocks(blocksOf(facts)), rules(std::move(rules)), cluster(cluster),
      globalBatch(globalBatch), limitUnits(cluster.memoryLimitMiB * unitsPerMiB),
      solver(std::make_unique<Solver>()) {}

StageModel::~StageModel() = default;

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

std::optional<PatternId> StageModel::addPattern(Pattern pattern) {
  std::map<std::pair<std::vector<uint32_t>, std::vector<uint64_t>>, uint32_t> configIds;
  for (uint32_t block = 0; block < blocks.numBlocks(); ++block) {
    // A uniform pattern gives equal blocks equal degrees.
    std::vector<uint64_t> splits;
    if (!pattern.isUniform())
      for (uint32_t op = blocks.firstOp(block); op < blocks.firstOp(block + 1); ++op)
        splits.push_back(uint64_t(pattern.ops[op].tp) << 32 | pattern.ops[op].dp << 8 |
                         pattern.ops[op].rule);
    std::vector<uint32_t> kind{blocks.kindOf(block), blockContext(block)};
    pattern.blockConfigs.push_back(
        configIds.try_emplace({std::move(kind), std::move(splits)}, configIds.size())
            .first->second);
  }
  pattern.runs = runsOf(pattern.blockConfigs);
  for (uint32_t run = 0; run < pattern.runs.size(); ++run)
    pattern.runOf.insert(pattern.runOf.end(), pattern.runs[run].end - pattern.runs[run].first, run);

  PatternId id = patterns.size();
  patterns.push_back(std::make_unique<Pattern>(std::move(pattern)));
  solver->tables.emplace_back(configIds.size());
  if (preparePattern(id))
    return id;
  patterns.pop_back();
  solver->tables.pop_back();
  return std::nullopt;
}

std::optional<PatternId> StageModel::uniform(int64_t microBatch, int64_t tp, int64_t dp,
                                             RuleSet ruleSet) {
  auto [it, isNew] = uniformIds.try_emplace({microBatch, tp, dp, ruleSet});
  if (!isNew)
    return it->second;
  if (!rules.allowsTp(tp) || !rules.allowsDp(microBatch, dp))
    return std::nullopt;
  Pattern pattern;
  pattern.microBatch = microBatch;
  pattern.devices = tp * dp;
  pattern.tp = tp;
  pattern.dp = dp;
  pattern.rules = ruleSet;
  OpPlan split;
  split.tp = tp;
  split.dp = dp;
  pattern.ops.assign(numOps(), split);
  if (ruleSet == RuleSet::Fastest) {
    std::map<uint32_t, uint32_t> blockOfKind;
    for (uint32_t block = 0; block < blocks.numBlocks(); ++block) {
      auto first = pattern.ops.begin() + blocks.firstOp(block);
      auto [known, isNewKind] = blockOfKind.try_emplace(blocks.kindOf(block), block);
      if (isNewKind)
        chooseFastestRules(block, microBatch, std::span(first, blocks.sizeOf(block)));
      else
        std::copy_n(pattern.ops.begin() + blocks.firstOp(known->second), blocks.sizeOf(block),
                    first);
    }
  }
  std::optional<PatternId> id = addPattern(std::move(pattern));
  uniformIds[{microBatch, tp, dp, ruleSet}] = id;
  return id;
}

const std::vector<PatternId> &StageModel::uniformPatterns(int64_t microBatch, uint32_t devices) {
  auto [it, isNew] = uniformLists.try_emplace({microBatch, devices});
  if (isNew && rules.allowsDevices(devices))
    for (int64_t tp : rules.tps)
      if (devices % tp == 0)
        if (std::optional<PatternId> id = uniform(microBatch, tp, devices / tp, RuleSet::Fastest))
          it->second.push_back(*id);
  return it->second;
}

Result<PatternId> StageModel::patternOf(int64_t microBatch, uint32_t first,
                                        std::span<const OpPlan> ops) {
  assert(!ops.empty() && first + ops.size() <= numOps());
  uint32_t end = first + ops.size();
  auto isSame = [](const OpPlan &a, const OpPlan &b) {
    return a.tp == b.tp && a.dp == b.dp && a.rule == b.rule;
  };
  for (RuleSet ruleSet : {RuleSet::Fastest, RuleSet::Default})
    if (std::optional<PatternId> id = uniform(microBatch, ops[0].tp, ops[0].dp, ruleSet))
      if (std::equal(ops.begin(), ops.end(), pattern(*id).ops.begin() + first, isSame) &&
          isLegal(*id, first, end))
        return *id;

  Pattern mixed;
  mixed.microBatch = microBatch;
  mixed.devices = ops[0].tp * ops[0].dp;
  auto extend = [&](const OpPlan &edge, uint32_t from, uint32_t to) {
    std::optional<PatternId> like = uniform(microBatch, edge.tp, edge.dp, RuleSet::Fastest);
    for (uint32_t op = from; op < to; ++op) {
      mixed.ops.push_back(edge);
      mixed.ops.back().rule = like ? pattern(*like).ops[op].rule : 0;
    }
  };
  extend(ops.front(), 0, first);
  mixed.ops.insert(mixed.ops.end(), ops.begin(), ops.end());
  extend(ops.back(), end, numOps());
  std::vector<uint64_t> key;
  for (OpPlan &op : mixed.ops) {
    op.recompute = false;
    key.push_back(uint64_t(op.tp) << 32 | op.dp << 8 | op.rule);
  }
  auto known = mixedIds.find({microBatch, key});
  std::optional<PatternId> id;
  if (known != mixedIds.end())
    id = known->second;
  else if ((id = addPattern(std::move(mixed))))
    mixedIds.emplace(std::pair(microBatch, std::move(key)), *id);
  if (id && isLegal(*id, first, end))
    return *id;

  return ErrorMessage{whyIllegal(microBatch, first, ops)};
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

const MaskFrontier &StageModel::frontier(PatternId id, uint32_t block, uint32_t from, uint32_t to,
                                         bool isLast) {
  Solver::ConfigTable &table = solver->tables[id][pattern(id).blockConfigs[block]];
  if (table.entries.empty()) {
    table.size = blocks.sizeOf(block);
    table.entries.resize(table.size * (table.size + 1) * 2);
  }
  std::unique_ptr<MaskFrontier> &entry = table.entries[(from * (table.size + 1) + to) * 2 + isLast];
  if (!entry)
    entry = std::make_unique<MaskFrontier>(makeFrontier(id, block, from, to, isLast));
  return *entry;
}

/// One group for the first block if the stage begins inside it, one for each run of whole blocks,
/// one for the last block.
void StageModel::collectGroups(const StageQuery &query) {
  solver->groups.clear();
  uint32_t firstBlock = blocks.blockOf(query.first), lastBlock = blocks.blockOf(query.end - 1);
  uint32_t to = query.end - blocks.firstOp(lastBlock);
  uint32_t from = query.first - blocks.firstOp(firstBlock);
  if (firstBlock == lastBlock) {
    solver->groups.push_back({&frontier(query.pattern, firstBlock, from, to, true), 1});
    return;
  }
  uint32_t block = firstBlock;
  if (from > 0) {
    solver->groups.push_back(
        {&frontier(query.pattern, block, from, blocks.sizeOf(block), false), 1});
    ++block;
  }
  const Pattern &split = pattern(query.pattern);
  while (block < lastBlock) {
    uint32_t end = std::min(split.runs[split.runOf[block]].end, lastBlock);
    solver->groups.push_back(
        {&frontier(query.pattern, block, 0, blocks.sizeOf(block), false), end - block});
    block = end;
  }
  solver->groups.push_back({&frontier(query.pattern, lastBlock, 0, to, true), 1});
}

StageValue StageModel::solve(const StageQuery &query, std::vector<MaskRun> *masks) {
  StageValue value;
  RangeCost range;
  if (!rangeCost(query, range)) {
    value.ms = std::numeric_limits<double>::infinity();
    value.memoryUnits = std::numeric_limits<int64_t>::max() / 4;
    return value;
  }
  value.onceMs = range.onceMs;
  if (range.memoryUnits <= limitUnits) {
    value.fits = true;
    value.ms = stageMs(range, 0);
    value.memoryUnits = range.memoryUnits;
    if (masks)
      masks->assign(1, {blocks.blockOf(query.end - 1) - blocks.blockOf(query.first) + 1, 0});
    return value;
  }
  collectGroups(query);
  KnapsackSolution &solution = solver->solution;
  solver->knapsack.solve(solver->groups, range.memoryUnits - limitUnits, range.inFlight,
                         masks != nullptr, solution);
  value.fits = solution.fits;
  value.ms = stageMs(range, solution.timeNs);
  value.memoryUnits = range.memoryUnits - solution.savedUnits * range.inFlight + solution.peakUnits;
  if (masks) {
    masks->clear();
    for (const KnapsackSolution::Part &part : solution.parts) {
      if (!masks->empty() && masks->back().mask == part.mask)
        masks->back().blocks += part.count;
      else
        masks->push_back({part.count, part.mask});
    }
  }
  return value;
}

double StageModel::solveBelow(const StageQuery &query, double onceShare, double belowMs) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  RangeCost range;
  if (!rangeCost(query, range))
    return infinity;
  double onceMs = range.onceMs * onceShare, ms = stageMs(range, 0) + onceMs;
  if (ms >= belowMs)
    return infinity;
  int64_t overUnits = range.memoryUnits - limitUnits;
  if (overUnits <= 0)
    return ms;
  collectGroups(query);
  std::optional<int64_t> least =
      solver->knapsack.leastTimeNs(solver->groups, overUnits, range.inFlight);
  if (!least || stageMs(range, *least) + onceMs >= belowMs)
    return infinity;
  KnapsackSolution &solution = solver->solution;
  solver->knapsack.solve(solver->groups, overUnits, range.inFlight, /*wantParts=*/false, solution);
  ms = stageMs(range, solution.timeNs) + onceMs;
  return solution.fits && ms < belowMs ? ms : infinity;
}

void StageModel::splitIntoRuns(const StageChoice &stage, std::vector<StageRun> &runs) const {
  runs.clear();
  const Pattern &split = pattern(stage.pattern);
  uint32_t firstBlock = blocks.blockOf(stage.first), lastBlock = blocks.blockOf(stage.end - 1);
  uint32_t block = firstBlock;
  for (const MaskRun &masks : stage.masks) {
    uint32_t masksEnd = block + masks.blocks;
    while (block < masksEnd) {
      StageRun run{};
      run.block = block;
      run.from = block == firstBlock ? stage.first - blocks.firstOp(block) : 0;
      run.isLast = block == lastBlock;
      run.to = run.isLast ? stage.end - blocks.firstOp(block) : blocks.sizeOf(block);
      run.mask = masks.mask;
      uint32_t end = block + 1;
      if (run.from == 0 && !run.isLast)
        end = std::min({masksEnd, split.runs[split.runOf[block]].end, lastBlock});
      run.count = end - block;
      runs.push_back(run);
      block = end;
    }
  }
  assert(block == lastBlock + 1);
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

CompactPlan StageModel::toCompact(const SearchPlan &plan) const {
  CompactPlan compact;
  compact.cluster = cluster;
  compact.globalBatch = globalBatch;
  compact.microBatch = plan.microBatch;
  compact.ops.reserve(numOps());
  for (const StageChoice &stage : plan.stages) {
    const Pattern &split = pattern(stage.pattern);
    compact.stages.push_back({stage.end - stage.first, split.devices});
    compact.ops.insert(compact.ops.end(), split.ops.begin() + stage.first,
                       split.ops.begin() + stage.end);
    uint32_t block = blocks.blockOf(stage.first);
    for (const MaskRun &run : stage.masks) {
      if (run.mask != 0)
        for (uint32_t i = block; i < block + run.blocks; ++i)
          for (uint32_t op = std::max(stage.first, blocks.firstOp(i)),
                        end = std::min(stage.end, blocks.firstOp(i + 1));
               op < end; ++op)
            compact.ops[op].recompute = run.mask >> (op - blocks.firstOp(i)) & 1;
      block += run.blocks;
    }
  }
  return compact;
}

Result<SearchPlan> StageModel::fromCompact(const CompactPlan &compact) {
  SearchPlan plan;
  plan.microBatch = compact.microBatch;
  uint32_t first = 0;
  for (size_t i = 0; i < compact.stages.size(); ++i) {
    StageChoice stage;
    stage.first = first;
    stage.end = first + compact.stages[i].numOps;
    std::span<const OpPlan> ops(&compact.ops[first], compact.stages[i].numOps);
    Result<PatternId> id = patternOf(compact.microBatch, first, ops);
    if (!id)
      return ErrorMessage{"stage " + std::to_string(i) + ": " + id.error()};
    stage.pattern = *id;
    for (uint32_t block = blocks.blockOf(first); block <= blocks.blockOf(stage.end - 1); ++block) {
      uint64_t mask = 0;
      for (uint32_t op = std::max(first, blocks.firstOp(block)),
                    end = std::min(stage.end, blocks.firstOp(block + 1));
           op < end; ++op)
        mask |= uint64_t(compact.ops[op].recompute) << (op - blocks.firstOp(block));
      if (!stage.masks.empty() && stage.masks.back().mask == mask)
        ++stage.masks.back().blocks;
      else
        stage.masks.push_back({1, mask});
    }
    plan.stages.push_back(std::move(stage));
    first = plan.stages.back().end;
  }
  return plan;
}
