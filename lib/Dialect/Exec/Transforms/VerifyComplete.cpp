//===- VerifyComplete.cpp - exec-verify-complete ----------------*- C++ -*-===//
//
// Proves that a lowered program leaves nothing to the runtime. Messages and schedule are checked by
// running all stages against each other, communication only.
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/Exec/Transforms/Passes.h"

#include "llvm/ADT/StringMap.h"

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

static LogicalResult verifyStage(StageOp stage) {
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
      ranks.push_back({stage, {}, 0, 0, {}, {}});
      if (failed(collect(ranks.back())))
        return failure();
    }
    for (bool progress = true; progress;) {
      progress = false;
      for (Rank &rank : ranks)
        while (!rank.done()) {
          FailureOr<bool> advanced = step(rank);
          if (failed(advanced))
            return failure();
          if (!*advanced)
            break;
          progress = true;
        }
      if (llvm::all_of(ranks,
                       [](Rank &rank) { return !rank.done() && isa<WorldSumOp>(rank.op()); })) {
        for (Rank &rank : ranks)
          ++rank.position;
        progress = true;
      }
    }
    for (Rank &rank : ranks)
      if (!rank.done())
        return rank.op()->emitOpError(
            "waits for ever: no other stage has a message or takes part"); // V7
    for (auto &[channel, messages] : channels)
      if (!messages.empty())
        return messages.front()->emitOpError("sends to stage ")
               << channel.second << ", which has no matching receive"; // V4
    return success();
  }

private:
  struct Rank {
    StageOp stage;
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
  LogicalResult collect(Rank &rank) {
    ScheduleOp schedule = rank.stage.getSchedule();
    if (!schedule)
      return rank.stage.emitOpError("has no schedule");
    for (auto slot : rank.stage.getBody().front().getOps<SlotOp>())
      if (slot.getRole() == SlotRole::Activation)
        rank.activations.push_back(slot);
    if (failed(unroll(rank, schedule.getBody().front())))
      return failure();
    for (Phase phase : {Phase::Forward, Phase::Backward})
      if (rank.runs[static_cast<unsigned>(phase)] != program.numMicroBatches())
        return schedule.emitOpError("runs ")
               << stringifyPhase(phase) << " " << rank.runs[static_cast<unsigned>(phase)]
               << " times for " << program.numMicroBatches() << " micro-batches";
    for (Phase phase : {Phase::Read, Phase::Update})
      if (rank.stage.getSegment(phase) && rank.runs[static_cast<unsigned>(phase)] != 1)
        return schedule.emitOpError("runs ")
               << stringifyPhase(phase) << " " << rank.runs[static_cast<unsigned>(phase)]
               << " times; it runs once a step";
    return success();
  }

  LogicalResult unroll(Rank &rank, Block &items) {
    for (Operation &item : items) {
      if (auto loop = dyn_cast<RepeatOp>(item)) {
        for (uint64_t i = 0; i < loop.getCount(); ++i)
          if (failed(unroll(rank, loop.getBody().front())))
            return failure();
        continue;
      }
      Phase phase = cast<RunOp>(item).getPhase();
      SegmentOp segment = rank.stage.getSegment(phase);
      if (!segment)
        return item.emitOpError("runs ")
               << stringifyPhase(phase) << ", which the stage does not have";
      ++rank.runs[static_cast<unsigned>(phase)];
      rank.inFlight += phase == Phase::Forward ? 1 : phase == Phase::Backward ? -1 : 0;
      if (rank.inFlight < 0)
        return item.emitOpError("runs backward of a micro-batch before its forward");
      for (SlotOp slot : rank.activations)
        if (rank.inFlight > static_cast<int64_t>(slot.getDepth()))
          return slot.emitOpError("holds ")
                 << slot.getDepth() << " micro-batches, but " << rank.inFlight << " are in flight";
      for (Operation &op : segment.getBody().front())
        if (isa<SendOp, ReceiveOp, WorldSumOp>(op))
          rank.communication.push_back(&op);
    }
    return success();
  }

  /// Whether the stage's next communication could run.
  FailureOr<bool> step(Rank &rank) {
    Operation *op = rank.op();
    int64_t self = rank.stage.getIndex();
    if (isa<WorldSumOp>(op))
      return false;
    if (auto send = dyn_cast<SendOp>(op)) {
      if (failed(verifyPeer(op, send.getPeer(), self)))
        return failure();
      if (failed(verifyOwned(op, send.getValue().getType())))
        return failure();
      channels[{self, send.getPeer()}].push_back(send);
      ++rank.position;
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
    ++rank.position;
    return true;
  }

  LogicalResult verifyPeer(Operation *op, int64_t peer, int64_t self) {
    if (peer < 0 || peer >= static_cast<int64_t>(ranks.size()) || peer == self)
      return op->emitOpError("names stage ")
             << peer << ", not another of " << ranks.size() << " stages";
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
  std::vector<Rank> ranks;
  std::map<std::pair<int64_t, int64_t>, std::vector<SendOp>> channels;
};

struct ExecVerifyCompletePass
    : aceso::exec::impl::ExecVerifyCompletePassBase<ExecVerifyCompletePass> {
  void runOnOperation() override {
    for (auto stage : getOperation().getBody().front().getOps<StageOp>())
      if (failed(verifyStage(stage)))
        return signalPassFailure();
    if (failed(Rehearsal(getOperation()).run()))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace
