//===- StorageOperations.cpp - Inputs, slots, releases --------------------===//
//
// Tensors are shared, not copied, between values and slots. Only two things change a tensor in
// place: an accumulation and a kernel that consumes its operand; both first make sure that nobody
// else holds it.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"

#include <ATen/ops/add.h>

#include <atomic>

namespace aceso {

bool isExclusive(const at::Tensor &tensor, size_t references) {
  bool isAlone = tensor.use_count() <= references && tensor.storage().use_count() == 1;
  // Whoever has let go of it, perhaps another thread that had received it, has read it before.
  if (isAlone)
    std::atomic_thread_fence(std::memory_order_acquire);
  return isAlone;
}

at::Tensor viewOfBox(const at::Tensor &tensor, const Box &outer, const Box &box) {
  at::Tensor part = tensor;
  for (size_t dim = 0; dim < box.lo.size(); ++dim)
    if (box.size[dim] != outer.size[dim])
      part = part.narrow(static_cast<int64_t>(dim), box.lo[dim] - outer.lo[dim], box.size[dim]);
  return part;
}

/// The own box of this micro-batch, cut out of the global batch.
static Operation makeInput(const OperationBuilder &builder, const Instruction &instruction) {
  Index input = instruction.index, result = instruction.results[0];
  auto batchDim = static_cast<int64_t>(builder.program.inputs[input].batchDim);
  int64_t microBatch = builder.program.microBatch;
  Box box = builder.box(result);
  Box whole{std::vector<int64_t>(box.lo.size()), builder.desc(result).shape};
  return [=](Frame &frame) {
    at::Tensor samples =
        (*frame.inputs)[input].narrow(batchDim, frame.microBatch * microBatch, microBatch);
    frame.values[result] = viewOfBox(samples, whole, box).contiguous();
  };
}

static Operation makeAccumulate(const OperationBuilder &builder, const Instruction &instruction,
                                size_t index) {
  Index slot = instruction.index, value = instruction.operands[0];
  bool isLastUse = builder.isLastUse(index, value);
  return [=](Frame &frame) {
    at::Tensor &sum = frame.slot(slot), &addend = frame.values[value];
    if (!sum.defined())
      sum = isLastUse && isExclusive(addend) ? std::move(addend) : addend.clone();
    else if (isExclusive(sum))
      sum.add_(addend);
    else
      sum = at::add(sum, addend);
  };
}

Operation makeStorageOperation(const OperationBuilder &builder, size_t index) {
  const Instruction &instruction = builder.segment.instructions[index];
  Index slot = instruction.index;
  switch (instruction.kind) {
  case InstructionKind::Input:
    return makeInput(builder, instruction);
  case InstructionKind::Load:
    return [slot, result = instruction.results[0]](Frame &frame) {
      frame.values[result] = frame.slot(slot);
    };
  case InstructionKind::Store:
    return [slot, value = instruction.operands[0]](Frame &frame) {
      frame.slot(slot) = frame.values[value];
    };
  case InstructionKind::Accumulate:
    return makeAccumulate(builder, instruction, index);
  case InstructionKind::Release:
    return [value = instruction.operands[0]](Frame &frame) { frame.values[value].reset(); };
  case InstructionKind::ReleaseSlot:
    return [slot](Frame &frame) { frame.slot(slot).reset(); };
  default:
    throw std::logic_error("no storage operation");
  }
}

bool OperationBuilder::isLastUse(size_t index, Index value) const {
  for (size_t later = index + 1; later < segment.instructions.size(); ++later) {
    const Instruction &instruction = segment.instructions[later];
    for (Index operand : instruction.operands)
      if (operand == value)
        return instruction.kind == InstructionKind::Release;
  }
  return true;
}

} // namespace aceso
