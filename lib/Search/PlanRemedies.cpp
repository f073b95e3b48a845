//===- PlanRemedies.cpp - Remedies that change the whole plan ---*- C++ -*-===//

#include "Partitioner.h"
#include "Remedies.h"

#include <algorithm>
#include <limits>

using namespace aceso;

namespace {

/// The next larger (smaller) micro-batch. Every stage takes its best degrees for it.
class MicroBatchRemedy final : public Remedy {
public:
  explicit MicroBatchRemedy(bool larger) : larger(larger) {}
  std::string_view getName() const override {
    return larger ? "larger-micro-batch" : "smaller-micro-batch";
  }
  StageEffect getEffect() const override {
    StageEffect effect;
    effect.time = larger ? Change::Less : Change::More;
    effect.memory = effect.efficiency = larger ? Change::More : Change::Less;
    return effect;
  }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override;

private:
  bool larger;
};

/// Boundaries and devices of all stages at once, for each micro-batch.
class RepartitionRemedy final : public Remedy {
public:
  std::string_view getName() const override { return "repartition"; }
  StageEffect getEffect() const override {
    StageEffect effect;
    effect.time = effect.memory = effect.workload = Change::Less;
    effect.devices = effect.communication = effect.efficiency = Change::Varies;
    return effect;
  }
  bool isThorough() const override { return true; }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override;
};

} // namespace

void MicroBatchRemedy::propose(const Patient &patient, std::vector<Candidate> &candidates) const {
  StageModel &model = patient.model();
  const std::vector<int64_t> &sizes = model.getRules().microBatches;
  auto it = std::find(sizes.begin(), sizes.end(), patient.plan.microBatch);
  if (it == sizes.end() || (larger ? it + 1 == sizes.end() : it == sizes.begin()))
    return;
  int64_t size = larger ? *(it + 1) : *(it - 1);
  std::string what = "of " + std::to_string(size);

  SearchPlan resized = patient.plan;
  resized.microBatch = size;
  PlanEditor editor(model, resized);
  bool isPossible = true;
  for (uint32_t stage = 0; stage < patient.numStages() && isPossible; ++stage) {
    PatternId best = noPattern;
    double bestValue = std::numeric_limits<double>::infinity();
    for (PatternId id : model.uniformPatterns(size, patient.pattern(stage).devices)) {
      editor.setPattern(stage, id);
      StageValue value = editor.value(stage);
      double ms = value.fits ? value.ms : 1e12 + double(value.memoryUnits);
      if (ms < bestValue) {
        bestValue = ms;
        best = id;
      }
    }
    isPossible = best != noPattern;
    if (isPossible)
      editor.setPattern(stage, best);
  }
  if (isPossible)
    if (std::optional<SearchPlan> plan = editor.finish())
      candidates.push_back({std::move(*plan), what});

  Partition partition =
      patient.workshop.rebalance(size, patient.devices(), patient.belowMs, patient.budget);
  if (!partition.found())
    return;
  PlanEditor rebalanced(model, resized);
  rebalanced.setPartition(size, partition);
  if (std::optional<SearchPlan> plan = rebalanced.finish())
    candidates.push_back({std::move(*plan), what + ", all boundaries"});
}

void RepartitionRemedy::propose(const Patient &patient, std::vector<Candidate> &candidates) const {
  // Those first that may be best: they make the bound for the others.
  std::vector<std::pair<double, int64_t>> sizes;
  uint32_t numStages = patient.numStages();
  for (int64_t size : patient.model().getRules().microBatches) {
    const ReachBound &bound = patient.workshop.partitioner(size).getBound();
    sizes.emplace_back(bound.leastIterationMs(numStages, patient.belowMs), size);
  }
  std::sort(sizes.begin(), sizes.end());
  double belowMs = patient.belowMs;
  for (auto [leastMs, size] : sizes) {
    if (leastMs >= belowMs || patient.budget.isSpent())
      break;
    Partitioner::Request request;
    request.numStages = numStages;
    request.belowMs = belowMs;
    Partition partition = patient.workshop.partitioner(size).partition(request, patient.budget);
    if (!partition.found())
      continue;
    SearchPlan resized = patient.plan;
    resized.microBatch = size;
    PlanEditor editor(patient.model(), resized);
    editor.setPartition(size, partition);
    std::optional<SearchPlan> plan = editor.finish();
    if (!plan)
      continue;
    belowMs = std::min(belowMs, partition.iterationMs(patient.model().getGlobalBatch() / size));
    candidates.push_back(
        {std::move(*plan),
         "boundaries and devices of all stages, micro-batch of " + std::to_string(size)});
  }
}

void aceso::addMicroBatchRemedies(RemedyList &remedies) {
  remedies.push_back(std::make_unique<MicroBatchRemedy>(true));
  remedies.push_back(std::make_unique<MicroBatchRemedy>(false));
}

void aceso::addRepartitionRemedy(RemedyList &remedies) {
  remedies.push_back(std::make_unique<RepartitionRemedy>());
}
