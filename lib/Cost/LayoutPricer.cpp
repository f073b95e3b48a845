//===- LayoutPricer.cpp - Layouts and what conversions cost -----*- C++ -*-===//

#include "LayoutPricer.h"

#include "aceso/Cost/ParameterMemory.h"

#include <algorithm>
#include <cassert>

using namespace aceso;

//===----------------------------------------------------------------------===//
// Numbers for what is equal
//===----------------------------------------------------------------------===//

std::string aceso::describeLetters(const Signature &signature) {
  std::string text;
  auto add = [&](const std::vector<TensorLetters> &tensors) {
    for (const TensorLetters &tensor : tensors) {
      for (const std::string &dim : tensor.dims)
        text += dim + ' ';
      text += tensor.additive ? '+' : '.';
      text += tensor.reduction == Reduction::Max ? '^' : ',';
    }
    text += ';';
  };
  add(signature.operands);
  add(signature.results);
  text += signature.rules + ';' + signature.nosplit + ';';
  text += signature.isSum ? 's' : '-';
  return text;
}

LayoutPricer::LayoutPricer(const ModelFacts &facts, const LinkModel &links, int64_t devicesPerNode,
                           bool reducedAtSource)
    : links(links), devicesPerNode(devicesPerNode), reducedAtSource(reducedAtSource) {
  std::unordered_map<std::string, uint32_t> signatureIds;
  for (const OpFacts &op : facts.ops) {
    std::vector<uint32_t> &ids = signatureOf.emplace_back();
    for (const PrimitiveFacts &primitive : op.primitives) {
      auto [it, isNew] =
          signatureIds.try_emplace(describeLetters(primitive.signature), signatures.size());
      if (isNew)
        signatures.push_back(primitive.signature);
      ids.push_back(it->second);
    }
  }
  std::map<std::tuple<std::vector<int64_t>, std::vector<int64_t>, unsigned>, uint32_t> kindIds;
  for (const ValueFacts &value : facts.values) {
    auto [it, isNew] =
        kindIds.try_emplace({value.shape, value.majors, value.elementBytes}, valueKinds.size());
    if (isNew)
      valueKinds.push_back(value);
    kindOf.push_back(it->second);
  }
}

std::optional<MeshId> LayoutPricer::mesh(int64_t devices, const std::vector<int64_t> &dps) {
  auto [known, isNew] = meshOfDps.try_emplace({devices, dps});
  if (!isNew)
    return known->second;
  std::optional<Mesh> mesh = Mesh::factorize(devices, devicesPerNode, dps);
  if (!mesh)
    return std::nullopt;
  auto [it, isNewMesh] = meshIds.try_emplace(mesh->getRadices(), meshes.size());
  if (isNewMesh)
    meshes.push_back(*mesh);
  known->second = it->second;
  return it->second;
}

TensorId LayoutPricer::tensor(ValueId value, MeshId mesh, int64_t microBatch) {
  auto [it, isNew] = tensorIds.try_emplace({kindOf[value], mesh, microBatch}, tensors.size());
  if (!isNew)
    return it->second;
  const ValueFacts &kind = valueKinds[kindOf[value]];
  auto bound = [&](std::vector<int64_t> sizes) {
    std::replace(sizes.begin(), sizes.end(), ValueFacts::kDynamic, microBatch);
    return sizes;
  };
  LayoutTable &table = cache.table(meshes[mesh], bound(kind.shape), bound(kind.majors));
  tensors.push_back({&table, mesh, kind.elementBytes, {}, {}, {}});
  return it->second;
}

