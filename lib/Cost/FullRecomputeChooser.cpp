//===- FullRecomputeChooser.cpp - Bytes freed for time spent ----*- C++ -*-===//
//
// Flags act within a block (a layer), so a stage is a list of blocks, and blocks with the same ops,
// degrees and flags do the same. A step of the greedy choice looks at every run of ops of one block
// of each kind.
//
//===----------------------------------------------------------------------===//

#include "aceso/Cost/RecomputeChooser.h"

#include <map>

using namespace aceso;

namespace {

/// Ops [begin, end) of the stage.
struct Block {
  uint32_t begin, end;
  FullBlockTerms terms;
};

/// What flagging a run in all blocks of a kind would do.
struct Candidate {
  std::vector<uint32_t> blocks; ///< those of the kind
  uint32_t begin, end;          ///< of the run, from the start of the block
  int64_t freedUnits = 0, costNs = 0;

  /// Frees more for its time.
  bool isBetterThan(const Candidate &other) const {
    // Products of what a device can hold and what an iteration can take exceed 64 bits.
    return (long double)freedUnits * other.costNs > (long double)other.freedUnits * costNs;
  }
};

class StageChooser {
public:
  StageChooser(const FullFormula &formula, CompactPlan &plan, uint32_t stage)
      : formula(formula), microBatch(plan.microBatch), devices(plan.stages[stage].devices),
        first(plan.firstOp(stage)), numOps(plan.stages[stage].numOps), plans(&plan.ops[first]),
        inFlight(std::min<int64_t>(plan.stages.size() - stage, plan.numMicroBatches())) {}

  /// Flags until `overUnits` are freed or nothing is left to free.
  std::optional<ErrorMessage> run(int64_t overUnits) {
    for (uint32_t begin = 0, end; begin < numOps; begin = end) {
      for (end = begin + 1;
           end < numOps && formula.block(first + end) == formula.block(first + begin);)
        ++end;
      blocks.push_back({begin, end, {}});
    }
    while (freedUnits() < overUnits) {
      Result<std::optional<Candidate>> best = bestCandidate();
      if (!best)
        return best.takeError();
      if (!*best)
        break;
      for (uint32_t index : (*best)->blocks) {
        Block &block = blocks[index];
        for (uint32_t i = (*best)->begin; i < (*best)->end; ++i)
          plans[block.begin + i].recompute = true;
        Result<FullBlockTerms> terms = termsOf(block);
        if (!terms)
          return terms.takeError();
        block.terms = *terms;
        if (freedUnits() >= overUnits)
          break;
      }
    }
    return std::nullopt;
  }

private:
  Result<FullBlockTerms> termsOf(const Block &block) const {
    return formula.blockTerms(first, numOps, plans, block.begin, block.end, microBatch, devices);
  }

  int64_t peakUnits() const {
    int64_t peak = 0;
    for (const Block &block : blocks)
      peak = std::max(peak, block.terms.peakUnits);
    return peak;
  }

  int64_t freedUnits() const {
    int64_t dropped = 0;
    for (const Block &block : blocks)
      dropped += block.terms.droppedUnits;
    return dropped * inFlight - peakUnits();
  }

  /// Blocks that do the same, in order of their first.
  std::vector<std::vector<uint32_t>> blocksByKind() const {
    std::map<std::vector<uint64_t>, uint32_t> kinds;
    std::vector<std::vector<uint32_t>> result;
    for (uint32_t index = 0; index < blocks.size(); ++index) {
      const Block &block = blocks[index];
      // The last block's results have no users behind it on the stage.
      std::vector<uint64_t> kind{block.end == numOps};
      for (uint32_t op = block.begin; op < block.end; ++op)
        kind.push_back(uint64_t(formula.key(first + op)) << 32 | uint64_t(plans[op].tp) << 16 |
                       uint64_t(plans[op].rule) << 1 | plans[op].recompute);
      auto [it, isNew] = kinds.try_emplace(std::move(kind), result.size());
      if (isNew)
        result.emplace_back();
      result[it->second].push_back(index);
    }
    return result;
  }

  Result<std::optional<Candidate>> bestCandidate() {
    std::optional<Candidate> best;
    int64_t peak = peakUnits();
    for (const std::vector<uint32_t> &kind : blocksByKind()) {
      const Block &block = blocks[kind.front()];
      uint32_t size = block.end - block.begin;
      std::vector<OpPlan> before(plans + block.begin, plans + block.end);
      for (uint32_t begin = 0; begin < size; ++begin)
        for (uint32_t end = begin + 1; end <= size; ++end) {
          // A run that ends in a flagged op is a shorter one.
          if (before[begin].recompute || before[end - 1].recompute)
            continue;
          for (uint32_t i = begin; i < end; ++i)
            plans[block.begin + i].recompute = true;
          Result<FullBlockTerms> terms = termsOf(block);
          std::copy(before.begin(), before.end(), plans + block.begin);
          if (!terms)
            return terms.takeError();
          Candidate candidate{kind, begin, end};
          int64_t count = kind.size();
          candidate.freedUnits =
              (terms->droppedUnits - block.terms.droppedUnits) * inFlight * count -
              (std::max(peak, terms->peakUnits) - peak);
          candidate.costNs = (terms->recomputeNs - block.terms.recomputeNs) * count;
          if (candidate.freedUnits > 0 && (!best || candidate.isBetterThan(*best)))
            best = std::move(candidate);
        }
    }
    return best;
  }

  const FullFormula &formula;
  int64_t microBatch, devices;
  uint32_t first, numOps;
  OpPlan *plans;
  int64_t inFlight;
  std::vector<Block> blocks;
};

} // namespace

Result<uint32_t> aceso::chooseRecompute(const FullFormula &formula, CompactPlan &plan) {
  for (OpPlan &op : plan.ops)
    op.recompute = false;
  Result<PlanCost> cost = formula.evaluate(plan);
  if (!cost)
    return cost.takeError();
  int64_t limitUnits = plan.cluster.memoryLimitMiB * unitsPerMiB;
  for (uint32_t stage = 0; stage < plan.stages.size(); ++stage)
    if (std::optional<ErrorMessage> error =
            StageChooser(formula, plan, stage).run(cost->stages[stage].memoryUnits - limitUnits))
      return ErrorMessage{"stage " + std::to_string(stage) + ": " + error->text};
  uint32_t numFlags = 0;
  for (const OpPlan &op : plan.ops)
    numFlags += op.recompute;
  return numFlags;
}
