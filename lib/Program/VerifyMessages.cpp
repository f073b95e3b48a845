//===- VerifyMessages.cpp - Messages between stages -----------------------===//
//
// One side: pieces and boxes. Both sides: all stages run one step at once, abstractly. Sends never
// block, a receive waits for its message, a world sum for all stages.
//
//===----------------------------------------------------------------------===//

#include "Verifier.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace aceso {

//===----------------------------------------------------------------------===//
// One side
//===----------------------------------------------------------------------===//

static bool contains(const Box &outer, const Box &inner) {
  for (size_t dim = 0; dim < outer.lo.size(); ++dim)
    if (inner.lo[dim] < outer.lo[dim] || inner.size[dim] < 1 ||
        inner.lo[dim] + inner.size[dim] > outer.lo[dim] + outer.size[dim])
      return false;
  return true;
}

static bool isRankOf(const StageProgram &stage, int64_t rank) {
  int64_t devices = Mesh(stage.mesh).numDevices();
  return rank >= stage.firstRank && rank < stage.firstRank + devices;
}

/// Disjoint pieces in a box fill it if they have as many elements.
static std::string checkFilled(const std::vector<const BoxPiece *> &pieces, const Box &box) {
  int64_t elements = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    elements += pieces[i]->box.numElements();
    for (size_t j = 0; j < i; ++j)
      if (!intersect(pieces[i]->box, pieces[j]->box).empty())
        return "receives a part twice, from ranks " + std::to_string(pieces[j]->source) + " and " +
               std::to_string(pieces[i]->source);
  }
  if (elements != box.numElements())
    return "receives " + std::to_string(elements) + " of the " + std::to_string(box.numElements()) +
           " elements of its box";
  return "";
}

std::string checkPieces(const Program &program, uint32_t stageIndex, const Instruction &instruction,
                        const TensorDesc &tensor) {
  bool sends = instruction.kind == InstructionKind::Send;
  if (instruction.peer >= program.stages.size() || instruction.peer == stageIndex)
    return "its peer is stage " + std::to_string(instruction.peer) + ", which is not another stage";
  if (!tensor.layout.pending.empty())
    return "it moves " + toString(tensor) + ", but a value is sent whole";
  const StageProgram &stage = program.stages[stageIndex], &peer = program.stages[instruction.peer];
  const StageProgram &sourceStage = sends ? stage : peer, &destinationStage = sends ? peer : stage;
  Mesh mesh(stage.mesh);
  std::map<int64_t, std::vector<const BoxPiece *>> received;
  const BoxPiece *previous = nullptr;
  for (const BoxPiece &piece : instruction.pieces) {
    std::string name = "the piece from rank " + std::to_string(piece.source) + " to rank " +
                       std::to_string(piece.destination) + " ";
    if (!isRankOf(sourceStage, piece.source) || !isRankOf(destinationStage, piece.destination))
      return name + "is not between ranks of the two stages";
    if (piece.box.lo.size() != tensor.shape.size() || piece.box.size.size() != tensor.shape.size())
      return name + "has another number of dimensions than " + toString(tensor);
    if (previous && std::pair(previous->source, previous->destination) >
                        std::pair(piece.source, piece.destination))
      return name + "is out of order: pieces are ordered by source, then destination";
    previous = &piece;
    int64_t own = (sends ? piece.source : piece.destination) - stage.firstRank;
    if (!contains(boxOf(mesh, tensor.layout, tensor.shape, own), piece.box))
      return name + "is outside of the box that this stage's rank holds";
    received[piece.destination].push_back(&piece);
  }
  if (sends)
    return "";
  for (int64_t device = 0; device < mesh.numDevices(); ++device)
    if (std::string problem = checkFilled(received[stage.firstRank + device],
                                          boxOf(mesh, tensor.layout, tensor.shape, device));
        !problem.empty())
      return "rank " + std::to_string(stage.firstRank + device) + " " + problem;
  return "";
}

//===----------------------------------------------------------------------===//
// Both sides
//===----------------------------------------------------------------------===//

namespace {

/// Something that concerns other stages.
struct Event {
  uint32_t segment, instruction;
  int64_t microBatch; ///< -1 in segments that run once a step
};

/// Walks through the events of a stage in order.
class StageCursor {
public:
  explicit StageCursor(const StageProgram &stage)
      : stage(stage), runs(expandSchedule(stage.schedule)), numRuns(stage.segments.size(), 0),
        events(stage.segments.size()) {
    for (size_t i = 0; i < stage.segments.size(); ++i)
      for (uint32_t j = 0; j < stage.segments[i].instructions.size(); ++j)
        switch (stage.segments[i].instructions[j].kind) {
        case InstructionKind::Send:
        case InstructionKind::Receive:
        case InstructionKind::WorldSum:
        case InstructionKind::Report:
          events[i].push_back(j);
          break;
        default:
          break;
        }
    skipEmptyRuns();
  }

  bool atEnd() const { return run == runs.size(); }

  Event current() const {
    Index segment = runs[run];
    bool perMicroBatch = isPerMicroBatch(stage.segments[segment].kind);
    return {segment, events[segment][position], perMicroBatch ? numRuns[segment] : -1};
  }
  const Instruction &instruction() const {
    Event event = current();
    return stage.segments[event.segment].instructions[event.instruction];
  }

