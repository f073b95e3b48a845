//===- FullTerms.cpp - What ops, values and blocks add to a stage -*- C++ -*-===//

#include "FullModel.h"

#include <algorithm>

using namespace aceso;

//===----------------------------------------------------------------------===//
// Creation
//===----------------------------------------------------------------------===//

/// All that an op's own terms follow from, as text: its key, letters and parameters.
static std::string describeOp(const OpFacts &op, const ModelFacts &facts, const DataFlow &flow) {
  std::string text = op.profileKey;
  for (const PrimitiveFacts &primitive : op.primitives) {
    text += '|' + describeLetters(primitive.signature);
    for (auto [letter, extent] : primitive.signature.extents)
      text += letter + std::to_string(extent);
    for (ValueId id : primitive.operands) {
      const ValueFacts &value = facts.values[id];
      if (value.kind != ValueKind::Parameter)
        continue;
      // What several ops share is priced elsewhere.
      bool isShared = flow.values[id].uses.front().op != flow.values[id].lastUse();
      text += (isShared ? "*shared" : "*own") + std::to_string(value.elementBytes);
    }
  }
  return text;
}

FullModel::FullModel(const ModelFacts &model, std::shared_ptr<const CostTables> costTables,
                     const ClusterDesc &cluster, DeviceModel device)
    : facts(model), tables(std::move(costTables)), cluster(cluster), device(device), flow(facts),
      linkModel(tables), knowsCollectives(tables->getOps().hasCollectives()),
      pricer(facts, linkModel, cluster.devicesPerNode, !knowsCollectives) {
  std::map<std::string, uint32_t> classes;
  for (const OpFacts &op : facts.ops) {
    opKeys.push_back(*tables->getOps().findKey(op.profileKey));
    opClass.push_back(
        classes.try_emplace(describeOp(op, facts, flow), classes.size()).first->second);
  }
}

