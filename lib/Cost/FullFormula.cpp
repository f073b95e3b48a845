//===- FullFormula.cpp - What a plan will really cost -----------*- C++ -*-===//
//
// The public face, and the sums finished in double precision. Terms: FullTerms.cpp, exchanges
// between stages: FullLinks.cpp.
//
//===----------------------------------------------------------------------===//

#include "FullModel.h"

#include <algorithm>

using namespace aceso;

FullFormula::FullFormula(std::unique_ptr<FullModel> model) : model(std::move(model)) {}
FullFormula::FullFormula(FullFormula &&) = default;
FullFormula &FullFormula::operator=(FullFormula &&) = default;
FullFormula::~FullFormula() = default;

Result<FullFormula> FullFormula::create(const ModelFacts &facts,
                                        std::shared_ptr<const CostTables> tables,
                                        const ClusterDesc &cluster) {
  for (const OpFacts &op : facts.ops)
    if (!tables->getOps().findKey(op.profileKey))
      return ErrorMessage{"op '" + op.path + "': no table " + tables->getFolder() + "/" +
                          tables->getPrefix() + "_*.csv has a row '" + op.profileKey +
                          "'; profile the model, or name the tables that describe it"};
  Result<DeviceModel> device = DeviceModel::fromTables(*tables);
  if (!device)
    return device.takeError();
  return FullFormula(std::make_unique<FullModel>(facts, std::move(tables), cluster, *device));
}

uint32_t FullFormula::numOps() const { return model->facts.ops.size(); }
uint32_t FullFormula::lastUser(uint32_t op) const { return model->flow.lastUser[op]; }
uint32_t FullFormula::block(uint32_t op) const { return model->facts.ops[op].block; }
OpTable::KeyId FullFormula::key(uint32_t op) const { return model->key(op); }

Result<FullOpTerms> FullFormula::opTerms(uint32_t op, const OpPlan &plan, int64_t microBatch,
                                         int64_t devices) const {
  return model->opTerms(op, plan, microBatch, devices);
}

Result<FullValueTerms> FullFormula::valueTerms(uint32_t first, uint32_t numOps, const OpPlan *plans,
                                               uint32_t index, int64_t microBatch,
                                               int64_t devices) const {
  return model->valueTerms({first, numOps, plans, microBatch, devices}, first + index);
}

Result<FullBlockTerms> FullFormula::blockTerms(uint32_t first, uint32_t numOps, const OpPlan *plans,
                                               uint32_t begin, uint32_t end, int64_t microBatch,
                                               int64_t devices) const {
  return model->blockTerms({first, numOps, plans, microBatch, devices}, first + begin, first + end);
}

Result<FullStageSums> FullFormula::sumOps(uint32_t first, uint32_t numOps, const OpPlan *plans,
                                          int64_t microBatch, int64_t devices) const {
  return model->sumOps({first, numOps, plans, microBatch, devices});
}

Result<std::vector<FullStageLinks>> FullFormula::links(const CompactPlan &plan) const {
  return model->links(plan);
}

Result<std::vector<FullStageLinks>> FullFormula::arrivalLinks(const CompactPlan &plan,
                                                              int64_t firstDevice) const {
  return model->arrivalLinks(plan, firstDevice);
}

Result<FullStageLinks> FullFormula::sharedLinks(uint32_t first, uint32_t numOps,
                                                const OpPlan *plans, int64_t microBatch,
                                                int64_t devices) const {
  return model->sharedLinks({first, numOps, plans, microBatch, devices});
}

std::vector<uint32_t> FullFormula::sharedUsers() const {
  std::vector<uint32_t> ops;
  for (ValueId id : model->flow.sharedParameters)
    for (const DataFlow::Use &use : model->flow.values[id].uses)
      ops.push_back(use.op);
  std::sort(ops.begin(), ops.end());
  ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
  return ops;
}

int64_t FullFormula::stageNs(const FullStageSums &sums, const FullStageLinks &links) const {
  return sums.forwardNs + sums.backwardNs + sums.recomputeNs + sums.forwardConversionNs +
         sums.backwardConversionNs + links.receiveNs + links.sendNs + links.forwardConversionNs +
         links.gradientReceiveNs + links.gradientSendNs + links.backwardConversionNs;
}

double FullFormula::onceMs(const FullStageSums &sums, const FullStageLinks &links) const {
  return nsToMs(sums.gradientSyncNs + links.gradientSyncNs) + nsToMs(links.tiedNs) +
         model->device.memoryNs(sums.optimizerTraffic + links.optimizerTraffic) / 1000000;
}

int64_t FullFormula::memoryUnits(const FullStageSums &sums, const FullStageLinks &links,
                                 int64_t stagesBehind, int64_t numMicroBatches) const {
  int64_t kept = bytesToUnits(links.receivedBytes) + sums.activationUnits - sums.droppedUnits;
  return bytesToUnits(sums.weightBytes + links.weightBytes) +
         bytesToUnits(sums.mainBytes + links.mainBytes) +
         bytesToUnits(sums.gradientBytes + links.gradientBytes) +
         bytesToUnits(sums.optimizerBytes + links.optimizerBytes) +
         kept * std::min(stagesBehind + 1, numMicroBatches) + sums.peakUnits + sums.workspaceUnits;
}

