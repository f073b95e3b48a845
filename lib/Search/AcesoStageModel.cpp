//===- AcesoStageModel.cpp - The published formula, for searching -*- C++ -*-===//

#include "aceso/Search/AcesoStageModel.h"

#include "AcesoPatternSums.h"
#include "RecomputeKnapsack.h"

#include "aceso/Cost/RecomputeChooser.h"

#include <algorithm>
#include <cassert>
#include <limits>

using namespace aceso;

//===----------------------------------------------------------------------===//
// Creation
//===----------------------------------------------------------------------===//

Result<std::unique_ptr<StageModel>>
AcesoStageModel::create(const ModelFacts &facts, std::shared_ptr<const CostTables> tables,
                        const ClusterDesc &cluster, int64_t globalBatch,
                        std::vector<int64_t> microBatches, int64_t chooserPeakUnits) {
  SearchRules rules = acesoSearchRules(tables->getOps(), std::move(microBatches));
  Result<AcesoFormula> formula = AcesoFormula::create(facts, std::move(tables));
  if (!formula)
    return formula.takeError();
  return std::unique_ptr<StageModel>(new AcesoStageModel(
      facts, std::move(*formula), std::move(rules), cluster, globalBatch, chooserPeakUnits));
}

AcesoStageModel::AcesoStageModel(const ModelFacts &facts, AcesoFormula formula, SearchRules rules,
                                 const ClusterDesc &cluster, int64_t globalBatch,
                                 int64_t chooserPeakUnits)
    : StageModel(facts, std::move(rules), cluster, globalBatch), formula(std::move(formula)),
      chooserPeakUnits(chooserPeakUnits) {}

AcesoStageModel::~AcesoStageModel() = default;

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

bool AcesoStageModel::preparePattern(PatternId id) {
  const Pattern &split = pattern(id);
  auto made = std::make_unique<AcesoPatternSums>(formula, facts, blocks, split);
  if (!made->anyLegal())
    return false;
  sums.resize(id);
  sums.push_back(std::move(made));
  return true;
}

bool AcesoStageModel::isLegal(PatternId id, uint32_t first, uint32_t end) const {
  return sums[id]->isLegal(first, end);
}

std::string AcesoStageModel::whyIllegal(int64_t microBatch, uint32_t first,
                                        std::span<const OpPlan> ops) const {
  for (size_t i = 0; i < ops.size(); ++i) {
    uint32_t op = first + i;
    if (std::string error =
            checkOpDegrees(facts.ops[op], {ops[i].tp, ops[i].dp, ops[i].rule}, microBatch);
        !error.empty())
      return error;
    if (Result<AcesoOpTerms> terms = formula.opTerms(op, ops[i], microBatch); !terms)
      return terms.error();
    if (i > 0)
      if (Result<AcesoSeamTerms> seam = formula.seamTerms(op, ops[i - 1], ops[i], microBatch);
          !seam)
        return seam.error();
  }
  return "";
}

/// Rules that the search may give to an op.
static uint32_t numRulesOf(const AcesoFormula &formula, const OpFacts &facts, uint32_t op) {
  return formula.traits(op).tunable ? std::min<uint32_t>(facts.numRules, AcesoOpTraits::numRules)
                                    : 1;
}

