//===- ExecVerifyComplete.cpp - Pass exec-verify-complete -------*- C++ -*-===//
//
// Proves that a lowered program leaves nothing to the runtime. Messages and schedule are checked by
// running all stages against each other, communication only.
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/Exec/Transforms/Passes.h"
#include "aceso/Program/Limits.h"

#include "llvm/ADT/StringMap.h"

#include <array>
#include <optional>

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECVERIFYCOMPLETEPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

//===----------------------------------------------------------------------===//
// Inside a stage
//===----------------------------------------------------------------------===//

/// V2: operands and results of an nn op are in the layouts that its letters and degrees say.
static LogicalResult verifyLayouts(nn::NNOp op, const Mesh &mesh) {
  for (Value value : op->getOperands())
    if (!getLayout(value.getType()))
      return op->emitOpError("has an operand without a layout");
  if (isa<nn::SumOp>(op))
    return success(); // takes any layout; operands and result have one type
  par::ShardAttr shard = par::getShard(op);
  if (!shard || shard.numDevices() != mesh.numDevices() || !mesh.numLeadingDigits(shard.getDp()))
    return op->emitOpError("has no par.shard that fits the ")
           << mesh.numDevices() << " devices of its stage";
  Signature signature = op.getSignature();
  if (shard.getRule() >= static_cast<int64_t>(signature.rules.size()))
    return op->emitOpError("has rule ") << shard.getRule() << " of " << signature.rules.size();
  Assignment assignment = assignDigits(
      signature, mesh, {shard.getTp(), shard.getDp(), static_cast<unsigned>(shard.getRule())});
  auto check = [&](Value value, const Layout &expected, const char *kind,
                   unsigned index) -> LogicalResult {
    exec::LayoutAttr actual = getLayout(value.getType());
    if (actual && actual.toMesh() == mesh && actual.toLayout() == expected)
      return success();
    InFlightDiagnostic diag = op->emitOpError("\"") << op.getPath() << "\" ";
    diag << (kind == StringRef("operand") ? "wants operand " : "leaves result ") << index << " in "
         << toString(expected) << ", but it is in ";
    if (actual)
      return diag << toString(actual.toLayout());
    return diag << "no layout";
  };
  for (unsigned i = 0; i < op->getNumOperands(); ++i)
    if (failed(check(op->getOperand(i), wantedLayout(signature, assignment, i), "operand", i)))
      return failure();
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    if (failed(check(op->getResult(i), leftLayout(signature, assignment, i), "result", i)))
      return failure();
  return success();
}

/// V3: slots exist and are accessed in their own type.
static LogicalResult verifySlotAccess(Operation *op, StringRef name, Type type,
                                      llvm::StringMap<SlotOp> &slots) {
  SlotOp slot = slots.lookup(name);
  if (!slot)
    return op->emitOpError("names slot @") << name << ", which the stage does not have";
  if (type && slot.getType() != type) {
    InFlightDiagnostic diag = op->emitOpError("accesses slot @") << name << " as " << type;
    diag.attachNote(slot.getLoc()) << "the slot is of " << slot.getType();
    return diag;
  }
  return success();
}

/// V3: an input is declared, and what is read are parts of it.
static LogicalResult verifyInput(ReadInputOp read, llvm::StringMap<InputOp> &inputs) {
  InputOp input = inputs.lookup(read.getInput());
  if (!input)
    return read.emitOpError("names input @")
           << read.getInput() << ", which the program does not have";
  RankedTensorType global = globalType(cast<RankedTensorType>(read.getType()));
  if (global == input.getType())
    return success();
  InFlightDiagnostic diag = read.emitOpError("reads parts of a global ") << global;
  diag.attachNote(input.getLoc()) << "the input is a " << input.getType();
  return diag;
}

static LogicalResult verifyStage(StageOp stage, llvm::StringMap<InputOp> &inputs) {
  Mesh mesh = stage.toMesh();
  llvm::StringMap<SlotOp> slots;
  for (auto slot : stage.getBody().front().getOps<SlotOp>())
    slots[slot.getSymName()] = slot;
  for (auto segment : stage.getBody().front().getOps<SegmentOp>())
    for (Operation &op : segment.getBody().front()) {
      LogicalResult result = success();
      if (isa<ConvertOp>(op))
        result = op.emitOpError("is not expanded into steps"); // V1
      else if (auto unit = dyn_cast<nn::NNOp>(op))
        result = verifyLayouts(unit, mesh);
      else if (auto read = dyn_cast<ReadInputOp>(op))
        result = verifyInput(read, inputs);
      else if (auto load = dyn_cast<LoadOp>(op))
        result = verifySlotAccess(&op, load.getSlot(), load.getType(), slots);
      else if (auto store = dyn_cast<StoreOp>(op))
        result = verifySlotAccess(&op, store.getSlot(), store.getValue().getType(), slots);
      else if (auto add = dyn_cast<AddToSlotOp>(op))
        result = verifySlotAccess(&op, add.getSlot(), add.getValue().getType(), slots);
      else if (auto release = dyn_cast<ReleaseSlotOp>(op))
        result = verifySlotAccess(&op, release.getSlot(), {}, slots);
      if (failed(result))
        return failure();
      for (Value value : op.getResults())
        if (exec::LayoutAttr layout = getLayout(value.getType());
            layout && !(layout.toMesh() == mesh))
          return op.emitOpError("has a result on another mesh than its stage's");
    }
  return success();
}

