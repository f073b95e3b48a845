//===- PlanFacts.cpp - Dense copies of models and plans -------------------===//

#include "aceso/Analysis/PlanFacts.h"

#include "UnitKinds.h"

#include "aceso/Dialect/NN/ModelLike.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

#include <algorithm>

using namespace mlir;
using namespace aceso;

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

namespace {

class FactsCollector {
public:
  ModelFacts collect(FunctionOpInterface model, StringAttr profile);

private:
  ValueId addValue(ValueKind kind, Value value, StringRef path);
  void addUnit(nn::NNOp unit);

  ModelFacts facts;
  UnitKinds kinds;
  llvm::DenseMap<Value, ValueId> ids;
  llvm::StringMap<uint32_t> blocks;
};

} // namespace

ValueId FactsCollector::addValue(ValueKind kind, Value value, StringRef path) {
  auto type = cast<RankedTensorType>(value.getType());
  std::vector<int64_t> shape(type.getShape());
  std::replace(shape.begin(), shape.end(), ShapedType::kDynamic, ValueFacts::kDynamic);
  // Majors are what units say; an unused value keeps its shape.
  facts.values.push_back({kind, shape, {}, type.getElementTypeBitWidth() / 8, path.str()});
  ids[value] = facts.values.size() - 1;
  return facts.values.size() - 1;
}

void FactsCollector::addUnit(nn::NNOp unit) {
  const UnitKind &kind = kinds.get(unit);
  OpFacts op;
  op.path = unit.getPath().str();
  op.profileKey = unit.getProfileKey().str();
  op.block = blocks.try_emplace(blockOfPath(op.path), blocks.size()).first->second;
  op.kind = kind.id;
  op.numRules = kind.numRules;
  op.forwardFlopsPerSample = kind.forwardFlopsPerSample;
  op.backwardFlopsPerSample = kind.backwardFlopsPerSample;

  std::vector<ValueId> valueIds;
  for (Value operand : unit->getOperands())
    valueIds.push_back(ids.at(operand));
  for (const ValueFacts &value : llvm::drop_begin(kind.values, unit->getNumOperands())) {
    facts.values.push_back(value);
    valueIds.push_back(facts.values.size() - 1);
  }
  op.operands.assign(valueIds.begin(), valueIds.begin() + unit->getNumOperands());
  for (auto [result, local] : llvm::zip_equal(unit->getResults(), kind.results)) {
    ids[result] = valueIds[local];
    op.results.push_back(valueIds[local]);
  }
  // A dimension that one unit sees as a whole and another as a product can be split like a whole.
  for (auto [id, local] : llvm::zip_equal(valueIds, kind.values)) {
    std::vector<int64_t> &majors = facts.values[id].majors;
    majors.resize(local.majors.size(), ValueFacts::kDynamic);
    for (auto [major, localMajor] : llvm::zip_equal(majors, local.majors))
      major = std::max(major, localMajor);
  }
  op.primitives = kind.primitives;
  for (PrimitiveFacts &primitive : op.primitives) {
    for (ValueId &id : primitive.operands)
      id = valueIds[id];
    for (ValueId &id : primitive.results)
      id = valueIds[id];
  }
  facts.ops.push_back(std::move(op));
}

ModelFacts FactsCollector::collect(FunctionOpInterface model, StringAttr profile) {
  facts.name = SymbolTable::getSymbolName(model).str();
  facts.tablePrefix = profile ? profile.str() : "";
  Block &body = model.getFunctionBody().front();
  for (auto [index, argument] : llvm::enumerate(body.getArguments()))
    addValue(ValueKind::Input, argument, nn::inputName(model, index));
  for (Operation &op : body) {
    if (auto parameter = dyn_cast<nn::ParameterOp>(op))
      addValue(ValueKind::Parameter, parameter.getValue(), parameter.getPath());
    else if (auto unit = dyn_cast<nn::NNOp>(op))
      addUnit(unit);
  }
  for (ValueFacts &value : facts.values)
    if (value.majors.empty())
      value.majors = value.shape;
  return std::move(facts);
}

ModelFacts aceso::collectModelFacts(nn::ModelOp model) {
  return FactsCollector().collect(cast<FunctionOpInterface>(*model), model.getProfileAttr());
}

