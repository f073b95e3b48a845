//===- AcesoFormula.cpp - The published cost formula ------------*- C++ -*-===//
//
// What divides follows the published system's order of operations. (docs/rationale/Cost.md)
//
//===----------------------------------------------------------------------===//

#include "aceso/Cost/AcesoFormula.h"

#include "aceso/Cost/ParameterMemory.h"

#include <cmath>

using namespace aceso;

//===----------------------------------------------------------------------===//
// Creation
//===----------------------------------------------------------------------===//

/// Bandwidths in MiB a us of messages of 1, 2, 4, ... MiB: what the published model calls its
/// table. Finer and other sizes, which it does not know, are left out.
static Result<std::vector<double>> publishedBandwidths(const LinkTable &link) {
  std::vector<double> bandwidths;
  for (const LinkTable::Point &point : link.points)
    if (point.bytes == bytesPerMiB << bandwidths.size())
      bandwidths.push_back(point.gibPerSecond * 0.001);
  if (bandwidths.empty())
    return ErrorMessage{link.file + ": has no bandwidth for messages of 1 MB, from which formula "
                                    "'aceso' counts; profile that size"};
  return bandwidths;
}

Result<AcesoFormula> AcesoFormula::create(const ModelFacts &facts,
                                          std::shared_ptr<const CostTables> tables) {
  AcesoFormula formula;
  formula.tables = std::move(tables);
  const OpTable &table = formula.tables->getOps();
  formula.keyTraits.resize(table.numKeys());

  const AcesoFamily *family = nullptr;
  for (const OpFacts &op : facts.ops) {
    std::optional<AcesoOpTraits> traits = acesoOpTraits(op.profileKey);
    if (!traits)
      return ErrorMessage{"op '" + op.path + "': formula 'aceso' has no layout for profile key '" +
                          op.profileKey + "'; use formula=full"};
    std::optional<OpTable::KeyId> key = table.findKey(op.profileKey);
    if (!key)
      return ErrorMessage{"op '" + op.path + "': no table " + formula.tables->getFolder() + "/" +
                          formula.tables->getPrefix() + "_*.csv has a row '" + op.profileKey +
                          "'; profile the model, or name the tables that describe it"};
    formula.keyTraits[*key] = *traits;
    formula.opKeys.push_back(*key);
    if (const AcesoFamily *marked = acesoFamilyOfMarker(op.profileKey))
      family = marked;
  }
  if (!family)
    return ErrorMessage{"model '" + facts.name +
                        "': formula 'aceso' tells a model's family by one of its ops, and finds "
                        "none of: " +
                        acesoFamilyNames() + "; use formula=full"};
  formula.pricesConversions = family->pricesConversions;

  int64_t elementBytes = 0;
  for (const ValueFacts &value : facts.values) {
    if (value.kind != ValueKind::Parameter)
      continue;
    if (elementBytes != 0 && elementBytes != value.elementBytes)
      return ErrorMessage{"parameter '" + value.path + "': " + std::to_string(value.elementBytes) +
                          " bytes an element, others have " + std::to_string(elementBytes) +
                          "; formula 'aceso' knows one type for all: use formula=full"};
    elementBytes = value.elementBytes;
  }
  if (elementBytes == 0)
    return ErrorMessage{"model '" + facts.name + "': has no parameters"};
  ParameterBytes bytes = parameterBytes(elementBytes);
  formula.mainFactor = bytes.mainCopy / elementBytes;
  formula.optimizerFactor = bytes.optimizer / elementBytes;

  for (bool cross : {false, true}) {
    Result<std::vector<double>> bandwidths = publishedBandwidths(
        cross ? formula.tables->getInterNode() : formula.tables->getIntraNode());
    if (!bandwidths)
      return bandwidths.takeError();
    formula.bandwidth[cross] = std::move(*bandwidths);
  }
  return formula;
}

//===----------------------------------------------------------------------===//
// Look-ups
//===----------------------------------------------------------------------===//

