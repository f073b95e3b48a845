//===- MovesBetween.cpp - From any plan to any other ------------*- C++ -*-===//
//
// Batch, stages, rules, degrees and flags are set one after the other. In which order that goes
// through legal plans only depends on the two plans, so the few orders are tried. Where none does,
// the way goes through the plan with one device in every stage: there tp = dp = 1, so any rule and
// any batch is legal. From it every plan can be reached: with the largest dp that its batch allows
// (D devices, micro-batch b: gcd(D, b)) every stage is legal if any degrees are, because each legal
// tp is a multiple of the one left over, and each legal dp divides it.
//
//===----------------------------------------------------------------------===//

#include "aceso/Search/Moves.h"

#include <algorithm>
#include <map>
#include <numeric>

using namespace aceso;

namespace {

/// A sequence of moves and the plan it leads to.
class Path {
public:
  Path(const CompactPlan &start, const CompactPlan &target, const ModelFacts &facts)
      : plan(start), target(target), facts(facts) {}

  // Each makes one part equal to the target's; false if a plan on the way would not be legal.

  bool setBatch() {
    return plan.microBatch == target.microBatch ||
           add(std::make_unique<SetMicroBatch>(target.microBatch));
  }

  bool setRecompute() {
    return setOps([](const OpPlan &op) { return op.recompute; },
                  [](OpRanges ops, bool value) -> std::unique_ptr<Move> {
                    return std::make_unique<SetRecompute>(std::move(ops), value);
                  });
  }

  bool setRules() {
    return setOps([](const OpPlan &op) { return op.rule; },
                  [](OpRanges ops, uint8_t rule) -> std::unique_ptr<Move> {
                    return std::make_unique<SetRule>(std::move(ops), rule);
                  });
  }

  bool setDegrees() {
    return setOps([](const OpPlan &op) { return std::pair(op.tp, op.dp); },
                  [](OpRanges ops, std::pair<uint16_t, uint16_t> degrees) -> std::unique_ptr<Move> {
                    return std::make_unique<SetDegrees>(std::move(ops), degrees.first,
                                                        degrees.second);
                  });
  }

  /// The target's stages, each with its most frequent tp, or, where that is not legal for all its
  /// ops, with the least.
  bool setStages() {
    if (plan.stages == target.stages)
      return true;
    std::vector<uint32_t> ops, devices, frequentTp, leastTp;
    uint32_t first = 0;
    for (const StagePlan &stage : target.stages) {
      ops.push_back(stage.numOps);
      devices.push_back(stage.devices);
      std::map<uint16_t, uint32_t> counts;
      for (uint32_t op = first; op < first + stage.numOps; ++op)
        ++counts[target.ops[op].tp];
      first += stage.numOps;
      frequentTp.push_back(std::max_element(counts.begin(), counts.end(), [](auto a, auto b) {
                             return a.second < b.second;
                           })->first);
      leastTp.push_back(stage.devices / std::gcd<int64_t>(stage.devices, plan.microBatch));
    }
    return add(std::make_unique<SetStages>(ops, devices, frequentTp)) ||
           add(std::make_unique<SetStages>(ops, devices, leastTp));
  }

  /// One device in every stage.
  bool isolateDevices() {
    uint32_t numStages = plan.cluster.numDevices();
    if (numStages > plan.ops.size())
      return false;
    std::vector<uint32_t> ops(numStages, 1);
    ops.back() += plan.ops.size() - numStages;
    return add(std::make_unique<SetStages>(ops, std::vector<uint32_t>(numStages, 1),
                                           std::vector<uint32_t>()));
  }

  MoveList moves;

private:
  bool add(std::unique_ptr<Move> move) {
    if (!move->apply(plan, facts).empty())
      return false;
    moves.push_back(std::move(move));
    return true;
  }

  /// One move for each value of `get` that the target has where the plan has another.
  template <typename Get, typename MakeMove> bool setOps(Get get, MakeMove makeMove) {
    std::map<decltype(get(plan.ops[0])), std::vector<uint32_t>> differing;
    for (uint32_t op = 0; op < plan.ops.size(); ++op)
      if (auto value = get(target.ops[op]); value != get(plan.ops[op]))
        differing[value].push_back(op);
    for (const auto &[value, ops] : differing)
      if (!add(makeMove(OpRanges::of(ops), value)))
        return false;
    return true;
  }

  CompactPlan plan;
  const CompactPlan &target;
  const ModelFacts &facts;
};

} // namespace

Result<MoveList> aceso::movesBetween(const CompactPlan &from, const CompactPlan &to,
                                     const ModelFacts &facts) {
  if (from.cluster != to.cluster || from.globalBatch != to.globalBatch ||
      from.ops.size() != to.ops.size())
    return ErrorMessage{"moves keep the cluster, the global batch and the ops of a plan"};
  using Step = bool (Path::*)();
  // Setting stages sets degrees too, so degrees come after it.
  constexpr Step orders[][4] = {
      {&Path::setBatch, &Path::setStages, &Path::setRules, &Path::setDegrees},
      {&Path::setStages, &Path::setRules, &Path::setDegrees, &Path::setBatch},
      {&Path::setBatch, &Path::setRules, &Path::setStages, &Path::setDegrees},
      {&Path::setRules, &Path::setBatch, &Path::setStages, &Path::setDegrees},
      {&Path::setStages, &Path::setDegrees, &Path::setRules, &Path::setBatch},
      {&Path::setRules, &Path::setStages, &Path::setDegrees, &Path::setBatch},
      {&Path::setStages, &Path::setBatch, &Path::setRules, &Path::setDegrees},
      {&Path::setBatch, &Path::setStages, &Path::setDegrees, &Path::setRules},
  };
  for (const auto &order : orders) {
    Path path(from, to, facts);
    if (std::all_of(std::begin(order), std::end(order),
                    [&](Step step) { return (path.*step)(); }) &&
        path.setRecompute())
      return std::move(path.moves);
  }
  Path path(from, to, facts);
  if (path.isolateDevices() && path.setRules() && path.setBatch() && path.setStages() &&
      path.setDegrees() && path.setRecompute())
    return std::move(path.moves);
  return ErrorMessage{
      "found no moves between two plans; the way through stages of one device needs "
      "a model of at least " +
      std::to_string(from.cluster.numDevices()) + " ops, this one has " +
      std::to_string(from.ops.size())};
}
