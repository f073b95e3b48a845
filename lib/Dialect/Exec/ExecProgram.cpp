//===- ExecProgram.cpp - exec.program and its parts -------------*- C++ -*-===//

#include "aceso/Dialect/Exec/Exec.h"

#include "llvm/ADT/StringSet.h"

#include <limits>
#include <set>

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

/// P1: declarations come first, then stages in the order of their ranks, which are the cluster's.
static LogicalResult verifyOrder(ProgramOp program) {
  int64_t index = 0, rank = 0;
  for (Operation &op : program.getBody().front()) {
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
    ++index;
    rank += stage.toMesh().numDevices();
  }
  if (rank != program.getCluster().numDevices())
    return program.emitOpError("has stages for ")
           << rank << " ranks, but the cluster has " << program.getCluster().numDevices();
  return success();
}

/// P5: a slot of a parameter names a declared one.
static LogicalResult verifyParametersOfSlots(ProgramOp program) {
  llvm::StringSet<> declared;
  for (auto parameter : program.getBody().front().getOps<ParameterOp>())
    declared.insert(parameter.getSymName());
  for (auto stage : program.getBody().front().getOps<StageOp>())
    for (auto slot : stage.getBody().front().getOps<SlotOp>())
      if (std::optional<StringRef> name = slot.getParameter(); name && !declared.contains(*name))
        return slot.emitOpError("names parameter @")
               << *name << ", which the program does not have";
  return success();
}

/// P2: the global batch is a multiple of the micro-batch.
LogicalResult ProgramOp::verifyRegions() {
  return success(succeeded(par::verifyBatches(*this, getGlobalBatch(), getMicroBatch())) &&
                 succeeded(verifyOrder(*this)) && succeeded(verifyParametersOfSlots(*this)));
}

std::string exec::checkRadices(ArrayRef<int64_t> radices) {
  int64_t devices = 1;
  for (int64_t radix : radices) {
    if (radix < 2)
      return "a digit of a mesh has a radix of at least 2, not " + std::to_string(radix);
    if (radix > std::numeric_limits<int32_t>::max() / devices)
      return "a mesh has at most " + std::to_string(std::numeric_limits<int32_t>::max()) +
             " devices";
    devices *= radix;
  }
  return "";
}

LogicalResult StageOp::verify() {
  if (std::string error = checkRadices(getMesh()); !error.empty())
    return emitOpError("has a mesh that cannot be: ") << error;
  return success();
}

/// P3: a stage holds slots, at most one segment of each phase and at most one schedule.
LogicalResult StageOp::verifyRegions() {
  std::set<Phase> phases;
  bool hasSchedule = false;
  for (Operation &op : getBody().front()) {
    if (auto segment = dyn_cast<SegmentOp>(op)) {
      if (!phases.insert(segment.getPhase()).second)
        return op.emitOpError("is another ")
               << stringifyPhase(segment.getPhase()) << " of one stage";
    } else if (isa<ScheduleOp>(op)) {
      if (std::exchange(hasSchedule, true))
        return op.emitOpError("is another schedule of one stage");
    } else if (!isa<SlotOp>(op)) {
      return op.emitOpError("is no slot, segment or schedule");
    }
  }
  return success();
}

/// P4: a schedule runs and repeats; what is repeated is not empty.
static LogicalResult verifyItems(Block &items) {
  for (Operation &op : items)
    if (!isa<RunOp, RepeatOp>(op))
      return op.emitOpError("stands in a schedule, which holds exec.run and exec.repeat only");
  return success();
}

LogicalResult ScheduleOp::verifyRegions() { return verifyItems(getBody().front()); }

LogicalResult RepeatOp::verifyRegions() {
  if (getBody().front().empty())
    return emitOpError("repeats nothing");
  return verifyItems(getBody().front());
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

/// P5: a slot holds something of a layout, and belongs to a parameter or not as its role says.
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