Result<const OpRow *> AcesoFormula::row(uint32_t op, int64_t samples, int64_t tp,
                                        unsigned rule) const {
  const OpTable &table = tables->getOps();
  if (const OpRow *row = table.find(opKeys[op], samples, tp, rule))
    return row;
  return ErrorMessage{table.describeMissing(table.keyName(opKeys[op]), samples, tp, rule)};
}

Result<const OpRow *> AcesoFormula::rowOf(uint32_t op, const OpPlan &plan,
                                          int64_t microBatch) const {
  return row(op, microBatch / plan.dp, plan.tp, plan.rule);
}

Result<int64_t> AcesoFormula::collectiveNs(std::optional<CollectiveKind> kind, int64_t groupSize,
                                           int64_t units) const {
  if (!kind)
    return 0;
  const CollectiveTable *table = tables->findCollective(*kind, groupSize);
  if (!table)
    return ErrorMessage{tables->collectiveFile(*kind, groupSize) +
                        ": no such table; profile this collective"};
  // Keys are whole MiB: the nearest one, else the one below. nearbyint rounds half to even.
  double sizeMiB = unitsToMiB(units);
  int64_t nearest = std::nearbyint(sizeMiB), below = std::nearbyint(sizeMiB - 1);
  for (int64_t key : {nearest, below})
    if (std::optional<int64_t> ns = table->findNs(key * bytesPerMiB))
      return *ns;
  return ErrorMessage{table->file + ": no time for data_size " + std::to_string(nearest) + " or " +
                      std::to_string(below) +
                      " MB; profile that size, or avoid this change of degrees"};
}

double AcesoFormula::transferUs(int64_t units, bool crossNode) const {
  if (units == 0)
    return 0;
  double sizeMiB = unitsToMiB(units);
  const std::vector<double> &table = bandwidth[crossNode];
  int64_t count = table.size();
  int64_t index = std::trunc(std::log(sizeMiB) / std::log(2.0));
  if (index >= 1)
    index -= 1;
  if (index >= count)
    index = count - 1;
  // Below 1 MiB the published model counts from the end of its table; in a shorter table than the
  // published one it would run out, and ours stops at the front.
  if (index < 0)
    index = std::max<int64_t>(index + count, 0);
  return sizeMiB / table[index];
}

//===----------------------------------------------------------------------===//
// Terms and sums
//===----------------------------------------------------------------------===//

Result<AcesoOpTerms> AcesoFormula::opTerms(uint32_t op, const OpPlan &plan,
                                           int64_t microBatch) const {
  Result<const OpRow *> found = rowOf(op, plan, microBatch);
  if (!found)
    return found.takeError();
  Result<const OpRow *> ideal = row(op, microBatch, 1, plan.rule);
  if (!ideal)
    return ideal.takeError();
  const OpRow &row = **found;
  AcesoOpTerms terms;
  terms.forwardNs = row.forwardNs;
  terms.backwardNs = row.backwardNs;
  terms.idealNs = (*ideal)->forwardNs + (*ideal)->backwardNs;
  terms.weightUnits = row.weightUnits;
  terms.activationUnits = row.activationUnits;
  terms.heldUnits = row.activationUnits / 2 * traits(op).heldHalves;
  terms.forwardReservedUnits = row.forwardReservedUnits;
  terms.backwardReservedUnits = row.backwardReservedUnits;
  return terms;
}