StageCost FullFormula::finishStage(const FullStageSums &sums, const FullStageLinks &links,
                                   int64_t devices, int64_t stagesBehind,
                                   int64_t numMicroBatches) const {
  StageCost cost;
  cost.inCrossNode = links.inCrossNode;
  cost.outCrossNode = links.outCrossNode;
  int64_t forwardConversionNs = sums.forwardConversionNs + links.forwardConversionNs;
  int64_t backwardConversionNs = sums.backwardConversionNs + links.backwardConversionNs;
  int64_t inNs = links.receiveNs + links.sendNs + forwardConversionNs;
  int64_t outNs = links.gradientReceiveNs + links.gradientSendNs + backwardConversionNs;
  int64_t workNs = sums.forwardNs + sums.backwardNs;
  int64_t stageNs = this->stageNs(sums, links);
  cost.inUs = nsToUs(inNs);
  cost.outUs = nsToUs(outNs);
  cost.conversionUs = nsToUs(forwardConversionNs + backwardConversionNs);
  cost.forwardUs = nsToUs(sums.forwardNs);
  cost.backwardUs = nsToUs(sums.backwardNs);
  cost.recomputeUs = nsToUs(sums.recomputeNs);
  cost.stageMs = cost.quickStageMs = nsToMs(stageNs);
  cost.computeMs = nsToMs(workNs + sums.recomputeNs);
  cost.gradientSyncMs = nsToMs(sums.gradientSyncNs + links.gradientSyncNs);
  cost.tiedWeightsMs = nsToMs(links.tiedNs);
  cost.optimizerMs =
      model->device.memoryNs(sums.optimizerTraffic + links.optimizerTraffic) / 1000000;

  cost.idealPerDeviceMs = nsToMs(sums.idealNs) / devices;
  cost.effLossPerDeviceMs = nsToMs(workNs) - cost.idealPerDeviceMs;
  cost.recomputePerDeviceMs = nsToMs(sums.recomputeNs);
  if (stageNs > 0)
    cost.efficiency = double(sums.idealNs) / (double(stageNs) * devices);

  int64_t weights = bytesToUnits(sums.weightBytes + links.weightBytes);
  int64_t mains = bytesToUnits(sums.mainBytes + links.mainBytes);
  int64_t gradients = bytesToUnits(sums.gradientBytes + links.gradientBytes);
  int64_t optimizer = bytesToUnits(sums.optimizerBytes + links.optimizerBytes);
  int64_t received = bytesToUnits(links.receivedBytes);
  int64_t kept = received + sums.activationUnits - sums.droppedUnits;
  int64_t inFlight = std::min(stagesBehind + 1, numMicroBatches);
  cost.opWeightsMiB = unitsToMiB(weights);
  cost.inputsMiB = unitsToMiB(received);
  cost.opActivationsMiB = unitsToMiB(sums.activationUnits);
  cost.savedActivationsMiB = unitsToMiB(sums.droppedUnits);
  cost.peakActivationsMiB = unitsToMiB(sums.peakUnits);
  cost.weightsMiB = unitsToMiB(weights + mains);
  cost.gradientsMiB = unitsToMiB(gradients);
  cost.optimizerMiB = unitsToMiB(optimizer);
  cost.activationsMiB = unitsToMiB(kept * (inFlight - 1));
  cost.peakMiB = unitsToMiB(kept + sums.peakUnits);
  cost.reservedMiB = unitsToMiB(sums.workspaceUnits);
  cost.memoryUnits = memoryUnits(sums, links, stagesBehind, numMicroBatches);
  cost.memoryMiB = unitsToMiB(cost.memoryUnits);
  return cost;
}

PlanCost FullFormula::finishPlan(const CompactPlan &plan, std::vector<StageCost> stages,
                                 EstimateSet estimates) const {
  PlanCost cost = finishPlanCost("full", plan, std::move(stages));
  estimates |= OptimizerEstimate | (model->device.isMeasured ? NoEstimate : BandwidthEstimate);
  cost.estimates.push_back(describeEstimates(estimates));
  return cost;
}

Result<PlanCost> FullFormula::evaluate(const CompactPlan &plan) const {
  assert(plan.ops.size() == numOps() && plan.firstOp(plan.stages.size()) == numOps());
  assert(plan.cluster.devicesPerNode == model->cluster.devicesPerNode);
  std::vector<FullStageSums> sums;
  uint32_t first = 0;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    Result<FullStageSums> stage = sumOps(first, plan.stages[i].numOps, &plan.ops[first],
                                         plan.microBatch, plan.stages[i].devices);
    if (!stage)
      return ErrorMessage{"stage " + std::to_string(i) + ": " + stage.error()};
    sums.push_back(*stage);
    first += plan.stages[i].numOps;
  }
  Result<std::vector<FullStageLinks>> links = this->links(plan);
  if (!links)
    return links.takeError();
  EstimateSet estimates = NoEstimate;
  std::vector<StageCost> stages;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    stages.push_back(finishStage(sums[i], (*links)[i], plan.stages[i].devices,
                                 plan.stages.size() - 1 - i, plan.numMicroBatches()));
    estimates |= sums[i].estimates | (*links)[i].estimates;
  }
  return finishPlan(plan, std::move(stages), estimates);
}