  void advance() {
    if (++position == events[runs[run]].size()) {
      nextRun();
      skipEmptyRuns();
    }
  }

private:
  void nextRun() {
    ++numRuns[runs[run]];
    ++run;
    position = 0;
  }
  void skipEmptyRuns() {
    while (run < runs.size() && events[runs[run]].empty())
      nextRun();
  }

  const StageProgram &stage;
  std::vector<Index> runs;
  std::vector<int64_t> numRuns;
  std::vector<std::vector<uint32_t>> events; ///< instructions by segment
  size_t run = 0, position = 0;
};

class MessageSimulator {
public:
  explicit MessageSimulator(const Program &program) : program(program) {
    for (const StageProgram &stage : program.stages)
      cursors.emplace_back(stage);
  }

  std::string run() {
    bool progress = true;
    while (progress) {
      progress = false;
      for (uint32_t stage = 0; stage < cursors.size(); ++stage)
        if (advanceUntilBlocked(stage, progress); !problem.empty())
          return problem;
      if (meet(progress); !problem.empty())
        return problem;
    }
    for (uint32_t stage = 0; stage < cursors.size(); ++stage)
      if (!cursors[stage].atEnd())
        return "P8: " + describe(stage, cursors[stage].current()) +
               " waits for ever: " + waitsFor(cursors[stage].instruction());
    for (const auto &[channel, messages] : channels)
      if (!messages.empty())
        return "P6: " + describe(channel.first, messages.front()) + " is never received by stage " +
               std::to_string(channel.second);
    return "";
  }

private:
  std::string describe(uint32_t stage, const Event &event) const {
    std::string text = describeInstruction(program, stage, event.segment, event.instruction);
    return event.microBatch < 0 ? text : text + ", micro-batch " + std::to_string(event.microBatch);
  }

  std::string waitsFor(const Instruction &instruction) const {
    if (instruction.kind == InstructionKind::Receive)
      return "stage " + std::to_string(instruction.peer) + " sends it no further message";
    return "not all stages take part";
  }

  static bool concernsAll(const Instruction &instruction) {
    return instruction.kind == InstructionKind::WorldSum ||
           instruction.kind == InstructionKind::Report;
  }

  void advanceUntilBlocked(uint32_t stage, bool &progress) {
    StageCursor &cursor = cursors[stage];
    while (!cursor.atEnd() && !concernsAll(cursor.instruction())) {
      const Instruction &instruction = cursor.instruction();
      if (instruction.kind == InstructionKind::Send) {
        channels[{stage, instruction.peer}].push_back(cursor.current());
      } else {
        std::deque<Event> &channel = channels[{instruction.peer, stage}];
        if (channel.empty())
          return;
        problem = match(instruction.peer, channel.front(), stage, cursor.current());
        if (!problem.empty())
          return;
        channel.pop_front();
      }
      cursor.advance();
      progress = true;
    }
  }

  /// All stages are at a world sum or report: they take part together.
  void meet(bool &progress) {
    for (const StageCursor &cursor : cursors)
      if (cursor.atEnd() || !concernsAll(cursor.instruction()))
        return;
    const Instruction &first = cursors[0].instruction();
    for (uint32_t stage = 1; stage < cursors.size(); ++stage) {
      const Instruction &other = cursors[stage].instruction();
      if (other.kind != first.kind || typeOf(stage) != typeOf(0) ||
          (first.kind == InstructionKind::Report && other.name != first.name)) {
        problem = "P8: " + describe(stage, cursors[stage].current()) +
                  " does not belong together with " + describe(0, cursors[0].current());
        return;
      }
    }
    for (StageCursor &cursor : cursors)
      cursor.advance();
    progress = true;
  }

  ElementType typeOf(uint32_t stage) const {
    Event event = cursors[stage].current();
    const Segment &segment = program.stages[stage].segments[event.segment];
    return segment.values[segment.instructions[event.instruction].operands[0]].type;
  }

  std::string match(uint32_t source, const Event &sent, uint32_t destination,
                    const Event &received) {
    const Segment &from = program.stages[source].segments[sent.segment];
    const Segment &to = program.stages[destination].segments[received.segment];
    const Instruction &send = from.instructions[sent.instruction];
    const Instruction &receive = to.instructions[received.instruction];
    std::string both =
        "P6: " + describe(source, sent) + " arrives at " + describe(destination, received) + ": ";
    if (sent.microBatch != received.microBatch)
      return both + "they are of different micro-batches";
    if (!matched.insert({&send, &receive}).second)
      return "";
    const TensorDesc &left = from.values[send.operands[0]];
    const TensorDesc &right = to.values[receive.results[0]];
    if (send.name != receive.name)
      return both + "they name different values";
    if (left.type != right.type || left.shape != right.shape)
      return both + toString(left) + " is sent, " + toString(right) + " is received";
    if (send.pieces != receive.pieces)
      return both + "they cut the value into different pieces";
    return "";
  }

  const Program &program;
  std::vector<StageCursor> cursors;
  std::map<std::pair<uint32_t, uint32_t>, std::deque<Event>> channels;
  std::set<std::pair<const Instruction *, const Instruction *>> matched;
  std::string problem;
};

} // namespace

std::string verifyMessages(const Program &program) { return MessageSimulator(program).run(); }

} // namespace aceso
