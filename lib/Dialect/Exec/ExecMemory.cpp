//===- ExecMemory.cpp - Memory of a rank by liveness ------------*- C++ -*-===//

#include "aceso/Dialect/Exec/ExecMemory.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

static int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * tensor.getElementTypeBitWidth() / 8;
}

namespace {

class MemoryWalk {
public:
  explicit MemoryWalk(StageOp stage) : stage(stage) {
    for (auto slot : stage.getBody().front().getOps<SlotOp>()) {
      slots[slot.getSymName()] = slot;
      // State lives from step to step.
      if (slot.getRole() == SlotRole::Parameter || slot.getRole() == SlotRole::Moment1 ||
          slot.getRole() == SlotRole::Moment2)
        hold(slot, 0, newBuffer(slot.getType()));
    }
  }

  StageMemory run() {
    if (ScheduleOp schedule = stage.getSchedule())
      runItems(schedule.getBody().front());
    return result;
  }

private:
  using BufferId = unsigned;
  static constexpr unsigned unheld = StageMemory::numRoles - 1;
  struct Buffer {
    int64_t bytes;
    unsigned references = 0;
    unsigned role = unheld;
  };

  void runItems(Block &items) {
    for (Operation &item : items) {
      if (auto loop = dyn_cast<RepeatOp>(item)) {
        // A steady loop leaves what it found: a second round shows all that later ones would.
        int64_t count = loop.getCount();
        bool steady = llvm::range_size(loop.getBody().front().getOps<RunOp>()) > 1;
        for (int64_t i = 0; i < (steady ? std::min<int64_t>(count, 2) : count); ++i)
          runItems(loop.getBody().front());
        continue;
      }
      Phase phase = cast<RunOp>(item).getPhase();
      microBatch = runs[static_cast<unsigned>(phase)]++;
      for (Operation &op : stage.getSegment(phase).getBody().front())
        step(&op);
    }
  }

  void step(Operation *op) {
    if (auto load = dyn_cast<LoadOp>(op))
      return define(load.getResult(), held.lookup(key(load.getSlot())));
    if (auto store = dyn_cast<StoreOp>(op)) {
      emptySlot(store.getSlot());
      return hold(slots[store.getSlot()], keyIndex(store.getSlot()),
                  values.lookup(store.getValue()));
    }
    if (auto add = dyn_cast<AddToSlotOp>(op)) {
      // The first addition copies: the value may have other uses.
      if (!held.count(key(add.getSlot())))
        hold(slots[add.getSlot()], keyIndex(add.getSlot()), newBuffer(add.getValue().getType()));
      return note(op);
    }
    if (auto release = dyn_cast<ReleaseSlotOp>(op))
      return emptySlot(release.getSlot());
    if (auto release = dyn_cast<ReleaseOp>(op)) {
      for (Value value : release.getValues()) {
        drop(values.lookup(value));
        values.erase(value);
      }
      return;
    }
    for (auto [index, result] : llvm::enumerate(op->getResults()))
      define(result, reused(op, index).value_or(newBuffer(result.getType())));
    note(op);
  }

  /// The optimizer updates in place.
  std::optional<BufferId> reused(Operation *op, unsigned result) {
    if (isa<AdamWOp>(op))
      return values.lookup(op->getOperand(result == 0 ? 0 : result + 1));
    if (isa<SGDOp, SGDMomentumOp>(op))
      return values.lookup(op->getOperand(result == 0 ? 0 : 2));
    return std::nullopt;
  }

  BufferId newBuffer(Type type) {
    buffers.push_back({bytesOf(type)});
    return buffers.size() - 1;
  }

  void define(Value value, BufferId id) {
    take(id);
    values[value] = id;
  }

  void take(BufferId id) {
    if (buffers[id].references++ == 0)
      live[buffers[id].role] += buffers[id].bytes;
  }

  void drop(BufferId id) {
    if (--buffers[id].references == 0)
      live[buffers[id].role] -= buffers[id].bytes;
  }

  void hold(SlotOp slot, int64_t index, BufferId id) {
    take(id);
    // A weight that is its parameter's own storage counts as parameter: the first holder names it.
    if (Buffer &buffer = buffers[id]; buffer.role == unheld) {
      live[unheld] -= buffer.bytes;
      buffer.role = static_cast<unsigned>(slot.getRole());
      live[buffer.role] += buffer.bytes;
    }
    held[{slot.getOperation(), index}] = id;
  }

  void emptySlot(StringRef name) {
    auto it = held.find(key(name));
    if (it == held.end())
      return;
    drop(it->second);
    held.erase(it);
  }

  int64_t keyIndex(StringRef name) { return microBatch % slots[name].getDepth(); }
  std::pair<Operation *, int64_t> key(StringRef name) {
    return {slots[name].getOperation(), keyIndex(name)};
  }

  void note(Operation *op) {
    int64_t total = 0;
    for (int64_t bytes : live)
      total += bytes;
    if (total <= result.peakBytes)
      return;
    result.peakBytes = total;
    result.peakOp = op;
    result.bytesByRole = live;
  }

  StageOp stage;
  StageMemory result;
  llvm::StringMap<SlotOp> slots;
  std::vector<Buffer> buffers;
  llvm::DenseMap<Value, BufferId> values;
  llvm::DenseMap<std::pair<Operation *, int64_t>, BufferId> held;
  std::array<int64_t, StageMemory::numRoles> live{};
  std::array<int64_t, 4> runs{};
  int64_t microBatch = 0;
};

} // namespace

StageMemory exec::computeMemory(StageOp stage) { return MemoryWalk(stage).run(); }