void AcesoStageModel::chooseFastestRules(uint32_t block, int64_t microBatch,
                                         std::span<OpPlan> ops) const {
  // The shortest path through the block, a node for each rule of each op, and on into the
  // neighbours with rule 0.
  struct Node {
    bool reached = false;
    int64_t ns = 0;
    uint8_t from = 0;
  };
  using Nodes = std::array<Node, AcesoOpTraits::numRules>;
  std::vector<Nodes> nodes(ops.size());
  uint32_t first = blocks.firstOp(block);
  auto withRule = [&](uint32_t i, uint8_t rule) {
    OpPlan split = ops[i];
    split.rule = rule;
    return split;
  };
  constexpr int64_t impossibleNs = int64_t(1) << 60;
  auto seamNs = [&](uint32_t op, const OpPlan &before, const OpPlan &split) -> int64_t {
    if (op == 0 || op == blocks.numOps())
      return 0;
    Result<AcesoSeamTerms> seam = formula.seamTerms(op, before, split, microBatch);
    return seam ? seam->forwardConversionNs + seam->backwardConversionNs : impossibleNs;
  };
  for (uint32_t i = 0; i < ops.size(); ++i) {
    uint32_t op = first + i;
    for (uint8_t rule = 0; rule < numRulesOf(formula, facts.ops[op], op); ++rule) {
      OpPlan split = withRule(i, rule);
      Result<AcesoOpTerms> terms = formula.opTerms(op, split, microBatch);
      if (!terms ||
          !checkOpDegrees(facts.ops[op], {split.tp, split.dp, split.rule}, microBatch).empty())
        continue;
      Node &node = nodes[i][rule];
      int64_t own = terms->forwardNs + terms->backwardNs;
      if (i == 0) {
        node = {true, own + seamNs(op, withRule(0, 0), split), 0};
        continue;
      }
      for (uint8_t before = 0; before < AcesoOpTraits::numRules; ++before) {
        if (!nodes[i - 1][before].reached)
          continue;
        int64_t seam = seamNs(op, withRule(i - 1, before), split);
        if (seam >= impossibleNs)
          continue;
        int64_t ns = nodes[i - 1][before].ns + seam + own;
        if (!node.reached || ns < node.ns)
          node = {true, ns, before};
      }
    }
  }
  for (uint8_t rule = 0; rule < AcesoOpTraits::numRules; ++rule) {
    OpPlan last = withRule(ops.size() - 1, rule), next = last;
    next.rule = 0;
    nodes.back()[rule].ns += seamNs(first + ops.size(), last, next);
  }
  int best = -1;
  for (uint8_t rule = 0; rule < AcesoOpTraits::numRules; ++rule)
    if (nodes.back()[rule].reached && (best < 0 || nodes.back()[rule].ns < nodes.back()[best].ns))
      best = rule;
  // No path: the rules stay as they are, and the pattern is not legal here.
  if (best < 0)
    return;
  for (uint32_t i = ops.size(); i-- > 0;) {
    ops[i].rule = best;
    best = nodes[i][best].from;
  }
}

/// Whether the block's last op may be recomputed without its segment running on into the next
/// block. (A single op is never recomputed: that would save nothing.)
uint32_t AcesoStageModel::blockContext(uint32_t block) const {
  if (block + 1 == blocks.numBlocks() || blocks.sizeOf(block + 1) == 1)
    return 1;
  uint32_t next = blocks.firstOp(block + 1);
  return formula.traits(next).startsSegment && formula.traits(next - 1).isPlainlyHeld();
}

//===----------------------------------------------------------------------===//
// What to recompute
//===----------------------------------------------------------------------===//

MaskFrontier AcesoStageModel::makeFrontier(PatternId id, uint32_t block, uint32_t from, uint32_t to,
                                           bool isLast) {
  const AcesoPatternSums &split = *sums[id];
  AcesoSegments segments;
  uint32_t first = blocks.firstOp(block);
  segments.from = from;
  segments.isLast = isLast;
  segments.mayTakeLast = isLast || to < blocks.sizeOf(block) || blockContext(block) == 1;
  for (uint32_t op = first + from; op < first + to; ++op)
    segments.ops.push_back({split.forwardNs(op), split.heldUnits(op),
                            formula.traits(op).isPlainlyHeld(), formula.traits(op).startsSegment});
  bool isWhole = from == 0 && to == blocks.sizeOf(block);
  return makeAcesoFrontier(segments, isWhole ? 64 : 24);
}

struct AcesoStageModel::FlagTotals {
  int64_t recomputeNs = 0, savedUnits = 0, peakUnits = 0;
};

