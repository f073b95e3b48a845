//===- FullStageModel.cpp - Formula `full`, for searching -------*- C++ -*-===//

#include "aceso/Search/FullStageModel.h"

#include "FullPatternSums.h"
#include "RecomputeKnapsack.h"

#include "aceso/Cost/RecomputeChooser.h"

#include <algorithm>
#include <cassert>

using namespace aceso;

//===----------------------------------------------------------------------===//
// Creation
//===----------------------------------------------------------------------===//

Result<std::unique_ptr<StageModel>> FullStageModel::create(const ModelFacts &facts,
                                                           std::shared_ptr<const CostTables> tables,
                                                           const ClusterDesc &cluster,
                                                           int64_t globalBatch,
                                                           std::vector<int64_t> microBatches) {
  SearchRules rules = fullSearchRules(tables->getOps(), cluster, std::move(microBatches));
  Result<FullFormula> formula = FullFormula::create(facts, std::move(tables), cluster);
  if (!formula)
    return formula.takeError();
  return std::unique_ptr<StageModel>(
      new FullStageModel(facts, std::move(*formula), std::move(rules), cluster, globalBatch));
}

FullStageModel::FullStageModel(const ModelFacts &facts, FullFormula fullFormula, SearchRules rules,
                               const ClusterDesc &cluster, int64_t globalBatch)
    : StageModel(facts, std::move(rules), cluster, globalBatch), formula(std::move(fullFormula)),
      crossings(std::make_unique<CrossingOps>(formula, blocks.numOps())),
      sharedUsers(formula.sharedUsers()) {
  for (uint32_t block = 0; block < blocks.numBlocks(); ++block) {
    uint32_t last = 0;
    for (uint32_t op = blocks.firstOp(block); op < blocks.firstOp(block + 1); ++op)
      last = std::max(last, crossings->lastUser(op));
    lastUsers.push_back(last);
    uint32_t first = blocks.firstOp(block);
    hasLongBlocks |= block > 0 && facts.ops[first].block == facts.ops[first - 1].block;
  }
}

FullStageModel::~FullStageModel() = default;

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

bool FullStageModel::preparePattern(PatternId id) {
  auto made = std::make_unique<FullPatternSums>(formula, *crossings, blocks, pattern(id));
  if (!made->anyLegal())
    return false;
  sums.resize(id);
  sums.push_back(std::move(made));
  return true;
}

bool FullStageModel::isLegal(PatternId id, uint32_t first, uint32_t end) const {
  return sums[id]->isLegal(first, end);
}

std::string FullStageModel::whyIllegal(int64_t microBatch, uint32_t first,
                                       std::span<const OpPlan> ops) const {
  Result<FullStageSums> walked =
      formula.sumOps(first, ops.size(), ops.data(), microBatch, ops.front().tp * ops.front().dp);
  return walked ? "" : walked.error();
}

void FullStageModel::chooseFastestRules(uint32_t block, int64_t microBatch,
                                        std::span<OpPlan> ops) const {
  // Values go on into the next block, which is taken to be split alike if it is alike.
  bool isRun = block + 1 < blocks.numBlocks() && blocks.kindOf(block + 1) == blocks.kindOf(block);
  uint32_t first = blocks.firstOp(block), size = ops.size();
  std::vector<OpPlan> view(ops.begin(), ops.end());
  if (isRun)
    view.insert(view.end(), ops.begin(), ops.end());
  int64_t devices = ops[0].tp * ops[0].dp;
  auto timeOf = [&]() -> std::optional<int64_t> {
    int64_t ns = 0;
    for (uint32_t i = 0; i < view.size(); ++i) {
      Result<FullOpTerms> own = formula.opTerms(first + i, view[i], microBatch, devices);
      if (!own)
        return std::nullopt;
      if (i < size)
        ns += own->forwardNs + own->backwardNs;
    }
    for (uint32_t i = 0; i < size; ++i) {
      Result<FullValueTerms> values =
          formula.valueTerms(first, view.size(), view.data(), i, microBatch, devices);
      if (!values)
        return std::nullopt;
      ns += values->forwardNs + values->backwardNs;
    }
    return ns;
  };
  auto setRule = [&](uint32_t i, uint8_t rule) {
    view[i].rule = rule;
    if (isRun)
      view[size + i].rule = rule;
  };
  std::vector<uint32_t> choices;
  for (uint32_t i = 0; i < size; ++i)
    if (facts.ops[first + i].numRules > 1)
      choices.push_back(i);
  std::optional<int64_t> best = timeOf();
  // One op or two neighbouring choices at a time, until nothing gets faster.
  bool improved = best.has_value();
  for (unsigned round = 0; improved && round < 4; ++round) {
    improved = false;
    auto tryRules = [&](std::span<const uint32_t> changed) {
      std::vector<uint8_t> before;
      for (uint32_t i : changed) {
        before.push_back(view[i].rule);
        setRule(i, (view[i].rule + 1) % facts.ops[first + i].numRules);
      }
      std::optional<int64_t> ns = timeOf();
      if (ns && *ns < *best) {
        best = ns;
        improved = true;
        return;
      }
      for (size_t i = 0; i < changed.size(); ++i)
        setRule(changed[i], before[i]);
    };
    for (size_t i = 0; i < choices.size(); ++i) {
      tryRules(std::span(&choices[i], 1));
      if (i + 1 < choices.size())
        tryRules(std::span(&choices[i], 2));
    }
  }
  std::copy_n(view.begin(), size, ops.begin());
}