ModelFacts aceso::collectModelFacts(par::PlanOp plan) {
  return FactsCollector().collect(cast<FunctionOpInterface>(*plan), plan.getProfileAttr());
}

//===----------------------------------------------------------------------===//
// IR to compact plan
//===----------------------------------------------------------------------===//

ClusterDesc aceso::toClusterDesc(par::ClusterAttr cluster) {
  ClusterDesc desc;
  desc.nodes = cluster.getNodes();
  desc.devicesPerNode = cluster.getDevicesPerNode();
  desc.memoryLimitMiB = cluster.getMemory();
  if (StringAttr device = cluster.getDevice())
    desc.device = device.str();
  return desc;
}

par::ClusterAttr aceso::toClusterAttr(const ClusterDesc &cluster, MLIRContext *context) {
  return par::ClusterAttr::get(context, cluster.nodes, cluster.devicesPerNode,
                               cluster.device.empty() ? StringAttr()
                                                      : StringAttr::get(context, cluster.device),
                               cluster.memoryLimitMiB);
}

par::ShardAttr aceso::toShardAttr(const OpPlan &op, MLIRContext *context) {
  return par::ShardAttr::get(context, op.tp, op.dp, op.rule,
                             op.recompute ? par::RecomputeKind::Recompute
                                          : par::RecomputeKind::Keep);
}

static OpPlan toOpPlan(par::ShardAttr shard) {
  OpPlan op;
  op.tp = shard.getTp();
  op.dp = shard.getDp();
  op.rule = shard.getRule();
  op.recompute = shard.isRecomputed();
  return op;
}

CompactPlan aceso::toCompactPlan(par::PlanOp plan) {
  CompactPlan compact;
  compact.cluster = toClusterDesc(plan.getCluster());
  compact.globalBatch = plan.getGlobalBatch();
  compact.microBatch = plan.getMicroBatch();
  for (Operation &op : plan.getBody().front()) {
    if (auto marker = dyn_cast<par::StageOp>(op)) {
      compact.stages.push_back({0, uint32_t(marker.getDevices())});
    } else if (auto unit = dyn_cast<nn::NNOp>(op)) {
      ++compact.stages.back().numOps;
      compact.ops.push_back(toOpPlan(par::getShard(unit)));
    }
  }
  return compact;
}

//===----------------------------------------------------------------------===//
// Compact plan to IR
//===----------------------------------------------------------------------===//

/// Brings the markers to the stages of `compact`; markers that are there already are moved, not
/// replaced.
static void applyStages(par::PlanOp plan, const CompactPlan &compact, ArrayRef<nn::NNOp> units) {
  SmallVector<par::StageOp> markers = par::getStages(plan);
  while (markers.size() > compact.stages.size())
    markers.pop_back_val().erase();
  OpBuilder builder(plan.getContext());
  uint32_t first = 0;
  for (auto [index, stage] : llvm::enumerate(compact.stages)) {
    Operation *unit = units[first];
    first += stage.numOps;
    if (index == markers.size()) {
      builder.setInsertionPoint(unit);
      markers.push_back(par::StageOp::create(builder, unit->getLoc(), stage.devices));
      continue;
    }
    par::StageOp marker = markers[index];
    if (marker->getNextNode() != unit)
      marker->moveBefore(unit);
    if (marker.getDevices() != stage.devices)
      marker.setDevices(stage.devices);
  }
}

void aceso::applyCompactPlan(par::PlanOp plan, const CompactPlan &compact) {
  SmallVector<nn::NNOp> units = plan.getUnits();
  assert(units.size() == compact.ops.size() && "a plan of the same model");
  if (toCompactPlan(plan) == compact)
    return;
  par::removeCosts(plan);
  applyStages(plan, compact, units);
  MLIRContext *context = plan.getContext();
  for (auto [unit, op] : llvm::zip_equal(units, compact.ops))
    if (toOpPlan(par::getShard(unit)) != op)
      unit->setAttr(par::ShardAttr::attrName, toShardAttr(op, context));
  if (toClusterDesc(plan.getCluster()) != compact.cluster)
    plan.setClusterAttr(toClusterAttr(compact.cluster, context));
  if (int64_t(plan.getGlobalBatch()) != compact.globalBatch)
    plan.setGlobalBatch(compact.globalBatch);
  if (int64_t(plan.getMicroBatch()) != compact.microBatch)
    plan.setMicroBatch(compact.microBatch);
}