Result<AcesoSeamTerms> AcesoFormula::seamTerms(uint32_t op, const OpPlan &before,
                                               const OpPlan &plan, int64_t microBatch) const {
  AcesoSeamTerms terms;
  if (!pricesConversions)
    return terms;
  for (auto [index, rule] : {std::pair(op - 1, before.rule), std::pair(op, plan.rule)})
    if (rule >= AcesoOpTraits::numRules)
      return ErrorMessage{"op " + std::to_string(index) + " ('" +
                          tables->getOps().keyName(opKeys[index]) + "'): formula 'aceso' has no " +
                          "layout for rule " + std::to_string(rule) + "; use formula=full"};
  TensorSpec have = instantiate(traits(op - 1).output[before.rule], before.tp, before.dp);
  TensorSpec need = instantiate(traits(op).input[plan.rule], plan.tp, plan.dp);
  if (!have.given || !need.given || have == need)
    return terms;
  const std::string &key = tables->getOps().keyName(opKeys[op]);
  std::optional<AcesoConversion> conversion = acesoConversion(have, need);
  if (!conversion)
    return ErrorMessage{"in front of op " + std::to_string(op) + " ('" + key + "'): from tp " +
                        std::to_string(before.tp) + " dp " + std::to_string(before.dp) + " to tp " +
                        std::to_string(plan.tp) + " dp " + std::to_string(plan.dp) +
                        " is no conversion that formula 'aceso' knows; use formula=full"};
  Result<const OpRow *> found = rowOf(op, plan, microBatch);
  if (!found)
    return found.takeError();
  int64_t units = (*found)->inputUnits;
  Result<int64_t> forward = collectiveNs(conversion->forward, conversion->groupSize, units);
  Result<int64_t> backward = collectiveNs(conversion->backward, conversion->groupSize, units);
  for (Result<int64_t> *ns : {&forward, &backward})
    if (!*ns)
      return ErrorMessage{ns->error() + " (in front of op " + std::to_string(op) + ", '" + key +
                          "')"};
  return AcesoSeamTerms{*forward, *backward};
}

Result<AcesoStageSums> AcesoFormula::sumOps(uint32_t first, uint32_t numOps, const OpPlan *plans,
                                            int64_t microBatch) const {
  assert(first + numOps <= this->numOps());
  AcesoStageSums sums;
  AcesoPeakScan scan;
  AcesoOpTerms previous;
  for (uint32_t i = 0; i < numOps; ++i) {
    uint32_t op = first + i;
    const OpPlan &plan = plans[i];
    Result<AcesoOpTerms> terms = opTerms(op, plan, microBatch);
    if (!terms)
      return terms.takeError();
    sums.forwardNs += terms->forwardNs;
    sums.backwardNs += terms->backwardNs;
    sums.idealNs += terms->idealNs;
    sums.recomputeNs += plan.recompute ? terms->forwardNs : 0;
    sums.weightUnits += terms->weightUnits;
    sums.heldUnits += terms->heldUnits;
    bool isLast = i + 1 == numOps;
    if (!isLast) {
      sums.forwardReservedUnits = std::max(sums.forwardReservedUnits, terms->forwardReservedUnits);
      sums.backwardReservedUnits =
          std::max(sums.backwardReservedUnits, terms->backwardReservedUnits);
    }
    if (i > 0) {
      Result<AcesoSeamTerms> seam = seamTerms(op, plans[i - 1], plan, microBatch);
      if (!seam)
        return seam.takeError();
      sums.forwardConversionNs += seam->forwardConversionNs;
      sums.backwardConversionNs += seam->backwardConversionNs;
      bool both = plans[i - 1].recompute && plan.recompute;
      bool starts = traits(op).startsSegment, plain = traits(op - 1).isPlainlyHeld();
      if (both && !(plain && starts))
        sums.savedUnits += previous.heldUnits;
      scan.seam(both, starts || isLast, previous.heldUnits, plain);
    }
    previous = *terms;
  }
  sums.peakUnits = scan.peakUnits();
  return sums;
}

