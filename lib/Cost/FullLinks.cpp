//===- FullLinks.cpp - What stages exchange ---------------------*- C++ -*-===//
//
// Values that cross a boundary come from the nearest earlier stage that has them, and their
// gradients go back the same way, stage by stage. A shared parameter lives on the stage of its
// first user; other stages read it at the start of a step and send their gradient at its end.
// (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#include "FullModel.h"

#include <algorithm>
#include <set>

using namespace aceso;

namespace {

class LinkBuilder {
public:
  LinkBuilder(FullModel &model, const CompactPlan &plan, int64_t firstDevice)
      : model(model), pricer(model.pricer) {
    uint32_t firstOp = 0;
    for (const StagePlan &stage : plan.stages) {
      views.push_back({firstOp, stage.numOps, &plan.ops[firstOp], plan.microBatch, stage.devices});
      devices.push_back({firstDevice, stage.devices});
      firstOp += stage.numOps;
      firstDevice += stage.devices;
    }
    links.resize(views.size());
  }

  /// One stage, whose place does not matter.
  LinkBuilder(FullModel &model, const StageView &view) : model(model), pricer(model.pricer) {
    views.push_back(view);
    devices.push_back({0, view.devices});
    links.resize(1);
  }

  using Failure = std::optional<ErrorMessage>;

  /// Values that arrive on any stage.
  Failure addArrivals();
  Failure addSharedParameter(ValueId id);
  /// What the first stage has of a shared parameter, transfers left out.
  Failure addOwnPart(ValueId id);

  std::vector<StageView> views;
  std::vector<FullStageLinks> links;

private:
  uint32_t stageOf(uint32_t op) const {
    auto behind = std::upper_bound(
        views.begin(), views.end(), op,
        [](uint32_t position, const StageView &view) { return position < view.first; });
    return behind - views.begin() - 1;
  }
  LayoutPricer::TransferPrice transfer(uint32_t source, TensorId sourceTensor, LayoutId from,
                                       uint32_t destination, TensorId destinationTensor,
                                       LayoutId to) {
    return pricer.transfer(sourceTensor, from, devices[source], destinationTensor, to,
                           devices[destination]);
  }
  /// Adds the two sides of a transfer to what its stages pay.
  void addTransfer(const LayoutPricer::TransferPrice &price, uint32_t source,
                   int64_t FullStageLinks::*sendNs, uint32_t destination,
                   int64_t FullStageLinks::*receiveNs) {
    links[source].*sendNs += price.beforeSend.ns;
    links[source].estimates |= price.beforeSend.estimates;
    links[destination].*receiveNs += price.receive.ns;
    links[destination].estimates |= price.receive.estimates;
  }

  Failure addArrival(ValueId id, uint32_t stage);
  struct Copy;
  Failure addOwnPart(ValueId id, uint32_t stage, const std::vector<DataFlow::Use> &uses,
                     bool isHome, Copy &copy);
  Failure addCopy(ValueId id, uint32_t stage, const std::vector<DataFlow::Use> &uses, Copy &copy);
  void addCopyMemory(const Copy &copy, uint32_t stage, bool isHome, int64_t elementBytes);

  FullModel &model;
  LayoutPricer &pricer;
  std::vector<DeviceRange> devices;
};

/// A shared parameter on one stage.
struct LinkBuilder::Copy {
  TensorId tensor;
  /// As its first user here wants it, nothing pending: the home's layout, or that of the copy read.
  LayoutId layout;
  /// Splits in which it stands here, `layout` first: weights are kept in each.
  std::vector<LayoutId> splits;
  std::vector<LayoutId> gradients; ///< distinct contributions
};

} // namespace

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

