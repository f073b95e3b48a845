//===- KernelOperation.cpp - Running kernels on values --------------------===//

#include "Operations.h"

#include "aceso/Program/Kernels.h"

#include <ATen/core/Tensor.h>

namespace aceso {

namespace {

/// An operand that the kernel may change.
struct ConsumedOperand {
  Index value;
  std::optional<Index> slot; ///< that it was loaded from, and that holds it still
};

/// Gives the kernel a copy of what somebody else holds as well.
void makeExclusive(Frame &frame, const ConsumedOperand &operand) {
  at::Tensor &tensor = frame.values[operand.value];
  bool slotHoldsIt = operand.slot && frame.slot(*operand.slot).is_same(tensor);
  if (!isExclusive(tensor, slotHoldsIt ? 2 : 1))
    tensor = tensor.clone();
}

} // namespace

/// The parameter that an optimizer kernel updates: that of the slot its first operand comes from.
static std::optional<Index> updatedParameter(const OperationBuilder &builder,
                                             const std::vector<ConsumedOperand> &consumed,
                                             const Instruction &instruction) {
  if (consumed.empty() || instruction.operands.size() < 2 || !consumed[0].slot)
    return std::nullopt;
  const Slot &slot = builder.stage.slots[*consumed[0].slot];
  if (slot.role != SlotRole::Parameter)
    return std::nullopt;
  return slot.parameter;
}

Operation makeKernelOperation(const OperationBuilder &builder, size_t index) {
  const Instruction &instruction = builder.segment.instructions[index];
  Kernel kernel = makeKernel(makeKernelSpec(builder.segment, instruction, builder.mesh,
                                            builder.device, builder.communicator.getDevice()));
  std::vector<ConsumedOperand> consumed;
  const KernelInfo *info = findKernel(instruction.name);
  for (unsigned operand : info->consumed) {
    Index value = instruction.operands[operand];
    auto slot = builder.loadedFrom.find(value);
    consumed.push_back(
        {value, slot == builder.loadedFrom.end() ? std::nullopt : std::optional(slot->second)});
  }
  std::optional<Index> parameter;
  if (builder.keepsGradients)
    parameter = updatedParameter(builder, consumed, instruction);
  return [=, operands = instruction.operands, results = instruction.results](Frame &frame) {
    for (const ConsumedOperand &operand : consumed)
      makeExclusive(frame, operand);
    if (parameter)
      frame.gradients[*parameter] = frame.values[operands[1]].clone();
    std::vector<at::Tensor> in, out(results.size());
    for (Index operand : operands)
      in.push_back(frame.values[operand]);
    KernelCall call{in, out, frame.context};
    kernel(call);
    for (size_t i = 0; i < results.size(); ++i)
      frame.values[results[i]] = std::move(out[i]);
  };
}

} // namespace aceso
