//===- ParPlan.cpp - par.plan and its verifier ------------------*- C++ -*-===//

#include "aceso/Dialect/NN/ModelLike.h"
#include "aceso/Dialect/Par/Par.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::par;

ParseResult PlanOp::parse(OpAsmParser &parser, OperationState &result) {
  return nn::parseModelLike<PlanOp>(parser, result);
}

void PlanOp::print(OpAsmPrinter &printer) { nn::printModelLike(*this, printer); }

void PlanOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setNameFn) {
  nn::nameInputs(*this, region, setNameFn);
}

llvm::SmallVector<StageOp> par::getStages(PlanOp plan) {
  return llvm::to_vector(plan.getBody().front().getOps<StageOp>());
}

llvm::SmallVector<nn::NNOp> PlanOp::getUnits() {
  return llvm::to_vector(getBody().front().getOps<nn::NNOp>());
}

llvm::SmallVector<nn::NNOp> StageOp::getUnits() {
  llvm::SmallVector<nn::NNOp> units;
  for (Operation *op = getOperation()->getNextNode(); op && !isa<StageOp>(op);
       op = op->getNextNode())
    if (auto unit = dyn_cast<nn::NNOp>(op))
      units.push_back(unit);
  return units;
}

namespace {

/// One stage as the checks below see it.
struct Stage {
  StageOp op;
  llvm::SmallVector<nn::NNOp> units;
};

} // namespace

/// C1: only parameters precede the first marker, only units and markers follow it. Fills `stages`.
static LogicalResult verifyOrder(PlanOp plan, std::vector<Stage> &stages) {
  for (Operation &op : plan.getBody().front().without_terminator()) {
    if (auto stage = dyn_cast<StageOp>(op)) {
      stages.push_back({stage, {}});
      continue;
    }
    if (isa<nn::ParameterOp>(op)) {
      if (stages.empty())
        continue;
      InFlightDiagnostic diag =
          op.emitOpError("follows a stage marker; parameters precede the first one");
      diag.attachNote(stages.back().op.getLoc()) << "the marker is here";
      return diag;
    }
    if (!nn::isUnit(&op))
      return op.emitOpError("is neither a parameter, a stage marker nor a unit of planning");
    auto unit = cast<nn::NNOp>(op);
    if (stages.empty())
      return op.emitOpError("\"") << unit.getPath() << "\" precedes the first par.stage";
    stages.back().units.push_back(unit);
  }
  if (stages.empty())
    return plan.emitOpError("has no par.stage");
  return success();
}

/// C2: every unit carries par.shard. C3: every stage holds a unit.
static LogicalResult verifyUnits(ArrayRef<Stage> stages) {
  for (const Stage &stage : stages) {
    StageOp marker = stage.op;
    if (stage.units.empty())
      return marker.emitOpError("begins a stage without ops; remove it or move ops behind it");
    for (nn::NNOp unit : stage.units)
      if (!getShard(unit))
        return unit.emitOpError("\"") << unit.getPath() << "\" has no par.shard";
  }
  return success();
}

/// C4: tp * dp of every unit is the number of devices of its stage.
static LogicalResult verifyShardsFillTheirStage(ArrayRef<Stage> stages) {
  for (const Stage &stage : stages) {
    StageOp marker = stage.op;
    int64_t devices = marker.getDevices();
    for (nn::NNOp unit : stage.units) {
      ShardAttr shard = getShard(unit);
      if (shard.numDevices() == devices)
        continue;
      InFlightDiagnostic diag = unit.emitOpError("\"")
                                << unit.getPath() << "\" uses tp " << shard.getTp() << " x dp "
                                << shard.getDp() << " = " << shard.numDevices()
                                << " devices, but its stage has " << devices;
      diag.attachNote(marker.getLoc()) << "the stage begins here";
      return diag;
    }
  }
  return success();
}

/// C5: the stages use the cluster's devices, all of them. C6: a stage lies inside one node or
/// consists of whole nodes.
static LogicalResult verifyDevices(PlanOp plan, ArrayRef<Stage> stages) {
  ClusterAttr cluster = plan.getCluster();
  int64_t perNode = cluster.getDevicesPerNode(), first = 0;
  for (const Stage &stage : stages) {
    StageOp marker = stage.op;
    int64_t devices = marker.getDevices(), offset = first % perNode;
    if (offset + devices > perNode && (offset != 0 || devices % perNode != 0))
      return marker.emitOpError("has devices ")
             << first << " to " << first + devices - 1 << ", which straddle nodes of " << perNode
             << " devices; a stage lies inside one node or consists of whole nodes";
    first += devices;
  }
  if (first != cluster.numDevices())
    return plan.emitOpError("gives its stages ")
           << first << " devices, but the cluster has " << cluster.getNodes() << " nodes of "
           << perNode << " = " << cluster.numDevices();
  return success();
}

/// C7: one numbering of a stage's devices serves all its ops.
static LogicalResult verifyFactorisation(PlanOp plan, ArrayRef<Stage> stages) {
  int64_t perNode = plan.getCluster().getDevicesPerNode();
  for (const Stage &stage : stages) {
    StageOp marker = stage.op;
    std::vector<int64_t> dps;
    for (nn::NNOp unit : stage.units)
      dps.push_back(getShard(unit).getDp());
    llvm::sort(dps);
    dps.erase(std::unique(dps.begin(), dps.end()), dps.end());
    if (Mesh::factorize(marker.getDevices(), perNode, dps))
      continue;
    InFlightDiagnostic diag = marker.emitOpError("has ops of dp ");
    llvm::interleaveComma(dps, diag);
    return diag << " on " << marker.getDevices()
                << " devices; each dp must divide the next larger one";
  }
  return success();
}

LogicalResult par::verifyBatches(Operation *op, int64_t global, int64_t micro) {
  if (global < 1 || micro < 1 || global % micro != 0)
    return op->emitOpError("has a global batch of ")
           << global << " and a micro-batch of " << micro
           << " samples; the first must be a multiple of the second, both above 0";
  if (global > mostSamples)
    return op->emitOpError("has a global batch of ")
           << global << " samples, but at most " << mostSamples << " are possible";
  return success();
}

/// C10: the body ends in par.return of the declared loss.
static LogicalResult verifyReturn(PlanOp plan) {
  auto ret = dyn_cast<ReturnOp>(plan.getBody().front().getTerminator());
  if (!ret)
    return plan.emitOpError("must end in par.return");
  if (plan.getResultTypes().size() != 1 || plan.getResultTypes().front() != ret.getLoss().getType())
    return ret.emitOpError("returns ")
           << ret.getLoss().getType() << ", but the plan declares " << plan.getFunctionType();
  return success();
}

/// C11: the letters of every unit divide by its degrees. Not part of the attribute's verifier: that
/// runs before the op's own, and letters are sound only after it.
static LogicalResult verifyDegrees(PlanOp plan, ArrayRef<Stage> stages) {
  for (const Stage &stage : stages)
    for (nn::NNOp unit : stage.units) {
      ShardAttr shard = getShard(unit);
      Degrees degrees{shard.getTp(), shard.getDp(), static_cast<unsigned>(shard.getRule())};
      std::string error = checkUnitDegrees(unit, degrees, plan.getMicroBatch());
      if (!error.empty())
        return unit.emitOpError("\"")
               << unit.getPath() << "\" cannot run with " << shard << " at a micro-batch of "
               << plan.getMicroBatch() << ": " << error;
    }
  return success();
}

void par::removeCosts(PlanOp plan) {
  plan->removeAttr(ParDialect::getCostAttrName());
  for (StageOp marker : getStages(plan))
    marker->removeAttr(ParDialect::getCostAttrName());
}

LogicalResult PlanOp::verifyRegions() {
  std::vector<Stage> stages;
  return success(succeeded(verifyBatches(*this, getGlobalBatch(), getMicroBatch())) &&
                 succeeded(verifyReturn(*this)) && succeeded(nn::verifyInputs(*this)) &&
                 succeeded(verifyOrder(*this, stages)) && succeeded(verifyUnits(stages)) &&
                 succeeded(verifyShardsFillTheirStage(stages)) &&
                 succeeded(verifyDevices(*this, stages)) &&
                 succeeded(verifyFactorisation(*this, stages)) &&
                 succeeded(nn::verifyPaths(*this)) && succeeded(verifyDegrees(*this, stages)) &&
                 succeeded(nn::verifyUses(*this)) && succeeded(nn::verifyBatchIsDynamic(*this)));
}
