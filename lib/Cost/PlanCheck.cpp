//===- PlanCheck.cpp - Whether a compact plan can run -----------*- C++ -*-===//

#include "aceso/Cost/PlanCheck.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <set>

using namespace aceso;

bool aceso::keepsToNodes(int64_t first, int64_t devices, int64_t devicesPerNode) {
  int64_t offset = first % devicesPerNode;
  return offset + devices <= devicesPerNode || (offset == 0 && devices % devicesPerNode == 0);
}

static std::string number(int64_t value) { return std::to_string(value); }

/// "layers.0.mlp.fc1" (op 10).
static std::string nameOf(const ModelFacts &facts, uint32_t op) {
  return "\"" + facts.ops[op].path + "\" (op " + number(op) + ")";
}

static std::optional<PlanViolation> checkBatches(const CompactPlan &plan) {
  if (plan.globalBatch < 1 || plan.microBatch < 1 || plan.globalBatch % plan.microBatch != 0)
    return PlanViolation{PlanInvariant::Batches, 0, 0,
                         "would have a global batch of " + number(plan.globalBatch) +
                             " and a micro-batch of " + number(plan.microBatch) +
                             " samples; the first must be a multiple of the second, both above 0"};
  if (plan.globalBatch > mostSamples)
    return PlanViolation{PlanInvariant::Batches, 0, 0,
                         "would have a global batch of " + number(plan.globalBatch) +
                             " samples, but at most " + number(mostSamples) + " are possible"};
  return std::nullopt;
}

/// C3 to C6.
static std::optional<PlanViolation> checkStages(const CompactPlan &plan, const ModelFacts &facts) {
  const ClusterDesc &cluster = plan.cluster;
  uint32_t firstOp = 0;
  int64_t firstDevice = 0;
  for (uint32_t index = 0; index < plan.stages.size(); ++index) {
    const StagePlan &stage = plan.stages[index];
    if (stage.numOps == 0)
      return PlanViolation{PlanInvariant::StageHasOps, index, firstOp,
                           "would have no ops in stage " + number(index)};
    for (uint32_t op = firstOp; op < firstOp + stage.numOps; ++op) {
      const OpPlan &degrees = plan.ops[op];
      if (degrees.tp < 1 || degrees.dp < 1 ||
          int64_t(degrees.tp) * degrees.dp != int64_t(stage.devices))
        return PlanViolation{PlanInvariant::ShardsFillTheirStage, index, op,
                             "would give " + nameOf(facts, op) + " tp " + number(degrees.tp) +
                                 " x dp " + number(degrees.dp) + " = " +
                                 number(int64_t(degrees.tp) * degrees.dp) + " devices, but stage " +
                                 number(index) + " has " + number(stage.devices)};
    }
    firstOp += stage.numOps;
  }
  for (uint32_t index = 0; index < plan.stages.size(); ++index) {
    int64_t devices = plan.stages[index].devices;
    if (!keepsToNodes(firstDevice, devices, cluster.devicesPerNode))
      return PlanViolation{PlanInvariant::StagesKeepToNodes, index, plan.firstOp(index),
                           "would have stage " + number(index) + " on devices " +
                               number(firstDevice) + " to " + number(firstDevice + devices - 1) +
                               ", which straddle nodes of " + number(cluster.devicesPerNode) +
                               " devices; a stage lies inside one node or consists of whole nodes"};
    firstDevice += devices;
  }
  if (firstDevice != cluster.numDevices())
    return PlanViolation{PlanInvariant::StagesFillTheCluster, 0, 0,
                         "would give its stages " + number(firstDevice) +
                             " devices, but the cluster has " + number(cluster.nodes) +
                             " nodes of " + number(cluster.devicesPerNode) + " = " +
                             number(cluster.numDevices())};
  return std::nullopt;
}

static std::optional<PlanViolation> checkFactorisation(const CompactPlan &plan) {
  uint32_t op = 0;
  std::vector<int64_t> dps;
  for (uint32_t index = 0; index < plan.stages.size(); ++index) {
    const StagePlan &stage = plan.stages[index];
    dps.clear();
    for (uint32_t end = op + stage.numOps; op < end; ++op)
      if (std::find(dps.begin(), dps.end(), plan.ops[op].dp) == dps.end())
        dps.push_back(plan.ops[op].dp);
    std::sort(dps.begin(), dps.end());
    if (Mesh::factorize(stage.devices, plan.cluster.devicesPerNode, dps))
      continue;
    std::string values;
    for (int64_t dp : dps)
      values += (values.empty() ? "" : ", ") + number(dp);
    return PlanViolation{PlanInvariant::OneFactorisation, index, plan.firstOp(index),
                         "would have ops of dp " + values + " in stage " + number(index) + " of " +
                             number(stage.devices) +
                             " devices; each dp must divide the next larger one"};
  }
  return std::nullopt;
}

static std::optional<PlanViolation> checkAllDegrees(const CompactPlan &plan,
                                                    const ModelFacts &facts) {
  // Neighbours of equal degrees and layers of equal ops make nearly all questions repetitions.
  using Question = std::array<uint32_t, 4>;
  std::set<Question> answered;
  uint32_t op = 0;
  for (uint32_t index = 0; index < plan.stages.size(); ++index)
    for (uint32_t end = op + plan.stages[index].numOps; op < end; ++op) {
      const OpPlan &degrees = plan.ops[op];
      if (!answered.insert({facts.ops[op].kind, degrees.tp, degrees.dp, degrees.rule}).second)
        continue;
      std::string error =
          checkOpDegrees(facts.ops[op], {degrees.tp, degrees.dp, degrees.rule}, plan.microBatch);
      if (!error.empty())
        return PlanViolation{PlanInvariant::DegreesDivide, index, op,
                             "cannot run with tp " + number(degrees.tp) + ", dp " +
                                 number(degrees.dp) + ", rule " + number(degrees.rule) +
                                 " at a micro-batch of " + number(plan.microBatch) + ": " + error};
    }
  return std::nullopt;
}

std::optional<PlanViolation> aceso::checkPlan(const CompactPlan &plan, const ModelFacts &facts) {
  assert(plan.ops.size() == facts.ops.size() &&
         plan.firstOp(plan.stages.size()) == plan.ops.size() && "a plan of the whole model");
  if (auto violation = checkBatches(plan))
    return violation;
  if (auto violation = checkStages(plan, facts))
    return violation;
  if (auto violation = checkFactorisation(plan))
    return violation;
  return checkAllDegrees(plan, facts);
}
