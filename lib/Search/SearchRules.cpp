//===- SearchRules.cpp - Which plans a formula can price --------*- C++ -*-===//

#include "aceso/Search/SearchRules.h"

#include <algorithm>

using namespace aceso;

template <typename T> static bool contains(const std::vector<T> &values, T value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

template <typename T> static std::string listOf(const std::vector<T> &values) {
  std::string text;
  for (T value : values)
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text;
}

bool SearchRules::allowsDevices(uint32_t devices) const { return contains(stageDevices, devices); }
bool SearchRules::allowsTp(int64_t tp) const { return contains(tps, tp); }

bool SearchRules::allowsDp(int64_t microBatch, int64_t dp) const {
  return microBatch % dp == 0 && contains(samplesPerReplica, microBatch / dp);
}

bool SearchRules::allowsPlace(uint32_t firstDevice, uint32_t devices,
                              int64_t devicesPerNode) const {
  int64_t offset = firstDevice % devicesPerNode;
  if (offset + devices <= devicesPerNode)
    return true;
  return !cutAtNodes && offset == 0 && devices % devicesPerNode == 0;
}

static bool isPowerOfTwo(int64_t value) { return (value & (value - 1)) == 0; }

SearchRules aceso::acesoSearchRules(const OpTable &table, std::vector<int64_t> microBatches) {
  SearchRules rules;
  std::sort(microBatches.begin(), microBatches.end());
  rules.microBatches = std::move(microBatches);
  rules.samplesPerReplica = table.getSamples();
  rules.stageDevices = {1, 2, 4, 8};
  for (int64_t tp : table.getTps())
    if (isPowerOfTwo(tp) && tp <= 8)
      rules.tps.push_back(tp);
  return rules;
}

SearchRules aceso::fullSearchRules(const OpTable &table, const ClusterDesc &cluster,
                                   std::vector<int64_t> microBatches) {
  SearchRules rules;
  std::sort(microBatches.begin(), microBatches.end());
  rules.microBatches = std::move(microBatches);
  rules.samplesPerReplica = table.getSamples();
  rules.tps = table.getTps();
  rules.cutAtNodes = false;
  int64_t perNode = cluster.devicesPerNode, all = cluster.numDevices();
  for (int64_t devices = 1; devices <= all; ++devices) {
    if (devices > perNode && devices % perNode != 0)
      continue;
    bool canSplit = false;
    for (int64_t tp : rules.tps)
      for (int64_t microBatch : rules.microBatches)
        canSplit |= devices % tp == 0 && rules.allowsDp(microBatch, devices / tp);
    if (canSplit)
      rules.stageDevices.push_back(devices);
  }
  return rules;
}

std::string aceso::checkSearchRules(const SearchRules &rules, const CompactPlan &plan) {
  if (!contains(rules.microBatches, plan.microBatch))
    return "micro-batch " + std::to_string(plan.microBatch) + " is none of " +
           listOf(rules.microBatches);
  if (plan.stages.size() > rules.maxStages)
    return std::to_string(plan.stages.size()) + " stages are more than " +
           std::to_string(rules.maxStages);
  uint32_t firstDevice = 0, op = 0;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const StagePlan &stage = plan.stages[i];
    std::string where = "stage " + std::to_string(i) + ": ";
    if (!rules.allowsDevices(stage.devices))
      return where + std::to_string(stage.devices) + " devices are none of " +
             listOf(rules.stageDevices);
    if (!rules.allowsPlace(firstDevice, stage.devices, plan.cluster.devicesPerNode))
      return where + "its devices " + std::to_string(firstDevice) + " to " +
             std::to_string(firstDevice + stage.devices - 1) + " lie across a node boundary";
    firstDevice += stage.devices;
    for (uint32_t end = op + stage.numOps; op < end; ++op) {
      const OpPlan &split = plan.ops[op];
      std::string opWhere = where + "op " + std::to_string(op) + ": ";
      if (!rules.allowsTp(split.tp))
        return opWhere + "tp " + std::to_string(split.tp) + " is none of " + listOf(rules.tps);
      if (!rules.allowsDp(plan.microBatch, split.dp))
        return opWhere + "micro-batch " + std::to_string(plan.microBatch) + " over dp " +
               std::to_string(split.dp) + " is none of " + listOf(rules.samplesPerReplica) +
               " samples, for which there are tables";
    }
  }
  return "";
}
