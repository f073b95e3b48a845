//===- Remedy.cpp - Ways to relieve a bottleneck ----------------*- C++ -*-===//

#include "aceso/Search/Remedy.h"

#include "Partitioner.h"
#include "Remedies.h"

#include <cassert>

using namespace aceso;

//===----------------------------------------------------------------------===//
// Workshop
//===----------------------------------------------------------------------===//

struct Workshop::Remembered {
  double belowMs;
  Partition partition;
};

Workshop::Workshop(StageModel &model) : model(model) {}
Workshop::~Workshop() = default;

void Workshop::forgetPlans() { rebalanced.clear(); }

Partitioner &Workshop::partitioner(int64_t microBatch) {
  std::unique_ptr<Partitioner> &partitioner = partitioners[microBatch];
  if (!partitioner)
    partitioner = std::make_unique<Partitioner>(model, microBatch);
  return *partitioner;
}

Partition Workshop::rebalance(int64_t microBatch, const std::vector<uint32_t> &devices,
                              double belowMs, const Budget &budget) {
  std::unique_ptr<Remembered> &known = rebalanced[{microBatch, devices}];
  if (known && (known->partition.found() || known->belowMs >= belowMs))
    return known->partition;
  Partitioner::Request request;
  request.numStages = devices.size();
  request.devices = devices;
  request.belowMs = belowMs;
  Partition partition = partitioner(microBatch).partition(request, budget);
  // What a spent budget did not find may still be there.
  if (partition.found() || !budget.isSpent())
    known = std::make_unique<Remembered>(Remembered{belowMs, partition});
  return partition;
}

std::vector<uint32_t> Patient::devices() const {
  std::vector<uint32_t> devices;
  for (uint32_t stage = 0; stage < numStages(); ++stage)
    devices.push_back(pattern(stage).devices);
  return devices;
}

const std::vector<std::unique_ptr<Remedy>> &aceso::allRemedies() {
  static const std::vector<std::unique_ptr<Remedy>> remedies = [] {
    std::vector<std::unique_ptr<Remedy>> all;
    addRecomputeRemedies(all);
    addBoundaryRemedies(all);
    addDeviceRemedies(all);
    addSplitRemedies(all);
    addMicroBatchRemedies(all);
    addRepartitionRemedy(all);
    return all;
  }();
  return remedies;
}

//===----------------------------------------------------------------------===//
// PlanEditor
//===----------------------------------------------------------------------===//

void PlanEditor::setRange(uint32_t index, uint32_t first, uint32_t end) {
  StageChoice &stage = plan.stages[index];
  if (stage.first == first && stage.end == end)
    return;
  stage.first = first;
  stage.end = end;
  changed[index] = true;
}

void PlanEditor::setPattern(uint32_t index, PatternId pattern) {
  plan.stages[index].pattern = pattern;
  changed[index] = true;
}

void PlanEditor::setPartition(int64_t microBatch, const Partition &partition) {
  plan.microBatch = microBatch;
  plan.stages.resize(partition.patterns.size());
  changed.assign(plan.stages.size(), true);
  for (uint32_t i = 0; i < plan.stages.size(); ++i) {
    plan.stages[i].first = partition.cuts[i];
    plan.stages[i].end = partition.cuts[i + 1];
    plan.stages[i].pattern = partition.patterns[i];
  }
}

StageQuery PlanEditor::query(uint32_t index) const {
  StageQuery query;
  query.pattern = plan.stages[index].pattern;
  query.first = plan.stages[index].first;
  query.end = plan.stages[index].end;
  for (uint32_t i = 0; i < index; ++i)
    query.firstDevice += model.pattern(plan.stages[i].pattern).devices;
  query.behind = plan.stages.size() - 1 - index;
  auto neighbour = [&](uint32_t other) {
    PatternId id = plan.stages[other].pattern;
    // While a plan is resized, patterns of two micro-batches stand side by side.
    return model.pattern(id).microBatch == model.pattern(query.pattern).microBatch ? id : noPattern;
  };
  if (index > 0)
    query.before = neighbour(index - 1);
  if (query.behind > 0)
    query.after = neighbour(index + 1);
  return query;
}

StageValue PlanEditor::value(uint32_t index) const {
  model.countCandidate();
  return model.solve(query(index));
}

std::optional<SearchPlan> PlanEditor::finish() {
  uint32_t used = 0;
  const SearchRules &rules = model.getRules();
  for (const StageChoice &stage : plan.stages) {
    const Pattern &pattern = model.pattern(stage.pattern);
    assert(pattern.microBatch == plan.microBatch && "patterns are for one micro-batch");
    if (stage.first >= stage.end || !rules.allowsDevices(pattern.devices) ||
        !rules.allowsPlace(used, pattern.devices, model.getCluster().devicesPerNode) ||
        !model.isLegal(stage.pattern, stage.first, stage.end))
      return std::nullopt;
    used += pattern.devices;
  }
  if (used != model.getCluster().numDevices())
    return std::nullopt;
  for (uint32_t i = 0; i < plan.stages.size(); ++i)
    if (changed[i])
      model.solve(query(i), &plan.stages[i].masks);
  return plan;
}