uint32_t FullStageModel::blockContext(uint32_t) const { return 0; }

//===----------------------------------------------------------------------===//
// What to recompute
//===----------------------------------------------------------------------===//

namespace {
/// Sets of recomputed runs of ops, as if runs that are apart did not affect one another.
class RunSets {
public:
  explicit RunSets(uint32_t numOps) : sets(numOps + 2) { sets[0].emplace_back(); }
  void add(uint32_t begin, uint32_t end, const MaskPoint &run) {
    std::vector<MaskPoint> &target = sets[std::min<size_t>(end + 1, sets.size() - 2)];
    for (const MaskPoint &point : sets[begin])
      target.push_back({point.mask | run.mask, point.timeNs + run.timeNs,
                        point.savedUnits + run.savedUnits, point.peakUnits + run.peakUnits});
  }
  /// All runs that begin at `op` have been added when `op + 1` is begun.
  void begin(uint32_t op, size_t maxPoints) {
    if (op > 0)
      sets[op].insert(sets[op].end(), sets[op - 1].begin(), sets[op - 1].end());
    keepBestPoints(sets[op], maxPoints);
  }
  const std::vector<MaskPoint> &at(uint32_t op) const { return sets[op]; }

private:
  std::vector<std::vector<MaskPoint>> sets;
};
} // namespace