Result<MeshId> FullModel::meshOf(const StageView &view, const std::vector<uint32_t> &ops) {
  std::vector<int64_t> dps;
  // The mesh of a power of two is the same for all degrees.
  if (view.devices & (view.devices - 1)) {
    for (uint32_t op : ops)
      dps.push_back(view.plan(op).dp);
    std::sort(dps.begin(), dps.end());
    dps.erase(std::unique(dps.begin(), dps.end()), dps.end());
  }
  if (std::optional<MeshId> mesh = pricer.mesh(view.devices, dps))
    return *mesh;
  return ErrorMessage{"op '" + facts.ops[ops.front()].path + "': no factorisation of the stage's " +
                      std::to_string(view.devices) +
                      " devices has its dp and those of its users as leading factors; give them dp "
                      "that divide each other"};
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

int64_t FullModel::forwardNs(const OpRow &row) const {
  return row.forwardNs - (knowsCollectives ? row.forwardCollectiveNs : 0);
}

int64_t FullModel::backwardNs(const OpRow &row) const {
  return row.backwardNs - (knowsCollectives ? row.backwardCollectiveNs : 0);
}

/// The fewest equal parts of the micro-batch for which there is a row with tp 1, one after the
/// other.
Price FullModel::idealTime(uint32_t op, const OpPlan &plan, const OpRow &row, int64_t microBatch,
                           int64_t devices) const {
  const OpTable &table = tables->getOps();
  const std::vector<int64_t> &samples = table.getSamples();
  for (auto size = samples.rbegin(); size != samples.rend(); ++size)
    if (microBatch % *size == 0)
      if (const OpRow *ideal = table.find(opKeys[op], *size, 1, plan.rule)) {
        int64_t parts = microBatch / *size;
        return Price{parts * (forwardNs(*ideal) + backwardNs(*ideal)),
                     parts > 1 ? IdealEstimate : NoEstimate};
      }
  return Price{devices * (forwardNs(row) + backwardNs(row)), IdealEstimate};
}

/// What a result takes that others use, but no gradient reads: it is gone before backward.
int64_t FullModel::unreadUnits(ValueId id, MeshId mesh, const OpPlan &plan, int64_t microBatch) {
  const DataFlow::Value &value = flow.values[id];
  if (value.lastUse() == value.producer || value.isRead())
    return 0;
  TensorId tensor = pricer.tensor(id, mesh, microBatch);
  int64_t elements = pricer.localElements(tensor, pricer.left(tensor, value, plan));
  return elements * facts.values[id].elementBytes * unitsPerMiB / bytesPerMiB;
}

Result<FullOpTerms> FullModel::calculateOpTerms(uint32_t op, const OpPlan &plan, int64_t microBatch,
                                                int64_t devices) {
  const OpFacts &opFacts = facts.ops[op];
  if (plan.tp * plan.dp != devices)
    return ErrorMessage{"op '" + opFacts.path + "': tp " + std::to_string(plan.tp) + " x dp " +
                        std::to_string(plan.dp) + " is not the stage's " + std::to_string(devices) +
                        " devices"};
  if (std::string error = checkOpDegrees(opFacts, {plan.tp, plan.dp, plan.rule}, microBatch);
      !error.empty())
    return ErrorMessage{error};
  if (microBatch % plan.dp != 0)
    return ErrorMessage{"op '" + opFacts.path + "': dp " + std::to_string(plan.dp) +
                        " does not divide the micro-batch of " + std::to_string(microBatch)};
  const OpTable &table = tables->getOps();
  const OpRow *row = table.find(opKeys[op], microBatch / plan.dp, plan.tp, plan.rule);
  if (!row)
    return ErrorMessage{
        table.describeMissing(opFacts.profileKey, microBatch / plan.dp, plan.tp, plan.rule)};

  FullOpTerms terms;
  terms.forwardNs = forwardNs(*row);
  terms.backwardNs = backwardNs(*row);
  Price ideal = idealTime(op, plan, *row, microBatch, devices);
  terms.idealNs = ideal.ns;
  terms.estimates = ideal.estimates;
  terms.workspaceUnits = row->forwardReservedUnits + row->backwardReservedUnits;

  StageView view{op, 1, &plan, microBatch, devices};
  Result<MeshId> mesh = meshOf(view, {op});
  if (!mesh)
    return mesh.takeError();
  terms.activationUnits = row->activationUnits;
  for (ValueId id : flow.produced[op])
    terms.activationUnits -= unreadUnits(id, *mesh, plan, microBatch);
  terms.activationUnits = std::max<int64_t>(terms.activationUnits, 0);
  for (ValueId id : flow.ownParameters[op]) {
    TensorId tensor = pricer.tensor(id, *mesh, microBatch);
    const std::vector<DataFlow::Use> &uses = flow.values[id].uses;
    LayoutId home = pricer.withoutPending(tensor, pricer.wanted(tensor, uses.front(), plan));
    // Contributions of equal layout are added before they are converted.
    std::vector<LayoutId> forms, gradients;
    auto isNew = [](std::vector<LayoutId> &seen, LayoutId layout) {
      if (std::find(seen.begin(), seen.end(), layout) != seen.end())
        return false;
      seen.push_back(layout);
      return true;
    };
    Price sync;
    for (const DataFlow::Use &use : uses) {
      if (LayoutId form = pricer.wanted(tensor, use, plan); isNew(forms, form))
        sync += pricer.conversion(tensor, home, form);
      if (LayoutId form = pricer.parameterGradient(tensor, use, plan); isNew(gradients, form))
        sync += pricer.conversion(pricer.gradientSum(tensor), form, home);
    }
    terms.gradientSyncNs += sync.ns;
    terms.estimates |= sync.estimates;
    ParameterBytes bytes = parameterBytes(facts.values[id].elementBytes);
    int64_t elements = pricer.localElements(tensor, home);
    terms.weightBytes += elements * bytes.weight;
    terms.mainBytes += elements * bytes.mainCopy;
    terms.gradientBytes += elements * bytes.gradient;
    terms.optimizerBytes += elements * bytes.optimizer;
    terms.optimizerTraffic += elements * optimizerTrafficBytes(bytes);
  }
  return terms;
}

Result<FullOpTerms> FullModel::opTerms(uint32_t op, const OpPlan &plan, int64_t microBatch,
                                       int64_t devices) {
  TermsKey key{opClass[op], plan.tp, plan.dp, plan.rule, microBatch, devices};
  auto known = opTermsMemo.find(key);
  if (known != opTermsMemo.end())
    return known->second;
  Result<FullOpTerms> terms = calculateOpTerms(op, plan, microBatch, devices);
  if (terms)
    opTermsMemo.emplace(key, *terms);
  return terms;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// The value's tensor on a mesh on which its producer and users on the stage all have their digits.
Result<TensorId> FullModel::tensorOf(const StageView &view, ValueId id) {
  const DataFlow::Value &value = flow.values[id];
  std::vector<uint32_t> ops;
  if (view.contains(value.producer))
    ops.push_back(value.producer);
  for (const DataFlow::Use &use : value.uses)
    if (view.contains(use.op))
      ops.push_back(use.op);
  Result<MeshId> mesh = meshOf(view, ops);
  if (!mesh)
    return mesh.takeError();
  return pricer.tensor(id, *mesh, view.microBatch);
}

/// What it costs to have the value as `wanted` too, by the cheapest of its forms.
Price FullModel::addForm(TensorId tensor, std::vector<LayoutId> &forms, LayoutId wanted) {
  if (std::find(forms.begin(), forms.end(), wanted) != forms.end())
    return {};
  Price price = pricer.conversion(tensor, pricer.cheapestSource(tensor, forms, wanted), wanted);
  forms.push_back(wanted);
  return price;
}

Result<FullModel::ValueFlow> FullModel::flowOf(const StageView &view, ValueId id) {
  const DataFlow::Value &value = flow.values[id];
  bool isGiven = view.contains(value.producer);
  Result<TensorId> tensor = tensorOf(view, id);
  if (!tensor)
    return tensor.takeError();

  ValueFlow result;
  result.tensor = *tensor;
  if (isGiven)
    result.forms.push_back(pricer.left(result.tensor, value, view.plan(value.producer)));
  std::vector<LayoutId> gradients;
  for (const DataFlow::Use &use : value.uses) {
    if (!view.contains(use.op) || (isGiven && isOwnUse(use, value)))
      continue;
    LayoutId wanted = pricer.wanted(result.tensor, use, view.plan(use.op));
    // A received value arrives as its first user wants it, but for what pends.
    if (result.forms.empty())
      result.forms.push_back(pricer.withoutPending(result.tensor, wanted));
    result.forward += addForm(result.tensor, result.forms, wanted);
    if (!use.hasGradient)
      continue;
    LayoutId gradient = pricer.gradient(result.tensor, use, view.plan(use.op));
    if (std::find(gradients.begin(), gradients.end(), gradient) == gradients.end())
      gradients.push_back(gradient);
  }
  if (gradients.empty())
    return result;
  result.gradient = gradients.front();
  LayoutId target =
      isGiven ? pricer.withoutPending(result.tensor, result.forms.front()) : gradients.front();
  for (LayoutId gradient : gradients)
    result.backward += pricer.conversion(result.tensor, gradient, target);
  return result;
}

Result<FullValueTerms> FullModel::valueTerms(const StageView &view, uint32_t op) {
  FullValueTerms terms;
  for (ValueId id : flow.produced[op]) {
    Result<ValueFlow> value = flowOf(view, id);
    if (!value)
      return value.takeError();
    terms.forwardNs += value->forward.ns;
    terms.backwardNs += value->backward.ns;
    terms.estimates |= value->forward.estimates | value->backward.estimates;
  }
  return terms;
}

//===----------------------------------------------------------------------===//
// Recompute
//===----------------------------------------------------------------------===//

/// Which ops of the block run again: those of which backward, or another op that runs again, needs
/// a value that was dropped.
std::vector<bool> FullModel::recomputedOps(const StageView &view, uint32_t begin, uint32_t end,
                                           const std::vector<bool> &dropped) const {
  std::vector<bool> recomputed(end - begin, false);
  for (uint32_t op = end; op-- > begin;) {
    if (!dropped[op - begin])
      continue;
    for (ValueId id : flow.produced[op]) {
      bool isNeeded = flow.values[id].isReadByProducer;
      // All users on the stage are in the block: otherwise the value were not dropped.
      for (const DataFlow::Use &use : flow.values[id].uses)
        if (view.contains(use.op))
          isNeeded |= use.isRead || (use.op != op && recomputed[use.op - begin]);
      if (isNeeded)
        recomputed[op - begin] = true;
    }
  }
  return recomputed;
}

/// Conversions of what `op` gives again, to those that need it again.
Result<Price> FullModel::repeatedConversions(const StageView &view, uint32_t begin,
                                             const std::vector<bool> &recomputed, uint32_t op) {
  Price price;
  for (ValueId id : flow.produced[op]) {
    const DataFlow::Value &value = flow.values[id];
    Result<TensorId> tensor = tensorOf(view, id);
    if (!tensor)
      return tensor.takeError();
    std::vector<LayoutId> forms{pricer.left(*tensor, value, view.plan(op))};
    for (const DataFlow::Use &use : value.uses)
      if (view.contains(use.op) && !isOwnUse(use, value) &&
          (use.isRead || recomputed[use.op - begin]))
        price += addForm(*tensor, forms, pricer.wanted(*tensor, use, view.plan(use.op)));
  }
  return price;
}

Result<FullBlockTerms> FullModel::blockTerms(const StageView &view, uint32_t begin, uint32_t end) {
  FullBlockTerms terms;
  std::vector<bool> dropped(end - begin, false);
  bool any = false;
  for (uint32_t op = begin; op < end; ++op) {
    bool drops = view.plan(op).recompute;
    for (ValueId id : flow.produced[op])
      for (const DataFlow::Use &use : flow.values[id].uses)
        drops &= use.op < end || !view.contains(use.op);
    dropped[op - begin] = drops;
    any |= drops;
  }
  if (!any)
    return terms;
  std::vector<bool> recomputed = recomputedOps(view, begin, end, dropped);
  for (uint32_t op = begin; op < end; ++op) {
    if (!dropped[op - begin]) {
      // What runs again must find its operands, also those that no gradient reads.
      for (ValueId id : flow.produced[op]) {
        const auto &uses = flow.values[id].uses;
        if (std::any_of(uses.begin(), uses.end(), [&](const DataFlow::Use &use) {
              return use.op > op && use.op < end && recomputed[use.op - begin];
            })) {
          Result<MeshId> mesh = meshOf(view, {op});
          if (!mesh)
            return mesh.takeError();
          terms.droppedUnits -= unreadUnits(id, *mesh, view.plan(op), view.microBatch);
        }
      }
      continue;
    }
    // An op that need not run again frees nothing: a result that nobody reads is not kept anyway,
    // and whatever else the tables count of it backward may read.
    if (!recomputed[op - begin])
      continue;
    Result<FullOpTerms> own = opTerms(op, view.plan(op), view.microBatch, view.devices);
    if (!own)
      return own.takeError();
    Result<Price> conversions = repeatedConversions(view, begin, recomputed, op);
    if (!conversions)
      return conversions.takeError();
    terms.recomputeNs += own->forwardNs + conversions->ns;
    terms.droppedUnits += own->activationUnits;
    terms.peakUnits += own->activationUnits;
    terms.estimates |= conversions->estimates;
  }
  return terms;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

Result<FullStageSums> FullModel::sumOps(const StageView &view) {
  FullStageSums sums;
  uint32_t end = view.first + view.numOps;
  for (uint32_t op = view.first; op < end; ++op) {
    Result<FullOpTerms> own = opTerms(op, view.plan(op), view.microBatch, view.devices);
    if (!own)
      return own.takeError();
    sums.forwardNs += own->forwardNs;
    sums.backwardNs += own->backwardNs;
    sums.idealNs += own->idealNs;
    sums.gradientSyncNs += own->gradientSyncNs;
    sums.weightBytes += own->weightBytes;
    sums.mainBytes += own->mainBytes;
    sums.gradientBytes += own->gradientBytes;
    sums.optimizerBytes += own->optimizerBytes;
    sums.optimizerTraffic += own->optimizerTraffic;
    sums.activationUnits += own->activationUnits;
    sums.workspaceUnits = std::max(sums.workspaceUnits, own->workspaceUnits);
    sums.estimates |= own->estimates;
  }
  // Layouts exist only for degrees that all ops can have.
  for (uint32_t op = view.first; op < end; ++op) {
    Result<FullValueTerms> values = valueTerms(view, op);
    if (!values)
      return values.takeError();
    sums.forwardConversionNs += values->forwardNs;
    sums.backwardConversionNs += values->backwardNs;
    sums.estimates |= values->estimates;
  }
  for (uint32_t begin = view.first, next; begin < end; begin = next) {
    next = begin + 1;
    while (next < end && facts.ops[next].block == facts.ops[begin].block)
      ++next;
    Result<FullBlockTerms> block = blockTerms(view, begin, next);
    if (!block)
      return block.takeError();
    sums.recomputeNs += block->recomputeNs;
    sums.droppedUnits += block->droppedUnits;
    sums.peakUnits = std::max(sums.peakUnits, block->peakUnits);
    sums.estimates |= block->estimates;
  }
  return sums;
}