/// By walking the ops of two or three blocks of each run: from then on a run repeats itself.
AcesoStageModel::FlagTotals AcesoStageModel::addUpFlags(const StageChoice &stage) const {
  FlagTotals totals;
  if (stage.masks.size() == 1 && stage.masks[0].mask == 0)
    return totals;
  const AcesoPatternSums &split = *sums[stage.pattern];
  AcesoPeakScan scan;
  bool isFlagged = false; // the op in front
  auto walkBlock = [&](uint32_t block, const StageRun &run) {
    FlagTotals added;
    uint32_t first = blocks.firstOp(block);
    for (uint32_t op = first + run.from; op < first + run.to; ++op) {
      bool flag = run.mask >> (op - first) & 1;
      added.recomputeNs += flag ? split.forwardNs(op) : 0;
      if (op != stage.first) {
        bool starts = formula.traits(op).startsSegment;
        bool plain = formula.traits(op - 1).isPlainlyHeld();
        bool both = isFlagged && flag;
        int64_t held = split.heldUnits(op - 1);
        if (both && !(plain && starts))
          added.savedUnits += held;
        scan.seam(both, starts || op + 1 == stage.end, held, plain);
      }
      isFlagged = flag;
    }
    return added;
  };
  std::vector<StageRun> runs;
  splitIntoRuns(stage, runs);
  for (const StageRun &run : runs) {
    for (uint32_t i = 0; i < run.count; ++i) {
      AcesoPeakScan before = scan;
      FlagTotals added = walkBlock(run.block + i, run);
      // Nothing changed since the block before: so it goes on.
      int64_t times = i > 0 && scan == before ? run.count - i : 1;
      totals.recomputeNs += added.recomputeNs * times;
      totals.savedUnits += added.savedUnits * times;
      if (times > 1)
        break;
    }
  }
  totals.peakUnits = scan.peakUnits();
  return totals;
}

//===----------------------------------------------------------------------===//
// Stages and plans
//===----------------------------------------------------------------------===//

bool AcesoStageModel::rangeCost(const StageQuery &query, RangeCost &cost) {
  const AcesoPatternSums &split = *sums[query.pattern];
  if (!split.isLegal(query.first, query.end))
    return false;
  StagePlace place =
      stagePlace(cluster, query.firstDevice, pattern(query.pattern).devices, query.behind);
  AcesoStageSums stage = split.sums(query.first, query.end);
  AcesoPatternSums::Ends ends = split.ends(formula, query.first, query.end);
  cost.inFlight = query.behind + 1;
  cost.memoryUnits = formula.memoryUnits(stage, ends.inputUnits, query.behind);
  cost.parts[0] = stage.forwardNs;
  cost.parts[1] = stage.backwardNs;
  cost.parts[2] = stage.forwardConversionNs;
  cost.parts[3] = stage.backwardConversionNs;
  cost.ends[0] = ends.inUs[place.inCrossNode];
  cost.ends[1] = ends.outUs[place.outCrossNode];
  return true;
}

double AcesoStageModel::stageMs(const RangeCost &cost, int64_t recomputeNs) const {
  AcesoStageSums stage;
  stage.forwardNs = cost.parts[0];
  stage.backwardNs = cost.parts[1];
  stage.forwardConversionNs = cost.parts[2];
  stage.backwardConversionNs = cost.parts[3];
  stage.recomputeNs = recomputeNs;
  return AcesoFormula::stageMs(stage, cost.ends[0], cost.ends[1]);
}

std::optional<double> AcesoStageModel::walkStageMs(int64_t microBatch, uint32_t first,
                                                   std::span<const OpPlan> ops) const {
  Result<AcesoStageSums> stage = formula.sumOps(first, ops.size(), ops.data(), microBatch);
  if (!stage)
    return std::nullopt;
  stage->recomputeNs = 0;
  Result<AcesoStageEnds> ends =
      formula.stageEnds(first, ops.size(), ops.front(), ops.back(), microBatch);
  if (!ends)
    return std::nullopt;
  StagePlace place;
  place.devices = ops.front().tp * ops.front().dp;
  return formula.stageMs(*stage, *ends, place);
}

uint32_t AcesoStageModel::placeKey(uint32_t firstDevice, uint32_t devices) const {
  StagePlace place = stagePlace(cluster, firstDevice, devices, 0);
  return place.inCrossNode * 2 + place.outCrossNode;
}

PlanCost AcesoStageModel::evaluate(const SearchPlan &plan) {
  CompactPlan outline;
  outline.cluster = cluster;
  outline.globalBatch = globalBatch;
  outline.microBatch = plan.microBatch;
  std::vector<StageCost> costs;
  int64_t firstDevice = 0;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const StageChoice &stage = plan.stages[i];
    const Pattern &split = pattern(stage.pattern);
    AcesoStageSums total = sums[stage.pattern]->sums(stage.first, stage.end);
    FlagTotals flags = addUpFlags(stage);
    total.recomputeNs = flags.recomputeNs;
    total.savedUnits = flags.savedUnits;
    total.peakUnits = flags.peakUnits;
    Result<AcesoStageEnds> ends =
        formula.stageEnds(stage.first, stage.end - stage.first, split.ops[stage.first],
                          split.ops[stage.end - 1], plan.microBatch);
    assert(ends && "a stage of a legal pattern has ends");
    costs.push_back(formula.finishStage(
        total, *ends, stagePlace(cluster, firstDevice, split.devices, plan.stages.size() - 1 - i)));
    outline.stages.push_back({stage.end - stage.first, split.devices});
    firstDevice += split.devices;
  }
  return formula.finishPlan(outline, std::move(costs));
}

Result<PlanCost> AcesoStageModel::walk(const CompactPlan &plan) const {
  return formula.evaluate(plan);
}

Result<CompactPlan> AcesoStageModel::chooseStartRecompute(CompactPlan plan) const {
  Result<uint32_t> flags = chooseRecompute(formula, plan, chooserPeakUnits);
  if (!flags)
    return flags.takeError();
  return plan;
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

void AcesoStageModel::boundOptions(uint32_t opKind, int64_t microBatch, uint32_t devices,
                                   std::vector<BoundOption> &options) {
  options.clear();
  uint32_t op = blocks.exampleOf(opKind);
  AcesoStageSums weight;
  weight.weightUnits = 1;
  // Weights, main copies, gradients, moments; memoryUnits adds the reserve of at least the weights.
  int64_t weightFactor = formula.memoryUnits(weight, 0, 0) - 1;
  auto leastTransfer = [&](int64_t units) {
    return std::min(formula.transferUs(units, false), formula.transferUs(units, true)) / 1000;
  };
  for (int64_t tp : rules.tps) {
    if (devices % tp != 0 || !rules.allowsDp(microBatch, devices / tp))
      continue;
    for (uint8_t rule = 0; rule < numRulesOf(formula, facts.ops[op], op); ++rule) {
      OpPlan split;
      split.tp = tp;
      split.dp = devices / tp;
      split.rule = rule;
      Result<AcesoOpTerms> terms = formula.opTerms(op, split, microBatch);
      if (!terms ||
          !checkOpDegrees(facts.ops[op], {split.tp, split.dp, split.rule}, microBatch).empty())
        continue;
      BoundOption option;
      option.timeNs = terms->forwardNs + terms->backwardNs;
      option.recomputeNs = terms->forwardNs;
      option.fixedUnits = terms->weightUnits * weightFactor;
      option.keptUnits = terms->heldUnits;
      option.reserveSumUnits = terms->weightUnits;
      option.reserveUnits[0] = terms->forwardReservedUnits;
      option.reserveUnits[1] = terms->backwardReservedUnits;
      option.sendMs = std::numeric_limits<double>::infinity();
      for (int64_t firstTp : rules.tps) {
        // Output sizes are looked up with the first op's tp.
        OpPlan first = split;
        first.tp = firstTp;
        Result<AcesoStageEnds> ends = formula.stageEnds(op, 1, first, split, microBatch);
        if (!ends)
          continue;
        option.sendMs = std::min(option.sendMs, leastTransfer(ends->outputUnits));
        if (firstTp == tp) {
          option.inputUnits = ends->inputUnits;
          option.receiveMs = leastTransfer(ends->inputUnits);
        }
      }
      options.push_back(option);
    }
  }
}

bool AcesoStageModel::keepsInFrontOf(uint32_t opKind, uint32_t nextKind) const {
  return formula.traits(blocks.exampleOf(opKind)).isPlainlyHeld() &&
         formula.traits(blocks.exampleOf(nextKind)).startsSegment;
}

int64_t AcesoStageModel::inFlight(uint32_t stagesBehind, int64_t) const { return stagesBehind + 1; }