//===----------------------------------------------------------------------===//
// Between stages
//===----------------------------------------------------------------------===//

namespace {

/// All stages run against each other, communication only: sends never block, receives and sums over
/// all ranks do.
class Rehearsal {
public:
  explicit Rehearsal(ProgramOp program) : program(program) {}

  LogicalResult run() {
    for (auto stage : program.getBody().front().getOps<StageOp>()) {
      stages.push_back({stage, {}, {}, 0, 0, {}, {}});
      if (failed(collect(stages.back())))
        return failure();
    }
    for (bool progress = true; progress;) {
      progress = false;
      for (StageRun &run : stages)
        while (!run.done()) {
          FailureOr<bool> advanced = step(run);
          if (failed(advanced))
            return failure();
          if (!*advanced)
            break;
          progress = true;
        }
      if (llvm::all_of(stages,
                       [](StageRun &run) { return !run.done() && isa<WorldSumOp>(run.op()); })) {
        for (StageRun &run : stages)
          ++run.position;
        progress = true;
      }
    }
    for (StageRun &run : stages)
      if (!run.done())
        return run.op()->emitOpError(
            "waits for ever: no other stage has a message or takes part"); // V7
    for (auto &[channel, messages] : channels)
      if (!messages.empty())
        return messages.front()->emitOpError("sends to stage ")
               << channel.second << ", which has no matching receive"; // V4
    return success();
  }

private:
  /// One stage on its way through a step. All its ranks do the same.
  struct StageRun {
    StageOp stage;
    /// Communication of each phase's segment, in order; nothing if there is no such segment.
    std::array<std::optional<llvm::SmallVector<Operation *>>, 4> segments;
    /// Communication of the whole step, in order.
    std::vector<Operation *> communication;
    size_t position;
    /// Micro-batches that forward has begun and backward has not.
    int64_t inFlight;
    std::array<int64_t, 4> runs;
    llvm::SmallVector<SlotOp> activations;

    bool done() const { return position == communication.size(); }
    Operation *op() const { return communication[position]; }
  };

  /// V5, V6: unrolls the schedule.
  LogicalResult collect(StageRun &run) {
    ScheduleOp schedule = run.stage.getSchedule();
    if (!schedule)
      return run.stage.emitOpError("has no schedule");
    if (program.numMicroBatches() > mostMicroBatches)
      return program.emitOpError("has ") << program.numMicroBatches() << " micro-batches, but a "
                                         << "step runs at most " << mostMicroBatches;
    for (auto slot : run.stage.getBody().front().getOps<SlotOp>())
      if (slot.getRole() == SlotRole::Activation)
        run.activations.push_back(slot);
    for (Phase phase : {Phase::Read, Phase::Forward, Phase::Backward, Phase::Update})
      if (SegmentOp segment = run.stage.getSegment(phase)) {
        auto &communication = run.segments[static_cast<unsigned>(phase)].emplace();
        for (Operation &op : segment.getBody().front())
          if (isa<SendOp, ReceiveOp, WorldSumOp>(op))
            communication.push_back(&op);
      }
    if (failed(unroll(run, schedule.getBody().front())))
      return failure();
    for (Phase phase : {Phase::Forward, Phase::Backward})
      if (run.runs[static_cast<unsigned>(phase)] != program.numMicroBatches())
        return schedule.emitOpError("runs ")
               << stringifyPhase(phase) << " " << run.runs[static_cast<unsigned>(phase)]
               << " times for " << program.numMicroBatches() << " micro-batches";
    for (Phase phase : {Phase::Read, Phase::Update})
      if (run.stage.getSegment(phase) && run.runs[static_cast<unsigned>(phase)] != 1)
        return schedule.emitOpError("runs ")
               << stringifyPhase(phase) << " " << run.runs[static_cast<unsigned>(phase)]
               << " times; it runs once a step";
    return success();
  }

