//===- ExecContainers.cpp - exec.graph, exec.program and parts --*- C++ -*-===//

#include "aceso/Dialect/Exec/Exec.h"

#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

ParseResult GraphOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> arguments, ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag,
                      std::string &) { return builder.getFunctionType(arguments, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void GraphOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false,
                                           getFunctionTypeAttrName(), getArgAttrsAttrName(),
                                           getResAttrsAttrName());
}

void GraphOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setNameFn) {
  nn::nameInputs(*this, region, setNameFn);
}

FlatSymbolRefAttr exec::inputName(GraphOp graph, unsigned argument) {
  if (auto name = graph.getArgAttrOfType<StringAttr>(argument, "nn.name"))
    return FlatSymbolRefAttr::get(name);
  return FlatSymbolRefAttr::get(graph.getContext(), "input" + std::to_string(argument));
}

/// The stage on which `value` lives; none for arguments and parameters, which every stage may use.
static std::optional<int64_t> stageOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || isa<nn::ParameterOp>(op))
    return std::nullopt;
  if (AtAttr at = getAt(op))
    return at.getStage();
  return std::nullopt;
}

/// G1: every op but parameters carries exec.at, nn ops par.shard too. G2: an op uses values of its
/// own stage; only exec.copy brings one from another.
LogicalResult GraphOp::verifyRegions() {
  for (Operation &op : getBody().front()) {
    if (isa<nn::ParameterOp>(op))
      continue;
    AtAttr at = getAt(&op);
    if (!at)
      return op.emitOpError("has no exec.at");
    if (at.getStage() < 0 || at.getStage() >= static_cast<int64_t>(getStageDevices().size()))
      return op.emitOpError("is on stage ") << at.getStage() << " of " << getStageDevices().size();
    if (isa<nn::NNOp>(op) && !isa<nn::SumOp>(op) && !par::getShard(&op))
      return op.emitOpError("has no par.shard");
    if (isa<CopyOp>(op))
      continue;
    for (Value operand : op.getOperands()) {
      std::optional<int64_t> stage = stageOf(operand);
      if (!stage || *stage == at.getStage())
        continue;
      InFlightDiagnostic diag = op.emitOpError("on stage ")
                                << at.getStage() << " uses a value of stage " << *stage
                                << " without an exec.copy";
      diag.attachNote(operand.getLoc()) << "the value is defined here";
      return diag;
    }
  }
  return success();
}

LogicalResult ProgramOp::verifyRegions() {
  auto global = static_cast<int64_t>(getGlobalBatch()),
       micro = static_cast<int64_t>(getMicroBatch());
  if (global < 1 || micro < 1 || global % micro != 0)
    return emitOpError("has a global batch of ")
           << global << ", which is no multiple of its micro-batch of " << micro;
  int64_t index = 0, rank = 0;
  for (Operation &op : getBody().front()) {
    if (isa<InputOp, ParameterOp>(op)) {
      if (index != 0)
        return op.emitOpError("follows a stage; declarations come first");
      continue;
    }
    auto stage = dyn_cast<StageOp>(op);
    if (!stage)
      return op.emitOpError("is no declaration and no stage");
    if (static_cast<int64_t>(stage.getIndex()) != index ||
        static_cast<int64_t>(stage.getFirstRank()) != rank)
      return stage.emitOpError("is stage ")
             << stage.getIndex() << " from rank " << stage.getFirstRank() << ", expected stage "
             << index << " from rank " << rank;
    for (int64_t radix : stage.getMesh())
      if (radix < 2)
        return stage.emitOpError("has a mesh with a digit of radix ")
               << radix << "; a radix is at least 2";
    ++index;
    rank += stage.toMesh().numDevices();
  }
  if (rank != getCluster().numDevices())
    return emitOpError("has stages for ")
           << rank << " ranks, but the cluster has " << getCluster().numDevices();
  return success();
}

Mesh StageOp::toMesh() { return Mesh(std::vector<int64_t>(getMesh().begin(), getMesh().end())); }

SegmentOp StageOp::getSegment(Phase phase) {
  for (auto segment : getBody().front().getOps<SegmentOp>())
    if (segment.getPhase() == phase)
      return segment;
  return {};
}

ScheduleOp StageOp::getSchedule() {
  auto schedules = getBody().front().getOps<ScheduleOp>();
  return schedules.empty() ? ScheduleOp() : *schedules.begin();
}

LogicalResult SlotOp::verify() {
  if (static_cast<int64_t>(getDepth()) < 1)
    return emitOpError("holds ") << getDepth() << " micro-batches; it must hold at least one";
  if (!getLayout(getType()))
    return emitOpError("is of ") << getType() << ", which says no layout";
  bool ofParameter = getRole() != SlotRole::Activation && getRole() != SlotRole::Metric;
  if (ofParameter != getParameter().has_value())
    return emitOpError("of role ")
           << stringifySlotRole(getRole())
           << (ofParameter ? " must name its parameter" : " belongs to no parameter");
  return success();
}