LinkBuilder::Failure LinkBuilder::addArrival(ValueId id, uint32_t stage) {
  const DataFlow::Value &value = model.flow.values[id];
  // The nearest stage in front that has it: the one that gives it, or the last that uses it.
  uint32_t lastOp = value.producer;
  for (const DataFlow::Use &use : value.uses)
    if (use.op < views[stage].first)
      lastOp = std::max(lastOp, use.op);
  uint32_t source = stageOf(lastOp);

  Result<FullModel::ValueFlow> here = model.flowOf(views[stage], id);
  Result<FullModel::ValueFlow> there = model.flowOf(views[source], id);
  if (!here)
    return here.takeError();
  if (!there)
    return there.takeError();
  LayoutId arrival = here->forms.front();
  LayoutId sent = there->forms.front();
  for (LayoutId form : there->forms)
    if (pricer.sendCost(there->tensor, form, here->tensor, arrival) <
        pricer.sendCost(there->tensor, sent, here->tensor, arrival))
      sent = form;
  LayoutPricer::TransferPrice forward =
      transfer(source, there->tensor, sent, stage, here->tensor, arrival);
  addTransfer(forward, source, &FullStageLinks::sendNs, stage, &FullStageLinks::receiveNs);
  LayoutId target = pricer.withoutPending(there->tensor, there->forms.front());
  LayoutPricer::TransferPrice backward =
      transfer(stage, here->tensor, here->gradient, source, there->tensor, target);
  addTransfer(backward, stage, &FullStageLinks::gradientSendNs, source,
              &FullStageLinks::gradientReceiveNs);

  FullStageLinks &link = links[stage];
  link.inCrossNode |= forward.crossNode;
  links[source].outCrossNode |= forward.crossNode;
  link.forwardConversionNs += here->forward.ns;
  link.backwardConversionNs += here->backward.ns;
  link.estimates |= here->forward.estimates | here->backward.estimates;
  link.receivedBytes +=
      pricer.localElements(here->tensor, arrival) * pricer.elementBytes(here->tensor);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Shared parameters
//===----------------------------------------------------------------------===//

static bool addNew(std::vector<LayoutId> &layouts, LayoutId layout) {
  if (std::find(layouts.begin(), layouts.end(), layout) != layouts.end())
    return false;
  layouts.push_back(layout);
  return true;
}

/// Reads of the stage's users from the copy's layout, and their gradients summed in it, or at least
/// in the first one's layout: what the stage does alone.
LinkBuilder::Failure LinkBuilder::addCopy(ValueId id, uint32_t stage,
                                          const std::vector<DataFlow::Use> &uses, Copy &copy) {
  const StageView &view = views[stage];
  std::vector<uint32_t> ops;
  for (const DataFlow::Use &use : uses)
    ops.push_back(use.op);
  Result<MeshId> mesh = model.meshOf(view, ops);
  if (!mesh)
    return mesh.takeError();
  copy.tensor = pricer.tensor(id, *mesh, view.microBatch);
  Price reads;
  std::vector<LayoutId> forms;
  for (const DataFlow::Use &use : uses) {
    LayoutId wanted = pricer.wanted(copy.tensor, use, view.plan(use.op));
    LayoutId split = pricer.withoutPending(copy.tensor, wanted);
    if (forms.empty())
      copy.layout = split;
    if (addNew(forms, wanted))
      reads += pricer.conversion(copy.tensor, copy.layout, wanted);
    addNew(copy.splits, split);
    addNew(copy.gradients, pricer.parameterGradient(copy.tensor, use, view.plan(use.op)));
  }
  links[stage].tiedNs += reads.ns;
  links[stage].estimates |= reads.estimates;
  return std::nullopt;
}

void LinkBuilder::addCopyMemory(const Copy &copy, uint32_t stage, bool isHome,
                                int64_t elementBytes) {
  ParameterBytes bytes = parameterBytes(elementBytes);
  FullStageLinks &link = links[stage];
  int64_t elements = pricer.localElements(copy.tensor, copy.layout);
  for (LayoutId split : copy.splits)
    link.weightBytes += pricer.localElements(copy.tensor, split) * bytes.weight;
  // An accumulator for each distinct contribution.
  for (LayoutId gradient : copy.gradients)
    link.gradientBytes += pricer.localElements(copy.tensor, gradient) * bytes.gradient;
  if (!isHome)
    return;
  link.mainBytes += elements * bytes.mainCopy;
  link.optimizerBytes += elements * bytes.optimizer;
  link.optimizerTraffic += elements * optimizerTrafficBytes(bytes);
}

/// All but transfers between the copies.
LinkBuilder::Failure LinkBuilder::addOwnPart(ValueId id, uint32_t stage,
                                             const std::vector<DataFlow::Use> &uses, bool isHome,
                                             Copy &copy) {
  if (Failure error = addCopy(id, stage, uses, copy))
    return error;
  for (LayoutId gradient : copy.gradients) {
    Price sum = pricer.conversion(pricer.gradientSum(copy.tensor), gradient,
                                  isHome ? copy.layout : copy.gradients.front());
    (isHome ? links[stage].gradientSyncNs : links[stage].tiedNs) += sum.ns;
    links[stage].estimates |= sum.estimates;
  }
  addCopyMemory(copy, stage, isHome, model.facts.values[id].elementBytes);
  return std::nullopt;
}

LinkBuilder::Failure LinkBuilder::addOwnPart(ValueId id) {
  std::vector<DataFlow::Use> uses;
  for (const DataFlow::Use &use : model.flow.values[id].uses)
    if (views[0].contains(use.op))
      uses.push_back(use);
  if (uses.empty())
    return std::nullopt;
  Copy copy;
  return addOwnPart(id, 0, uses, views[0].contains(model.flow.values[id].uses.front().op), copy);
}

LinkBuilder::Failure LinkBuilder::addSharedParameter(ValueId id) {
  std::vector<std::vector<DataFlow::Use>> usesByStage(views.size());
  for (const DataFlow::Use &use : model.flow.values[id].uses)
    usesByStage[stageOf(use.op)].push_back(use);
  uint32_t home = stageOf(model.flow.values[id].uses.front().op);
  Copy homeCopy;
  if (Failure error = addOwnPart(id, home, usesByStage[home], true, homeCopy))
    return error;
  for (uint32_t stage = home + 1; stage < views.size(); ++stage) {
    if (usesByStage[stage].empty())
      continue;
    Copy copy;
    if (Failure error = addOwnPart(id, stage, usesByStage[stage], false, copy))
      return error;
    addTransfer(transfer(home, homeCopy.tensor, homeCopy.layout, stage, copy.tensor, copy.layout),
                home, &FullStageLinks::tiedNs, stage, &FullStageLinks::tiedNs);
    addTransfer(transfer(stage, pricer.gradientSum(copy.tensor), copy.gradients.front(), home,
                         pricer.gradientSum(homeCopy.tensor), homeCopy.layout),
                stage, &FullStageLinks::tiedNs, home, &FullStageLinks::tiedNs);
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

LinkBuilder::Failure LinkBuilder::addArrivals() {
  for (uint32_t stage = 1; stage < views.size(); ++stage) {
    const StageView &view = views[stage];
    for (ValueId id : model.flow.crossing[view.first]) {
      const auto &uses = model.flow.values[id].uses;
      if (std::none_of(uses.begin(), uses.end(),
                       [&](const DataFlow::Use &use) { return view.contains(use.op); }))
        continue;
      if (Failure error = addArrival(id, stage))
        return error;
    }
  }
  return std::nullopt;
}

Result<std::vector<FullStageLinks>> FullModel::links(const CompactPlan &plan) {
  LinkBuilder builder(*this, plan, 0);
  if (LinkBuilder::Failure error = builder.addArrivals())
    return *error;
  for (ValueId id : flow.sharedParameters)
    if (LinkBuilder::Failure error = builder.addSharedParameter(id))
      return *error;
  return std::move(builder.links);
}

Result<std::vector<FullStageLinks>> FullModel::arrivalLinks(const CompactPlan &plan,
                                                            int64_t firstDevice) {
  LinkBuilder builder(*this, plan, firstDevice);
  if (LinkBuilder::Failure error = builder.addArrivals())
    return *error;
  return std::move(builder.links);
}

Result<FullStageLinks> FullModel::sharedLinks(const StageView &view) {
  LinkBuilder builder(*this, view);
  for (ValueId id : flow.sharedParameters)
    if (LinkBuilder::Failure error = builder.addOwnPart(id))
      return *error;
  return builder.links[0];
}