  LogicalResult unroll(StageRun &run, Block &items) {
    for (Operation &item : items) {
      if (auto loop = dyn_cast<RepeatOp>(item)) {
        for (uint64_t i = 0; i < loop.getCount(); ++i)
          if (failed(unroll(run, loop.getBody().front())))
            return failure();
        continue;
      }
      Phase phase = cast<RunOp>(item).getPhase();
      const auto &communication = run.segments[static_cast<unsigned>(phase)];
      if (!communication)
        return item.emitOpError("runs ")
               << stringifyPhase(phase) << ", which the stage does not have";
      if (++run.runs[static_cast<unsigned>(phase)] > program.numMicroBatches())
        return item.emitOpError("runs ")
               << stringifyPhase(phase) << " more often than there are micro-batches, "
               << program.numMicroBatches();
      run.inFlight += phase == Phase::Forward ? 1 : phase == Phase::Backward ? -1 : 0;
      if (run.inFlight < 0)
        return item.emitOpError("runs backward of a micro-batch before its forward");
      for (SlotOp slot : run.activations)
        if (run.inFlight > static_cast<int64_t>(slot.getDepth()))
          return slot.emitOpError("holds ")
                 << slot.getDepth() << " micro-batches, but " << run.inFlight << " are in flight";
      run.communication.insert(run.communication.end(), communication->begin(),
                               communication->end());
    }
    return success();
  }

  /// Whether the stage's next communication could run.
  FailureOr<bool> step(StageRun &run) {
    Operation *op = run.op();
    int64_t self = run.stage.getIndex();
    if (isa<WorldSumOp>(op))
      return false;
    if (auto send = dyn_cast<SendOp>(op)) {
      if (failed(verifyPeer(op, send.getPeer(), self)))
        return failure();
      if (failed(verifyOwned(op, send.getValue().getType())))
        return failure();
      channels[{self, send.getPeer()}].push_back(send);
      ++run.position;
      return true;
    }
    auto receive = cast<ReceiveOp>(op);
    if (failed(verifyPeer(op, receive.getPeer(), self)))
      return failure();
    std::vector<SendOp> &queue = channels[{receive.getPeer(), self}];
    if (queue.empty())
      return false;
    SendOp send = queue.front();
    queue.erase(queue.begin());
    if (failed(match(send, receive)))
      return failure();
    ++run.position;
    return true;
  }

  LogicalResult verifyPeer(Operation *op, int64_t peer, int64_t self) {
    if (peer < 0 || peer >= static_cast<int64_t>(stages.size()) || peer == self)
      return op->emitOpError("names stage ")
             << peer << ", not another of " << stages.size() << " stages";
    return success();
  }

  /// V4: what crosses has one owner for each element, as far as the shape allows.
  static LogicalResult verifyOwned(Operation *op, Type type) {
    exec::LayoutAttr layout = getLayout(type);
    if (!layout)
      return op->emitOpError("moves a value without a layout");
    Layout own = layout.toLayout();
    Layout owned = ownedLayout(layout.toMesh(), own,
                               globalType(cast<RankedTensorType>(type)).getShape().vec());
    if (own == owned)
      return success();
    return op->emitOpError("moves a value in ")
           << toString(own) << "; to cross once it must be in " << toString(owned);
  }

  /// V4: the same value, the same global tensor, nothing pending: then the sender's parts cover
  /// every part of the receiver.
  static LogicalResult match(SendOp send, ReceiveOp receive) {
    auto sent = cast<RankedTensorType>(send.getValue().getType()),
         received = cast<RankedTensorType>(receive.getType());
    if (send.getName() != receive.getName() || globalType(sent) != globalType(received)) {
      InFlightDiagnostic diag = receive.emitOpError("expects \"")
                                << receive.getName() << "\", a global " << globalType(received);
      diag.attachNote(send.getLoc())
          << "next comes \"" << send.getName() << "\", a global " << globalType(sent);
      return diag;
    }
    if (failed(verifyOwned(receive, received)))
      return failure();
    return success();
  }

  ProgramOp program;
  std::vector<StageRun> stages;
  std::map<std::pair<int64_t, int64_t>, std::vector<SendOp>> channels;
};

struct ExecVerifyCompletePass
    : aceso::exec::impl::ExecVerifyCompletePassBase<ExecVerifyCompletePass> {
  void runOnOperation() override {
    Block &body = getOperation().getBody().front();
    llvm::StringMap<InputOp> inputs;
    for (auto input : body.getOps<InputOp>())
      inputs[input.getSymName()] = input;
    for (auto stage : body.getOps<StageOp>())
      if (failed(verifyStage(stage, inputs)))
        return signalPassFailure();
    if (failed(Rehearsal(getOperation()).run()))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace
