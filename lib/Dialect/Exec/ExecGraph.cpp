//===- ExecGraph.cpp - exec.graph and its verifier --------------*- C++ -*-===//

#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Dialect/NN/ModelLike.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

ParseResult GraphOp::parse(OpAsmParser &parser, OperationState &result) {
  return nn::parseModelLike<GraphOp>(parser, result);
}

void GraphOp::print(OpAsmPrinter &printer) { nn::printModelLike(*this, printer); }

void GraphOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setNameFn) {
  nn::nameInputs(*this, region, setNameFn);
}

/// The stage on which an op computed `value`; none for arguments and parameters, which every stage
/// may use.
static std::optional<int64_t> stageOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || isa<nn::ParameterOp>(op))
    return std::nullopt;
  if (AtAttr at = getAt(op))
    return at.getStage();
  return std::nullopt;
}

/// G5: the stages have the cluster's devices.
static LogicalResult verifyDevices(GraphOp graph) {
  int64_t total = 0, devicesOfCluster = graph.getCluster().numDevices();
  for (int64_t devices : graph.getStageDevices()) {
    if (devices < 1 || devices > devicesOfCluster)
      return graph.emitOpError("has a stage of ")
             << devices << " devices on a cluster of " << devicesOfCluster;
    total += devices;
  }
  if (total != devicesOfCluster)
    return graph.emitOpError("gives its stages ")
           << total << " devices, but the cluster has " << devicesOfCluster;
  return success();
}

/// G1: every op but parameters says its stage and phase; an nn op how it is split, which fills the
/// stage and divides its letters.
static LogicalResult verifyPlace(GraphOp graph, Operation &op) {
  AtAttr at = getAt(&op);
  if (!at)
    return op.emitOpError("has no exec.at");
  if (at.getStage() < 0 || at.getStage() >= static_cast<int64_t>(graph.getStageDevices().size()))
    return op.emitOpError("is on stage ")
           << at.getStage() << " of " << graph.getStageDevices().size();
  if (at.getPhase() != Phase::Forward && at.getPhase() != Phase::Backward)
    return op.emitOpError("is in phase ")
           << stringifyPhase(at.getPhase()) << "; a graph has forward and backward only";
  auto unit = dyn_cast<nn::NNOp>(op);
  if (!unit || isa<nn::SumOp>(op))
    return success();
  par::ShardAttr shard = par::getShard(&op);
  if (!shard)
    return op.emitOpError("has no par.shard");
  if (int64_t devices = graph.getStageDevices()[at.getStage()]; shard.numDevices() != devices)
    return op.emitOpError("uses ")
           << shard.numDevices() << " devices, but its stage has " << devices;
  std::string error = checkDegrees(
      unit.getSignature(), {shard.getTp(), shard.getDp(), static_cast<unsigned>(shard.getRule())});
  if (!error.empty())
    return op.emitOpError("cannot run with ") << shard << ": " << error;
  return success();
}

/// G2: an op uses values of its own stage, which only exec.copy brings from another, and in forward
/// none of backward.
static LogicalResult verifyOperands(Operation &op) {
  AtAttr at = getAt(&op);
  for (Value operand : op.getOperands()) {
    std::optional<int64_t> stage = stageOf(operand);
    if (!stage)
      continue;
    if (at.getPhase() == Phase::Forward &&
        getAt(operand.getDefiningOp()).getPhase() == Phase::Backward)
      return op.emitOpError("is in forward, but uses a value of backward");
    if (*stage == at.getStage() || isa<CopyOp>(op))
      continue;
    InFlightDiagnostic diag = op.emitOpError("on stage ")
                              << at.getStage() << " uses a value of stage " << *stage
                              << " without an exec.copy";
    diag.attachNote(operand.getLoc()) << "the value is defined here";
    return diag;
  }
  return success();
}

/// G4: copies are of values of another stage; what is added up, reported or copied was computed by
/// an op; gradients are those of parameters.
static LogicalResult verifyKind(Operation &op) {
  if (auto copy = dyn_cast<CopyOp>(op))
    if (std::optional<int64_t> stage = stageOf(copy.getSource());
        !stage || *stage == getAt(copy).getStage())
      return copy.emitOpError("copies what its stage has already");
  if (auto accumulate = dyn_cast<AccumulateOp>(op))
    if (!accumulate.getParameter().getDefiningOp<nn::ParameterOp>())
      return accumulate.emitOpError("adds to the gradient of a value that is no nn.parameter");
  if (isa<LossSeedOp>(op) && getAt(&op).getPhase() != Phase::Backward)
    return op.emitOpError("is in forward; backward begins with it");
  if (isa<nn::SumOp, GraphReturnOp, AccumulateOp>(op))
    for (Value operand : op.getOperands())
      if (!stageOf(operand) && !(isa<AccumulateOp>(op) && operand == op.getOperand(0)))
        return op.emitOpError("takes a value that no op of the graph computes");
  return success();
}

/// G3: a graph holds parameters, nn ops, exec.copy, exec.loss_seed, exec.accumulate and
/// exec.return.
LogicalResult GraphOp::verifyRegions() {
  Block &body = getBody().front();
  if (failed(par::verifyBatches(*this, getGlobalBatch(), getMicroBatch())) ||
      failed(nn::verifyInputs(*this)) || failed(verifyDevices(*this)))
    return failure();
  if (!isa<GraphReturnOp>(body.getTerminator()))
    return emitOpError("must end in exec.return");
  for (Operation &op : body) {
    if (isa<nn::ParameterOp>(op))
      continue;
    if (!isa<nn::NNOp, CopyOp, LossSeedOp, AccumulateOp, GraphReturnOp>(op))
      return op.emitOpError("is nothing that a training graph holds");
    if (failed(verifyPlace(*this, op)) || failed(verifyOperands(op)) || failed(verifyKind(op)))
      return failure();
  }
  return success();
}