Result<AcesoStageEnds> AcesoFormula::stageEnds(uint32_t first, uint32_t numOps,
                                               const OpPlan &firstPlan, const OpPlan &lastPlan,
                                               int64_t microBatch) const {
  uint32_t last = first + numOps - 1;
  Result<const OpRow *> input = rowOf(first, firstPlan, microBatch);
  Result<const OpRow *> output = row(last, microBatch / lastPlan.dp, firstPlan.tp, lastPlan.rule);
  Result<const OpRow *> idealInput = row(first, microBatch, 1, firstPlan.rule);
  Result<const OpRow *> idealOutput = row(last, microBatch, 1, lastPlan.rule);
  for (Result<const OpRow *> *found : {&input, &output, &idealInput, &idealOutput})
    if (!*found)
      return found->takeError();
  return AcesoStageEnds{(*input)->inputUnits, (*output)->outputUnits, (*idealInput)->inputUnits,
                        (*idealOutput)->outputUnits};
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

StagePlace aceso::stagePlace(const ClusterDesc &cluster, int64_t firstDevice, int64_t devices,
                             int64_t stagesBehind) {
  StagePlace place;
  place.devices = devices;
  place.stagesBehind = stagesBehind;
  place.inCrossNode = firstDevice != 0 && firstDevice % cluster.devicesPerNode == 0;
  place.outCrossNode = (firstDevice + devices) % cluster.devicesPerNode == 0;
  return place;
}

int64_t AcesoFormula::memoryUnits(const AcesoStageSums &sums, int64_t inputUnits,
                                  int64_t stagesBehind) const {
  int64_t weights = sums.weightUnits * (1 + mainFactor), gradients = sums.weightUnits;
  int64_t optimizer = sums.weightUnits * optimizerFactor;
  int64_t kept = inputUnits + sums.heldUnits - sums.savedUnits;
  int64_t reserved =
      std::max(sums.forwardReservedUnits + sums.backwardReservedUnits, sums.weightUnits);
  return weights + gradients + optimizer + kept * stagesBehind + (kept + sums.peakUnits) + reserved;
}

namespace {
/// Time of a stage and the parts of it that need a division.
struct StageTime {
  double inUs, outUs, stageMs;
};
} // namespace

static StageTime stageTime(const AcesoStageSums &sums, double receiveUs, double sendUs) {
  StageTime time;
  time.inUs = receiveUs + nsToUs(sums.forwardConversionNs);
  time.outUs = sendUs + nsToUs(sums.backwardConversionNs);
  time.stageMs = (nsToUs(sums.forwardNs) + nsToUs(sums.backwardNs) + time.inUs + time.outUs +
                  nsToUs(sums.recomputeNs)) /
                 1000;
  return time;
}

static StageTime stageTime(const AcesoFormula &formula, const AcesoStageSums &sums,
                           const AcesoStageEnds &ends, bool inCross, bool outCross) {
  return stageTime(sums, formula.transferUs(ends.inputUnits, inCross),
                   formula.transferUs(ends.outputUnits, outCross));
}

double AcesoFormula::stageMs(const AcesoStageSums &sums, double receiveUs, double sendUs) {
  return stageTime(sums, receiveUs, sendUs).stageMs;
}

double AcesoFormula::stageMs(const AcesoStageSums &sums, const AcesoStageEnds &ends,
                             const StagePlace &place) const {
  return stageTime(*this, sums, ends, place.inCrossNode, place.outCrossNode).stageMs;
}

double AcesoFormula::moveDeltaMs(const AcesoStageSums &sums, const AcesoStageEnds &ends,
                                 bool forwards) const {
  StageTime time = stageTime(*this, sums, ends, false, false);
  double forward = nsToUs(sums.forwardNs), backward = nsToUs(sums.backwardNs);
  double recompute = nsToUs(sums.recomputeNs);
  return forwards ? (forward + backward - time.inUs + time.outUs + recompute) / 1000
                  : (forward + backward + time.inUs - time.outUs + recompute) / 1000;
}

StageCost AcesoFormula::finishStage(const AcesoStageSums &sums, const AcesoStageEnds &ends,
                                    const StagePlace &place) const {
  StageCost cost;
  cost.inCrossNode = place.inCrossNode;
  cost.outCrossNode = place.outCrossNode;
  cost.forwardUs = nsToUs(sums.forwardNs);
  cost.backwardUs = nsToUs(sums.backwardNs);
  cost.recomputeUs = nsToUs(sums.recomputeNs);
  cost.conversionUs = nsToUs(sums.forwardConversionNs + sums.backwardConversionNs);
  StageTime time = stageTime(*this, sums, ends, place.inCrossNode, place.outCrossNode);
  cost.inUs = time.inUs;
  cost.outUs = time.outUs;
  cost.stageMs = time.stageMs;
  cost.quickStageMs = stageTime(*this, sums, ends, false, false).stageMs;
  cost.computeMs = nsToMs(sums.forwardNs + sums.backwardNs + sums.recomputeNs);

  double idealUs = nsToUs(sums.idealNs), workUs = nsToUs(sums.forwardNs + sums.backwardNs);
  cost.idealPerDeviceMs = idealUs / place.devices / 1000;
  cost.effLossPerDeviceMs = (workUs - idealUs / place.devices) / 1000;
  cost.recomputePerDeviceMs = cost.recomputeUs / 1000;
  double idealInUs = transferUs(ends.idealInputUnits, place.inCrossNode);
  double idealOutUs = transferUs(ends.idealOutputUnits, place.outCrossNode);
  if (cost.stageMs > 0)
    cost.efficiency = (idealUs + idealInUs + idealOutUs) / 1000 / (cost.stageMs * place.devices);

  int64_t kept = ends.inputUnits + sums.heldUnits - sums.savedUnits;
  cost.opWeightsMiB = unitsToMiB(sums.weightUnits);
  cost.inputsMiB = unitsToMiB(ends.inputUnits);
  cost.opActivationsMiB = unitsToMiB(sums.heldUnits);
  cost.savedActivationsMiB = unitsToMiB(sums.savedUnits);
  cost.peakActivationsMiB = unitsToMiB(sums.peakUnits);
  cost.weightsMiB = unitsToMiB(sums.weightUnits * (1 + mainFactor));
  cost.gradientsMiB = unitsToMiB(sums.weightUnits);
  cost.optimizerMiB = unitsToMiB(sums.weightUnits * optimizerFactor);
  cost.activationsMiB = unitsToMiB(kept * place.stagesBehind);
  cost.peakMiB = unitsToMiB(kept + sums.peakUnits);
  cost.reservedMiB = unitsToMiB(
      std::max(sums.forwardReservedUnits + sums.backwardReservedUnits, sums.weightUnits));
  cost.memoryUnits = memoryUnits(sums, ends.inputUnits, place.stagesBehind);
  cost.memoryMiB = unitsToMiB(cost.memoryUnits);
  return cost;
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

PlanCost AcesoFormula::finishPlan(const CompactPlan &plan, std::vector<StageCost> stages) const {
  PlanCost cost = finishPlanCost("aceso", plan, std::move(stages));
  for (size_t i = 0; i < cost.stages.size(); ++i)
    if (cost.stages[i].conversionUs >= nsToUs(CollectiveTable::skippedNs))
      cost.estimates.push_back("stage " + std::to_string(i) +
                               ": the profiler skipped a collective of this size; its mark (1000 s "
                               "or more) counts as time");
  return cost;
}

Result<PlanCost> AcesoFormula::evaluate(const CompactPlan &plan) const {
  assert(plan.ops.size() == numOps() && plan.firstOp(plan.stages.size()) == numOps());
  std::vector<StageCost> stages;
  uint32_t first = 0;
  int64_t firstDevice = 0;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const StagePlan &stage = plan.stages[i];
    const OpPlan *ops = &plan.ops[first];
    Result<AcesoStageSums> sums = sumOps(first, stage.numOps, ops, plan.microBatch);
    if (!sums)
      return ErrorMessage{"stage " + std::to_string(i) + ": " + sums.error()};
    Result<AcesoStageEnds> ends =
        stageEnds(first, stage.numOps, ops[0], ops[stage.numOps - 1], plan.microBatch);
    if (!ends)
      return ErrorMessage{"stage " + std::to_string(i) + ": " + ends.error()};
    stages.push_back(finishStage(
        *sums, *ends,
        stagePlace(plan.cluster, firstDevice, stage.devices, plan.stages.size() - 1 - i)));
    first += stage.numOps;
    firstDevice += stage.devices;
  }
  return finishPlan(plan, std::move(stages));
}
