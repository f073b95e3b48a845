//===- SplitRemedies.cpp - Degrees, rules, recomputation --------*- C++ -*-===//

#include "Remedies.h"

#include <algorithm>

using namespace aceso;

std::string aceso::countOf(uint64_t count, const char *what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::optional<PatternId> aceso::changeDegrees(StageModel &model, const StageChoice &stage,
                                              const DegreeChange &change) {
  const Pattern &pattern = model.pattern(stage.pattern);
  auto changed = [](uint32_t value, uint32_t times, uint32_t over) -> uint32_t {
    return value % over == 0 ? value / over * times : 0;
  };
  auto isAllowed = [&](uint32_t tp, uint32_t dp) {
    return tp != 0 && dp != 0 && model.getRules().allowsTp(tp) &&
           model.getRules().allowsDp(pattern.microBatch, dp);
  };
  if (pattern.isUniform()) {
    uint32_t tp = changed(pattern.tp, change.timesTp, change.overTp);
    uint32_t dp = changed(pattern.dp, change.timesDp, change.overDp);
    if (!isAllowed(tp, dp))
      return std::nullopt;
    std::optional<PatternId> id = model.uniform(pattern.microBatch, tp, dp, pattern.rules);
    return id && model.isLegal(*id, stage.first, stage.end) ? id : std::nullopt;
  }
  std::vector<OpPlan> ops(pattern.ops.begin() + stage.first, pattern.ops.begin() + stage.end);
  for (OpPlan &op : ops) {
    op.tp = changed(op.tp, change.timesTp, change.overTp);
    op.dp = changed(op.dp, change.timesDp, change.overDp);
    if (!isAllowed(op.tp, op.dp))
      return std::nullopt;
  }
  Result<PatternId> id = model.patternOf(pattern.microBatch, stage.first, ops);
  return id ? std::optional(*id) : std::nullopt;
}

namespace {

/// Chooses anew what the bottleneck (all stages) recomputes.
class RecomputeRemedy final : public Remedy {
public:
  std::string_view getName() const override { return "set-recompute"; }
  StageEffect getEffect() const override {
    StageEffect effect;
    effect.time = effect.memory = effect.workload = Change::Less;
    return effect;
  }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override {
    for (bool all : {false, true}) {
      PlanEditor editor(patient.model(), patient.plan);
      for (uint32_t stage = 0; stage < patient.numStages(); ++stage)
        if (all || stage == patient.bottleneck.stage)
          editor.touch(stage);
      std::optional<SearchPlan> plan = editor.finish();
      if (plan && *plan != patient.plan)
        candidates.push_back(
            {std::move(*plan),
             all ? "in all stages" : "in stage " + std::to_string(patient.bottleneck.stage)});
    }
  }
};

/// Doubles one degree of all ops of the bottleneck and halves the other.
class ExchangeAxesRemedy final : public Remedy {
public:
  explicit ExchangeAxesRemedy(DeviceAxis to) : to(to) {}
  std::string_view getName() const override {
    return to == DeviceAxis::Tp ? "exchange-axes-to-tp" : "exchange-axes-to-dp";
  }
  StageEffect getEffect() const override {
    bool toTp = to == DeviceAxis::Tp;
    StageEffect effect;
    effect.time = effect.communication = toTp ? Change::More : Change::Less;
    effect.memory = toTp ? Change::Less : Change::More;
    effect.efficiency = toTp ? Change::Less : Change::More;
    return effect;
  }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override {
    uint32_t stage = patient.bottleneck.stage;
    DegreeChange change;
    (to == DeviceAxis::Tp ? change.timesTp : change.timesDp) = 2;
    (to == DeviceAxis::Tp ? change.overDp : change.overTp) = 2;
    std::optional<PatternId> pattern =
        changeDegrees(patient.model(), patient.plan.stages[stage], change);
    if (!pattern)
      return;
    PlanEditor editor(patient.model(), patient.plan);
    editor.setPattern(stage, *pattern);
    if (std::optional<SearchPlan> plan = editor.finish())
      candidates.push_back({std::move(*plan), "all ops of stage " + std::to_string(stage)});
  }

private:
  DeviceAxis to;
};

/// The fastest rules for the degrees of the bottleneck, or the default ones.
class RulesRemedy final : public Remedy {
public:
  std::string_view getName() const override { return "set-rule"; }
  StageEffect getEffect() const override {
    StageEffect effect;
    effect.time = effect.communication = Change::Less;
    effect.efficiency = Change::More;
    return effect;
  }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override {
    uint32_t index = patient.bottleneck.stage;
    const StageChoice &stage = patient.plan.stages[index];
    const Pattern &pattern = patient.pattern(index);
    if (!pattern.isUniform())
      return;
    RuleSet other = pattern.rules == RuleSet::Fastest ? RuleSet::Default : RuleSet::Fastest;
    std::optional<PatternId> id =
        patient.model().uniform(pattern.microBatch, pattern.tp, pattern.dp, other);
    if (!id || !patient.model().isLegal(*id, stage.first, stage.end))
      return;
    PlanEditor editor(patient.model(), patient.plan);
    editor.setPattern(index, *id);
    if (std::optional<SearchPlan> plan = editor.finish())
      candidates.push_back({std::move(*plan), (other == RuleSet::Fastest ? "the fastest in stage "
                                                                         : "default in stage ") +
                                                  std::to_string(index)});
  }
};

/// A run of ops of the bottleneck exchanges degrees (fine-tuning, docs/rationale/Cost.md).
class DegreesRemedy final : public Remedy {
public:
  std::string_view getName() const override { return "set-degrees"; }
  StageEffect getEffect() const override {
    StageEffect effect;
    effect.time = effect.communication = Change::Less;
    effect.efficiency = Change::More;
    return effect;
  }
  bool isThorough() const override { return true; }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override;
};

} // namespace

void DegreesRemedy::propose(const Patient &patient, std::vector<Candidate> &candidates) const {
  StageModel &model = patient.model();
  uint32_t index = patient.bottleneck.stage;
  const StageChoice &stage = patient.plan.stages[index];
  const Pattern &pattern = patient.pattern(index);
  if (pattern.devices == 1)
    return;
  // Runs from the begin of the stage, and to its end, that stop in front of an op that has more
  // than one rule; in long stages only of the outer layers.
  constexpr uint32_t maxRuns = 24;
  std::vector<uint32_t> cuts;
  for (uint32_t op = stage.first + 1; op < stage.end; ++op)
    if (model.getFacts().ops[op].numRules > 1)
      cuts.push_back(op);
  if (cuts.size() > 2 * maxRuns)
    cuts.erase(cuts.begin() + maxRuns, cuts.end() - maxRuns);

  std::optional<Candidate> best;
  double bestMs = patient.cost.stages[index].stageMs;
  for (DeviceAxis to : {DeviceAxis::Tp, DeviceAxis::Dp})
    for (uint32_t cut : cuts)
      for (bool front : {true, false}) {
        if (patient.budget.isSpent())
          return;
        uint32_t first = front ? stage.first : cut, end = front ? cut : stage.end;
        std::vector<OpPlan> ops(pattern.ops.begin() + stage.first, pattern.ops.begin() + stage.end);
        bool isAllowed = true;
        for (uint32_t op = first; op < end; ++op) {
          OpPlan &split = ops[op - stage.first];
          uint16_t &more = to == DeviceAxis::Tp ? split.tp : split.dp;
          uint16_t &less = to == DeviceAxis::Tp ? split.dp : split.tp;
          isAllowed &= less % 2 == 0;
          more *= 2;
          less /= 2;
          isAllowed = isAllowed && model.getRules().allowsTp(split.tp) &&
                      model.getRules().allowsDp(pattern.microBatch, split.dp);
        }
        if (!isAllowed)
          continue;
        model.countCandidate();
        std::optional<double> ms = model.walkStageMs(pattern.microBatch, stage.first, ops);
        if (!ms || *ms >= bestMs)
          continue;
        Result<PatternId> id = model.patternOf(pattern.microBatch, stage.first, ops);
        if (!id)
          continue;
        PlanEditor editor(model, patient.plan);
        editor.setPattern(index, *id);
        StageValue value = editor.value(index);
        if (!value.fits || value.ms >= bestMs)
          continue;
        if (std::optional<SearchPlan> plan = editor.finish()) {
          bestMs = value.ms;
          best = Candidate{std::move(*plan), countOf(end - first, "op") + " from op " +
                                                 std::to_string(first) + " on: more " +
                                                 std::string(axisName(to))};
        }
      }
  if (best)
    candidates.push_back(std::move(*best));
}

void aceso::addRecomputeRemedies(RemedyList &remedies) {
  remedies.push_back(std::make_unique<RecomputeRemedy>());
}

void aceso::addSplitRemedies(RemedyList &remedies) {
  remedies.push_back(std::make_unique<ExchangeAxesRemedy>(DeviceAxis::Tp));
  remedies.push_back(std::make_unique<ExchangeAxesRemedy>(DeviceAxis::Dp));
  remedies.push_back(std::make_unique<RulesRemedy>());
  remedies.push_back(std::make_unique<DegreesRemedy>());
}
