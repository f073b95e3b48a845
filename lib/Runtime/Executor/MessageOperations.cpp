//===- MessageOperations.cpp - Between stages and over all ranks ----------===//

#include "Operations.h"

#include <ATen/Functions.h>

namespace aceso {

static Operation makeSend(const OperationBuilder &builder, const Instruction &instruction) {
  Index value = instruction.operands[0];
  Box held = builder.box(value);
  std::vector<BoxPiece> pieces;
  for (const BoxPiece &piece : instruction.pieces)
    if (piece.source == builder.rank())
      pieces.push_back(piece);
  return [=, &communicator = builder.communicator](Frame &frame) {
    for (const BoxPiece &piece : pieces)
      communicator.send(viewOfBox(frame.values[value], held, piece.box).contiguous(),
                        static_cast<uint32_t>(piece.destination));
  };
}

static Operation makeReceive(const OperationBuilder &builder, const Instruction &instruction) {
  Index result = instruction.results[0];
  Box needed = builder.box(result);
  at::TensorOptions options = at::TensorOptions()
                                  .dtype(toScalarType(builder.desc(result).type))
                                  .device(builder.communicator.getDevice());
  std::vector<BoxPiece> pieces;
  for (const BoxPiece &piece : instruction.pieces)
    if (piece.destination == builder.rank())
      pieces.push_back(piece);
  return [=, &communicator = builder.communicator](Frame &frame) {
    at::Tensor whole = at::empty(needed.size, options);
    for (const BoxPiece &piece : pieces) {
      at::Tensor target = viewOfBox(whole, needed, piece.box);
      at::Tensor message = target.is_contiguous() ? target : at::empty(piece.box.size, options);
      communicator.receive(message, static_cast<uint32_t>(piece.source));
      if (!target.is_contiguous())
        target.copy_(message);
    }
    frame.values[result] = std::move(whole);
  };
}

static Operation makeWorldSum(const OperationBuilder &builder, const Instruction &instruction) {
  return [from = instruction.operands[0], result = instruction.results[0],
          &world = builder.communicator.world()](Frame &frame) {
    at::Tensor sum = frame.values[from].clone();
    world.allReduce(sum, Reduction::Sum);
    frame.values[result] = std::move(sum);
  };
}

Operation makeMessageOperation(const OperationBuilder &builder, size_t index) {
  const Instruction &instruction = builder.segment.instructions[index];
  switch (instruction.kind) {
  case InstructionKind::Send:
    return makeSend(builder, instruction);
  case InstructionKind::Receive:
    return makeReceive(builder, instruction);
  case InstructionKind::WorldSum:
    return makeWorldSum(builder, instruction);
  case InstructionKind::Report:
    return [name = instruction.name, value = instruction.operands[0]](Frame &frame) {
      frame.reports[name] = frame.values[value].item<double>();
    };
  default:
    throw std::logic_error("no message operation");
  }
}

} // namespace aceso
