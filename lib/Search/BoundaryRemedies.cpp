//===- BoundaryRemedies.cpp - Ops to other stages ---------------*- C++ -*-===//

#include "Partitioner.h"
#include "Remedies.h"

#include <algorithm>
#include <limits>

using namespace aceso;

namespace {

/// Moves ops from the bottleneck, stage by stage, to a stage that has room (docs/rationale/Cost.md,
/// dec_op).
class MoveOpsRemedy final : public Remedy {
public:
  std::string_view getName() const override { return "move-ops"; }
  StageEffect getEffect() const override {
    StageEffect effect;
    effect.time = effect.memory = effect.workload = Change::Less;
    return effect;
  }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override;

private:
  std::vector<uint32_t> partners(const Patient &patient) const;
  std::optional<Candidate> shift(const Patient &patient, uint32_t partner, double goal) const;
};

/// Moves all boundaries at once; devices stay.
class RebalanceRemedy final : public Remedy {
public:
  std::string_view getName() const override { return "rebalance"; }
  StageEffect getEffect() const override {
    StageEffect effect;
    effect.time = effect.memory = effect.workload = Change::Less;
    return effect;
  }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override {
    Partition partition = patient.workshop.rebalance(patient.plan.microBatch, patient.devices(),
                                                     patient.belowMs, patient.budget);
    if (!partition.found())
      return;
    PlanEditor editor(patient.model(), patient.plan);
    editor.setPartition(patient.plan.microBatch, partition);
    if (std::optional<SearchPlan> plan = editor.finish())
      candidates.push_back({std::move(*plan), "all boundaries"});
  }
};

} // namespace

/// Time of a stage; if it does not fit, by how much, beyond all times.
static double valueOf(const StageValue &value, int64_t limitUnits) {
  return value.fits ? value.ms : 1e12 + double(value.memoryUnits - limitUnits);
}

/// The neighbours, and of all stages the one with most room: least memory if memory is short, else
/// most efficient idle time.
std::vector<uint32_t> MoveOpsRemedy::partners(const Patient &patient) const {
  uint32_t stage = patient.bottleneck.stage, count = patient.numStages();
  std::vector<uint32_t> partners;
  auto add = [&](uint32_t partner) {
    if (partner < count && partner != stage &&
        std::find(partners.begin(), partners.end(), partner) == partners.end())
      partners.push_back(partner);
  };
  uint32_t best = count;
  const std::vector<StageCost> &stages = patient.cost.stages;
  for (uint32_t other = 0; other < count; ++other) {
    if (other == stage || (patient.cost.feasible && stages[other].efficientTime <= 0))
      continue;
    if (best == count ||
        (patient.cost.feasible ? stages[other].efficientTime > stages[best].efficientTime
                               : stages[other].memoryUnits < stages[best].memoryUnits))
      best = other;
  }
  add(best);
  add(stage + 1);
  add(stage - 1);
  return partners;
}

/// From the bottleneck to the partner, each stage on the way gives away the fewest ops with which
/// it is below the goal. None if the partner itself is not.
std::optional<Candidate> MoveOpsRemedy::shift(const Patient &patient, uint32_t partner,
                                              double goal) const {
  PlanEditor editor(patient.model(), patient.plan);
  int64_t limit = patient.model().getLimitUnits();
  int step = partner > patient.bottleneck.stage ? 1 : -1;
  std::string what;
  for (uint32_t stage = patient.bottleneck.stage; stage != partner; stage += step) {
    const StageChoice whole = editor.stage(stage);
    uint32_t numOps = whole.end - whole.first;
    // At least one op leaves the bottleneck. Doubling first, then every count in between.
    uint32_t least = stage == patient.bottleneck.stage ? 1 : 0;
    auto isEnough = [&](uint32_t count) {
      if (step > 0)
        editor.setRange(stage, whole.first, whole.end - count);
      else
        editor.setRange(stage, whole.first + count, whole.end);
      return valueOf(editor.value(stage), limit) < goal;
    };
    if (numOps <= least)
      return std::nullopt;
    uint32_t tooFew = least, count = least;
    while (!isEnough(count)) {
      if (count == numOps - 1 || patient.budget.isSpent())
        return std::nullopt;
      tooFew = count + 1;
      count = std::min(numOps - 1, std::max(count * 2, count + 1));
    }
    for (; tooFew < count; ++tooFew)
      if (isEnough(tooFew))
        break;
    count = std::min(count, tooFew);
    isEnough(count);
    if (count == 0)
      break;
    uint32_t next = stage + step;
    if (step > 0)
      editor.setRange(next, whole.end - count, editor.stage(next).end);
    else
      editor.setRange(next, editor.stage(next).first, whole.first + count);
    what += (what.empty() ? "" : ", ") + countOf(count, "op") + " to stage " + std::to_string(next);
    if (next == partner && !(valueOf(editor.value(next), limit) < goal))
      return std::nullopt;
  }
  std::optional<SearchPlan> plan = editor.finish();
  if (!plan || what.empty())
    return std::nullopt;
  return Candidate{std::move(*plan), std::move(what)};
}

void MoveOpsRemedy::propose(const Patient &patient, std::vector<Candidate> &candidates) const {
  const std::vector<StageCost> &stages = patient.cost.stages;
  double most = stages[patient.bottleneck.stage].stageMs;
  for (uint32_t partner : partners(patient)) {
    std::vector<double> goals;
    if (patient.cost.feasible) {
      double gap = std::max(0.0, most - stages[partner].stageMs);
      goals = {most - 0.4 * gap, most - 0.2 * gap, most};
    } else {
      goals = {1e12};
    }
    for (double goal : goals) {
      if (patient.budget.isSpent())
        return;
      if (std::optional<Candidate> candidate = shift(patient, partner, goal)) {
        candidates.push_back(std::move(*candidate));
        break;
      }
    }
  }
}

void aceso::addBoundaryRemedies(RemedyList &remedies) {
  remedies.push_back(std::make_unique<MoveOpsRemedy>());
  remedies.push_back(std::make_unique<RebalanceRemedy>());
}
