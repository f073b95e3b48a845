//===- ProgramBuilder.cpp - Programs by hand for tests --------------------===//

#include "ProgramBuilder.h"

namespace aceso::test {

Layout split(std::vector<DigitList> dims, DigitList pending) {
  return {std::move(dims), std::move(pending), Reduction::Sum};
}

TensorDesc tensor(ElementType type, std::vector<int64_t> shape, Layout layout) {
  return {type, std::move(shape), std::move(layout)};
}

TensorDesc tensor(ElementType type, std::vector<int64_t> shape) {
  Layout layout = Layout::replicated(shape.size());
  return {type, std::move(shape), std::move(layout)};
}

SegmentBuilder::SegmentBuilder(Program &program, uint32_t stage, SegmentKind kind)
    : program(program), stageIndex(stage), mesh(program.stages[stage].mesh) {
  segment.kind = kind;
}

Index SegmentBuilder::addValue(TensorDesc desc) {
  segment.values.push_back(std::move(desc));
  return segment.values.size() - 1;
}

Instruction &SegmentBuilder::add(InstructionKind kind) {
  Instruction &instruction = segment.instructions.emplace_back();
  instruction.kind = kind;
  return instruction;
}

Index SegmentBuilder::input(Index input, Layout layout) {
  const ProgramInput &source = program.inputs[input];
  Index result = addValue(tensor(source.type, source.shape, std::move(layout)));
  Instruction &instruction = add(InstructionKind::Input);
  instruction.index = input;
  instruction.results = {result};
  return result;
}

Index SegmentBuilder::load(Index slot) {
  Index result = addValue(program.stages[stageIndex].slots[slot].tensor);
  Instruction &instruction = add(InstructionKind::Load);
  instruction.index = slot;
  instruction.results = {result};
  return result;
}

void SegmentBuilder::store(Index slot, Index value) {
  Instruction &instruction = add(InstructionKind::Store);
  instruction.index = slot;
  instruction.operands = {value};
}

void SegmentBuilder::accumulate(Index slot, Index value, const std::string &path) {
  Instruction &instruction = add(InstructionKind::Accumulate);
  instruction.path = path;
  instruction.index = slot;
  instruction.operands = {value};
}

void SegmentBuilder::releaseSlot(Index slot) { add(InstructionKind::ReleaseSlot).index = slot; }

std::vector<Index> SegmentBuilder::kernel(const std::string &name, const std::string &path,
                                          const std::string &letters,
                                          const std::vector<Index> &operands,
                                          const std::vector<TensorDesc> &results,
                                          AttributeMap attributes, const std::string &nosplit) {
  std::vector<Index> values;
  for (const TensorDesc &result : results)
    values.push_back(addValue(result));
  Instruction &instruction = add(InstructionKind::Kernel);
  instruction.name = name;
  instruction.path = path;
  instruction.letters = letters;
  instruction.nosplit = nosplit;
  instruction.attributes = std::move(attributes);
  instruction.operands = operands;
  instruction.results = values;
  return values;
}

Index SegmentBuilder::applySteps(Index value, const std::vector<ConversionStep> &steps) {
  for (const ConversionStep &step : steps) {
    TensorDesc desc = segment.values[value];
    desc.layout = step.after;
    Index result = addValue(std::move(desc));
    Instruction &instruction = add(InstructionKind::Convert);
    instruction.operands = {value};
    instruction.results = {result};
    instruction.step = step;
    value = result;
  }
  return value;
}

Index SegmentBuilder::convert(Index value, const Layout &to) {
  TensorDesc desc = segment.values[value];
  return applySteps(value, convertLayout(mesh, desc.layout, to, desc.shape));
}

Index SegmentBuilder::worldSum(Index value) {
  TensorDesc desc = segment.values[value];
  desc.layout = Layout::replicated(0);
  Index result = addValue(std::move(desc));
  Instruction &instruction = add(InstructionKind::WorldSum);
  instruction.operands = {value};
  instruction.results = {result};
  return result;
}

void SegmentBuilder::report(const std::string &name, Index value) {
  Instruction &instruction = add(InstructionKind::Report);
  instruction.name = name;
  instruction.operands = {value};
}

Index SegmentBuilder::transfer(SegmentBuilder &from, Index value, SegmentBuilder &to,
                               const Layout &layout, const std::string &name) {
  TensorDesc desc = from.segment.values[value];
  Transfer transfer = planTransfer(from.mesh, desc.layout, to.mesh, layout, desc.shape);
  value = from.applySteps(value, transfer.beforeSend);
  for (BoxPiece &piece : transfer.messages) {
    piece.source += from.program.stages[from.stageIndex].firstRank;
    piece.destination += to.program.stages[to.stageIndex].firstRank;
  }
  Instruction &send = from.add(InstructionKind::Send);
  send.name = name;
  send.operands = {value};
  send.peer = to.stageIndex;
  send.pieces = transfer.messages;
  desc.layout = transfer.received;
  Index result = to.addValue(desc);
  Instruction &receive = to.add(InstructionKind::Receive);
  receive.name = name;
  receive.results = {result};
  receive.peer = from.stageIndex;
  receive.pieces = transfer.messages;
  return to.applySteps(result, transfer.afterReceive);
}

Index SegmentBuilder::finish() {
  std::vector<size_t> lastUse(segment.values.size(), 0);
  for (size_t i = 0; i < segment.instructions.size(); ++i)
    for (const std::vector<Index> *list :
         {&segment.instructions[i].operands, &segment.instructions[i].results})
      for (Index value : *list)
        lastUse[value] = i;
  std::vector<Instruction> instructions;
  for (size_t i = 0; i < segment.instructions.size(); ++i) {
    instructions.push_back(std::move(segment.instructions[i]));
    for (Index value = 0; value < lastUse.size(); ++value)
      if (lastUse[value] == i) {
        Instruction &release = instructions.emplace_back();
        release.kind = InstructionKind::Release;
        release.operands = {value};
      }
  }
  segment.instructions = std::move(instructions);
  std::vector<Segment> &segments = program.stages[stageIndex].segments;
  segments.push_back(std::move(segment));
  return segments.size() - 1;
}

ScheduleItem run(Index segment) { return {ScheduleItem::Kind::Run, segment, 1, {}}; }

ScheduleItem repeat(int64_t count, std::vector<ScheduleItem> body) {
  return {ScheduleItem::Kind::Repeat, 0, count, std::move(body)};
}

} // namespace aceso::test