MaskFrontier FullStageModel::makeFrontier(PatternId id, uint32_t block, uint32_t from, uint32_t to,
                                          bool isLast) {
  constexpr size_t maxPoints = 32;
  constexpr unsigned numLevels = 6;
  MaskFrontier frontier;
  if (hasLongBlocks)
    return frontier;
  const Pattern &split = pattern(id);
  uint32_t first = blocks.firstOp(block) + from, count = to - from;
  std::vector<OpPlan> ops(split.ops.begin() + first, split.ops.begin() + first + count);
  // Plans of ops behind the block are not asked for: what they use is not dropped.
  uint32_t viewOps = isLast ? count : blocks.numOps() - first;
  auto measure = [&](uint64_t mask) -> std::optional<MaskPoint> {
    for (uint32_t i = 0; i < count; ++i)
      ops[i].recompute = mask >> (from + i) & 1;
    Result<FullBlockTerms> terms =
        formula.blockTerms(first, viewOps, ops.data(), 0, count, split.microBatch, split.devices);
    if (!terms)
      return std::nullopt;
    return MaskPoint{mask, terms->recomputeNs, terms->droppedUnits, terms->peakUnits};
  };

  RunSets runs(count);
  for (uint32_t begin = 0; begin < count; ++begin) {
    runs.begin(begin, maxPoints);
    for (uint32_t end = begin + 1; end <= count; ++end) {
      uint64_t bits = (end - begin == 64 ? ~uint64_t(0) : (uint64_t(1) << (end - begin)) - 1)
                      << (from + begin);
      if (std::optional<MaskPoint> run = measure(bits); run && run->savedUnits > 0)
        runs.add(begin, end, *run);
    }
  }
  runs.begin(count, maxPoints);
  std::vector<MaskPoint> points;
  for (const MaskPoint &point : runs.at(count))
    if (point.mask != 0)
      if (std::optional<MaskPoint> exact = measure(point.mask); exact && exact->savedUnits > 0)
        points.push_back(*exact);
  keepBestPoints(points, maxPoints);
  if (points.empty())
    return frontier;
  int64_t largest = 0, previous = -1;
  for (const MaskPoint &point : points)
    largest = std::max(largest, point.peakUnits);
  for (unsigned level = 1; level <= numLevels; ++level) {
    int64_t bound = largest * level / numLevels, peak = -1;
    std::vector<MaskPoint> within;
    for (const MaskPoint &point : points)
      if (point.peakUnits <= bound) {
        within.push_back(point);
        peak = std::max(peak, point.peakUnits);
      }
    if (peak <= previous)
      continue;
    previous = peak;
    frontier.addLevel(std::move(within), maxPoints + 1);
  }
  return frontier;
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

static void addLinks(FullStageLinks &into, const FullStageLinks &links) {
  for (int64_t FullStageLinks::*field :
       {&FullStageLinks::receiveNs, &FullStageLinks::sendNs, &FullStageLinks::gradientReceiveNs,
        &FullStageLinks::gradientSendNs, &FullStageLinks::forwardConversionNs,
        &FullStageLinks::backwardConversionNs, &FullStageLinks::receivedBytes,
        &FullStageLinks::tiedNs, &FullStageLinks::gradientSyncNs, &FullStageLinks::weightBytes,
        &FullStageLinks::mainBytes, &FullStageLinks::gradientBytes, &FullStageLinks::optimizerBytes,
        &FullStageLinks::optimizerTraffic})
    into.*field += links.*field;
}

const FullStageModel::Boundary &FullStageModel::boundary(uint32_t position, PatternId front,
                                                         PatternId behind,
                                                         uint32_t firstDeviceBehind) {
  const Pattern &a = pattern(front), &b = pattern(behind);
  uint32_t perNode = cluster.devicesPerNode;
  auto [it, isNew] = boundaries.try_emplace({position, front, behind, firstDeviceBehind % perNode});
  if (!isNew)
    return it->second;
  CompactPlan pair;
  pair.cluster = cluster;
  pair.globalBatch = globalBatch;
  pair.microBatch = a.microBatch;
  pair.stages = {{position, a.devices}, {numOps() - position, b.devices}};
  pair.ops.assign(a.ops.begin(), a.ops.begin() + position);
  pair.ops.insert(pair.ops.end(), b.ops.begin() + position, b.ops.end());
  // Only ops that give and use what crosses are asked for, which must be legal; a pair that cannot
  // be priced belongs to no legal plan.
  uint32_t last = position;
  bool isPriced = true;
  for (uint32_t op : crossings->at(position)) {
    last = std::max(last, crossings->lastUser(op));
    isPriced &= sums[front]->isLegal(op, op + 1);
  }
  isPriced = isPriced && sums[behind]->isLegal(position, last + 1);
  if (!isPriced)
    return it->second;
  int64_t firstDevice = firstDeviceBehind % perNode + 4 * int64_t(perNode) * a.devices - a.devices;
  if (Result<std::vector<FullStageLinks>> links = formula.arrivalLinks(pair, firstDevice))
    it->second = {(*links)[0], (*links)[1]};
  return it->second;
}

const FullStageLinks &FullStageModel::shared(PatternId id, uint32_t first, uint32_t end) {
  std::vector<bool> held;
  bool any = false;
  for (uint32_t op : sharedUsers) {
    held.push_back(op >= first && op < end);
    any |= held.back();
  }
  auto [it, isNew] = sharedParts.try_emplace({id, std::move(held)});
  if (isNew && any) {
    const Pattern &split = pattern(id);
    if (Result<FullStageLinks> links = formula.sharedLinks(first, end - first, &split.ops[first],
                                                           split.microBatch, split.devices))
      it->second = *links;
  }
  return it->second;
}

bool FullStageModel::rangeCost(const StageQuery &query, RangeCost &cost) {
  FullPatternSums &split = *sums[query.pattern];
  if (!split.isLegal(query.first, query.end))
    return false;
  FullStageSums stage = split.sums(query.first, query.end, false);
  FullStageLinks links = shared(query.pattern, query.first, query.end);
  if (query.first > 0) {
    PatternId front = query.before == noPattern ? query.pattern : query.before;
    addLinks(links, boundary(query.first, front, query.pattern, query.firstDevice).behind);
  }
  if (query.end < numOps()) {
    PatternId behind = query.after == noPattern ? query.pattern : query.after;
    uint32_t next = query.firstDevice + pattern(query.pattern).devices;
    addLinks(links, boundary(query.end, query.pattern, behind, next).front);
  }
  int64_t numMicroBatches = globalBatch / pattern(query.pattern).microBatch;
  cost.inFlight = std::min<int64_t>(query.behind + 1, numMicroBatches);
  cost.memoryUnits = formula.memoryUnits(stage, links, query.behind, numMicroBatches);
  cost.onceMs = formula.onceMs(stage, links);
  cost.parts[0] = formula.stageNs(stage, links);
  return true;
}

double FullStageModel::stageMs(const RangeCost &cost, int64_t recomputeNs) const {
  return nsToMs(cost.parts[0] + recomputeNs);
}

std::optional<double> FullStageModel::walkStageMs(int64_t microBatch, uint32_t first,
                                                  std::span<const OpPlan> ops) const {
  std::vector<OpPlan> kept(ops.begin(), ops.end());
  for (OpPlan &op : kept)
    op.recompute = false;
  Result<FullStageSums> stage = formula.sumOps(first, kept.size(), kept.data(), microBatch,
                                               kept.front().tp * kept.front().dp);
  if (!stage)
    return std::nullopt;
  return nsToMs(formula.stageNs(*stage, {}));
}

uint32_t FullStageModel::placeKey(uint32_t firstDevice, uint32_t) const {
  return firstDevice % cluster.devicesPerNode;
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

/// With the flags of `ops`, the stage's own.
FullStageSums FullStageModel::sumsOf(const StageChoice &stage, const OpPlan *ops) {
  const Pattern &split = pattern(stage.pattern);
  FullStageSums total = sums[stage.pattern]->sums(stage.first, stage.end, true);
  std::vector<StageRun> runs;
  splitIntoRuns(stage, runs);
  for (const StageRun &run : runs) {
    if (run.mask == 0)
      continue;
    std::optional<FullBlockTerms> like;
    for (uint32_t block = run.block; block < run.block + run.count; ++block) {
      // Blocks whose users are all on the stage are alike.
      bool isInside = lastUsers[block] < stage.end;
      Result<FullBlockTerms> terms =
          isInside && like ? Result<FullBlockTerms>(*like)
                           : formula.blockTerms(stage.first, stage.end - stage.first, ops,
                                                blocks.firstOp(block) + run.from - stage.first,
                                                blocks.firstOp(block) + run.to - stage.first,
                                                split.microBatch, split.devices);
      assert(terms && "a stage of a legal pattern has block terms");
      if (isInside)
        like = *terms;
      total.recomputeNs += terms->recomputeNs;
      total.droppedUnits += terms->droppedUnits;
      total.peakUnits = std::max(total.peakUnits, terms->peakUnits);
      total.estimates |= terms->estimates;
    }
  }
  return total;
}

PlanCost FullStageModel::evaluate(const SearchPlan &plan) {
  CompactPlan compact = toCompact(plan);
  if (hasLongBlocks) {
    Result<PlanCost> walked = formula.evaluate(compact);
    assert(walked && "a plan of legal patterns has a cost");
    return std::move(*walked);
  }
  Result<std::vector<FullStageLinks>> links = formula.links(compact);
  assert(links && "a plan of legal patterns has links");
  std::vector<StageCost> costs;
  EstimateSet estimates = NoEstimate;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    FullStageSums total = sumsOf(plan.stages[i], &compact.ops[plan.stages[i].first]);
    estimates |= total.estimates | (*links)[i].estimates;
    costs.push_back(formula.finishStage(total, (*links)[i], compact.stages[i].devices,
                                        plan.stages.size() - 1 - i, compact.numMicroBatches()));
  }
  return formula.finishPlan(compact, std::move(costs), estimates);
}

Result<PlanCost> FullStageModel::walk(const CompactPlan &plan) const {
  return formula.evaluate(plan);
}

Result<CompactPlan> FullStageModel::chooseStartRecompute(CompactPlan plan) const {
  Result<uint32_t> flags = chooseRecompute(formula, plan);
  if (!flags)
    return flags.takeError();
  return plan;
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

void FullStageModel::boundOptions(uint32_t opKind, int64_t microBatch, uint32_t devices,
                                  std::vector<BoundOption> &options) {
  options.clear();
  uint32_t op = blocks.exampleOf(opKind);
  for (int64_t tp : rules.tps) {
    if (devices % tp != 0 || !rules.allowsDp(microBatch, devices / tp))
      continue;
    for (uint8_t rule = 0; rule < facts.ops[op].numRules; ++rule) {
      OpPlan split;
      split.tp = tp;
      split.dp = devices / tp;
      split.rule = rule;
      Result<FullOpTerms> terms = formula.opTerms(op, split, microBatch, devices);
      if (!terms)
        continue;
      BoundOption option;
      option.timeNs = terms->forwardNs + terms->backwardNs;
      option.recomputeNs = terms->forwardNs;
      // Rounded down: a stage rounds its sum up.
      option.fixedUnits =
          (terms->weightBytes + terms->mainBytes + terms->gradientBytes + terms->optimizerBytes) *
          unitsPerMiB / bytesPerMiB;
      option.keptUnits = terms->activationUnits;
      option.reserveUnits[0] = terms->workspaceUnits;
      options.push_back(option);
    }
  }
}

bool FullStageModel::keepsInFrontOf(uint32_t, uint32_t) const { return false; }

int64_t FullStageModel::inFlight(uint32_t stagesBehind, int64_t microBatch) const {
  return std::min<int64_t>(stagesBehind + 1, globalBatch / microBatch);
}