TensorId LayoutPricer::gradientSum(TensorId parameter) {
  if (!tensors[parameter].gradientSum) {
    Tensor sum = {tensors[parameter].table,
                  tensors[parameter].mesh,
                  parameterBytes(tensors[parameter].elementBytes).gradient,
                  {},
                  {},
                  {}};
    if (sum.elementBytes == tensors[parameter].elementBytes) {
      tensors[parameter].gradientSum = parameter;
    } else {
      tensors[parameter].gradientSum = tensors.size();
      tensors.push_back(std::move(sum));
    }
  }
  return *tensors[parameter].gradientSum;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

Layout LayoutPricer::calculate(TensorId tensor, Slot slot, const Signature &signature,
                               uint32_t index, const OpPlan &plan) {
  Assignment assignment =
      assignDigits(signature, meshes[tensors[tensor].mesh], {plan.tp, plan.dp, plan.rule});
  switch (slot) {
  case Slot::Wanted:
    return wantedLayout(signature, assignment, index);
  case Slot::Left: {
    Layout layout = leftLayout(signature, assignment, index);
    return reducedAtSource ? layout.withoutPending() : layout;
  }
  case Slot::Gradient: {
    // The gradient of a sum passes through: it is the result's, reduced where the result is used.
    if (signature.isSum)
      return leftLayout(signature, assignment, 0).withoutPending();
    Layout layout = dualLayout(signature, assignment, index);
    return reducedAtSource ? layout.withoutPending() : layout;
  }
  case Slot::ParameterGradient:
    return dualLayout(signature, assignment, index);
  }
  return {};
}

LayoutId LayoutPricer::layoutOf(TensorId tensor, Slot slot, uint32_t op, uint32_t primitive,
                                uint32_t index, const OpPlan &plan) {
  uint32_t signature = signatureOf[op][primitive];
  // dp follows from tp and the tensor's mesh.
  uint64_t key = tensor;
  key = key << 16 | signature;
  key = key << 8 | index;
  key = key << 2 | unsigned(slot);
  key = key << 12 | plan.tp;
  key = key << 4 | plan.rule;
  assert(tensor < 1u << 22 && signature < 1u << 16 && index < 1u << 8 && plan.tp < 1u << 12 &&
         plan.rule < 1u << 4);
  auto known = layouts.find(key);
  if (known != layouts.end())
    return known->second;
  LayoutId id =
      tensors[tensor].table->intern(calculate(tensor, slot, signatures[signature], index, plan));
  layouts.emplace(key, id);
  return id;
}

LayoutId LayoutPricer::wanted(TensorId tensor, const DataFlow::Use &use, const OpPlan &plan) {
  return layoutOf(tensor, Slot::Wanted, use.op, use.primitive, use.operand, plan);
}

LayoutId LayoutPricer::left(TensorId tensor, const DataFlow::Value &value, const OpPlan &plan) {
  return layoutOf(tensor, Slot::Left, value.producer, value.primitive, value.result, plan);
}

LayoutId LayoutPricer::gradient(TensorId tensor, const DataFlow::Use &use, const OpPlan &plan) {
  return layoutOf(tensor, Slot::Gradient, use.op, use.primitive, use.operand, plan);
}

LayoutId LayoutPricer::parameterGradient(TensorId tensor, const DataFlow::Use &use,
                                         const OpPlan &plan) {
  return layoutOf(tensor, Slot::ParameterGradient, use.op, use.primitive, use.operand, plan);
}

LayoutId LayoutPricer::withoutPending(TensorId tensor, LayoutId layout) {
  LayoutTable &table = *tensors[tensor].table;
  if (table.layout(layout).pending.empty())
    return layout;
  return table.intern(table.layout(layout).withoutPending());
}

int64_t LayoutPricer::localElements(TensorId tensor, LayoutId layout) {
  Tensor &entry = tensors[tensor];
  if (entry.localElements.size() <= layout)
    entry.localElements.resize(layout + 1, -1);
  int64_t &elements = entry.localElements[layout];
  if (elements < 0) {
    elements = 1;
    for (int64_t size :
         localShape(entry.table->getMesh(), entry.table->layout(layout), entry.table->getShape()))
      elements *= size;
  }
  return elements;
}

//===----------------------------------------------------------------------===//
// Prices
//===----------------------------------------------------------------------===//

static std::optional<CollectiveKind> collectiveOf(StepKind kind) {
  switch (kind) {
  case StepKind::Slice:
  case StepKind::Mask:
    return std::nullopt;
  case StepKind::AllReduce:
    return CollectiveKind::AllReduce;
  case StepKind::ReduceScatter:
    return CollectiveKind::ReduceScatter;
  case StepKind::AllGather:
    return CollectiveKind::AllGather;
  case StepKind::AllToAll:
  case StepKind::BoxExchange:
    return CollectiveKind::AllToAll;
  }
  return std::nullopt;
}

Price LayoutPricer::priceOf(TensorId tensor, const ConversionSummary &summary) const {
  const Tensor &entry = tensors[tensor];
  const Mesh &mesh = meshes[entry.mesh];
  Price price;
  for (const StepSummary &step : summary.steps) {
    std::optional<CollectiveKind> kind = collectiveOf(step.kind);
    if (!kind)
      continue;
    // A stage of more devices than a node has stands on whole nodes, which are the leading digits.
    int64_t groupNodes = 1, below = mesh.numDevices();
    for (Digit digit = 0; digit < mesh.numDigits(); ++digit) {
      below /= mesh.radix(digit);
      if (below >= devicesPerNode &&
          std::find(step.digits.begin(), step.digits.end(), digit) != step.digits.end())
        groupNodes *= mesh.radix(digit);
    }
    price +=
        links.collective(*kind, step.groupSize, groupNodes, step.elementsIn * entry.elementBytes);
  }
  return price;
}

Price LayoutPricer::conversion(TensorId tensor, LayoutId from, LayoutId to) {
  if (from == to)
    return {};
  Tensor &entry = tensors[tensor];
  if (entry.prices.size() <= from)
    entry.prices.resize(from + 1);
  std::vector<Price> &row = entry.prices[from];
  if (row.size() <= to)
    row.resize(to + 1, Price{-1, NoEstimate});
  if (row[to].ns < 0)
    row[to] = priceOf(tensor, entry.table->conversion(from, to));
  return row[to];
}

ConversionCost LayoutPricer::conversionCost(TensorId tensor, LayoutId from, LayoutId to) {
  return tensors[tensor].table->conversion(from, to).cost;
}

LayoutId LayoutPricer::cheapestSource(TensorId tensor, const std::vector<LayoutId> &forms,
                                      LayoutId to) {
  LayoutId best = forms.front();
  for (LayoutId form : forms)
    if (conversionCost(tensor, form, to) < conversionCost(tensor, best, to))
      best = form;
  return best;
}

ConversionCost LayoutPricer::sendCost(TensorId source, LayoutId from, TensorId destination,
                                      LayoutId to) {
  return cache.transfer(*tensors[source].table, from, *tensors[destination].table, to)
      .beforeSend.cost;
}

LayoutPricer::TransferPrice LayoutPricer::transfer(TensorId source, LayoutId from,
                                                   const DeviceRange &sourceDevices,
                                                   TensorId destination, LayoutId to,
                                                   const DeviceRange &destinationDevices) {
  const TransferSummary &summary =
      cache.transfer(*tensors[source].table, from, *tensors[destination].table, to);
  TransferPrice price;
  price.beforeSend = priceOf(source, summary.beforeSend);

  auto firstNode = [&](const DeviceRange &range) { return range.first / devicesPerNode; };
  auto lastNode = [&](const DeviceRange &range) {
    return (range.first + range.count - 1) / devicesPerNode;
  };
  price.crossNode = std::min(firstNode(sourceDevices), firstNode(destinationDevices)) !=
                    std::max(lastNode(sourceDevices), lastNode(destinationDevices));
  int64_t elements = std::max(summary.busiestSend, summary.busiestReceive);
  if (price.crossNode) {
    // The devices of a node share its link; the side with fewer nodes is the narrow one.
    int64_t nodes = std::min(lastNode(sourceDevices) - firstNode(sourceDevices),
                             lastNode(destinationDevices) - firstNode(destinationDevices)) +
                    1;
    elements = std::max(elements, (summary.elementsSent + nodes - 1) / nodes);
  }
  price.receive = links.message(elements * tensors[source].elementBytes, price.crossNode);
  price.receive += priceOf(destination, summary.afterReceive);
  return price;
}
