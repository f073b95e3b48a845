//===- ConvertOperations.cpp - Slices, masks and collectives --------------===//

#include "Operations.h"
#include "TensorParts.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace aceso {

std::vector<std::vector<uint32_t>> stepMembers(const StageProgram &stage,
                                               const ConversionStep &step) {
  std::vector<std::vector<uint32_t>> groups;
  for (const std::vector<int64_t> &devices : stepGroups(Mesh(stage.mesh), step)) {
    std::vector<uint32_t> &members = groups.emplace_back();
    for (int64_t device : devices)
      members.push_back(stage.firstRank + device);
  }
  return groups;
}

at::Tensor cutParts(const at::Tensor &tensor, int64_t dim, int64_t parts) {
  std::vector<int64_t> sizes = tensor.sizes().vec();
  sizes[dim] /= parts;
  sizes.insert(sizes.begin() + dim, parts);
  return tensor.view(sizes).movedim(dim, 0).contiguous();
}

at::Tensor joinParts(const at::Tensor &parts, int64_t dim) {
  std::vector<int64_t> sizes(parts.sizes().begin() + 1, parts.sizes().end());
  sizes[dim] *= parts.size(0);
  return parts.movedim(0, dim).contiguous().view(sizes);
}

static Group &groupOf(const OperationBuilder &builder, const ConversionStep &step) {
  for (const std::vector<uint32_t> &members : stepMembers(builder.stage, step))
    if (std::find(members.begin(), members.end(), builder.rank()) != members.end())
      return *builder.groups.at(members);
  throw std::logic_error("a step without a group for this rank");
}

//===----------------------------------------------------------------------===//
// Local steps
//===----------------------------------------------------------------------===//

static Operation makeSlice(const OperationBuilder &builder, Index from, Index result) {
  Box outer = builder.box(from), inner = builder.box(result);
  return [=](Frame &frame) {
    // A copy: a view would keep the whole alive.
    frame.values[result] =
        viewOfBox(frame.values[from], outer, inner).clone(at::MemoryFormat::Contiguous);
  };
}

static Operation makeMask(const OperationBuilder &builder, const ConversionStep &step, Index from,
                          Index result) {
  std::vector<int64_t> coordinates = builder.mesh.coordinates(builder.device);
  bool keeps = std::all_of(step.digits.begin(), step.digits.end(),
                           [&](Digit digit) { return coordinates[digit] == 0; });
  double neutral =
      reductionOf(step) == Reduction::Sum ? 0 : -std::numeric_limits<double>::infinity();
  return [=](Frame &frame) {
    const at::Tensor &value = frame.values[from];
    frame.values[result] = keeps ? value : at::full_like(value, neutral);
  };
}

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

static Operation makeAllReduce(const OperationBuilder &builder, const ConversionStep &step,
                               Index from, Index result, bool isLastUse) {
  Group &group = groupOf(builder, step);
  Reduction reduction = reductionOf(step);
  return [=, &group](Frame &frame) {
    at::Tensor &value = frame.values[from];
    at::Tensor sum = isLastUse && isExclusive(value) ? std::move(value) : value.clone();
    group.allReduce(sum, reduction);
    frame.values[result] = std::move(sum);
  };
}

static Operation makeReduceScatter(const OperationBuilder &builder, const ConversionStep &step,
                                   Index from, Index result) {
  Group &group = groupOf(builder, step);
  Reduction reduction = reductionOf(step);
  std::vector<int64_t> sizes = builder.box(result).size;
  return [=, &group, dim = step.toDim](Frame &frame) {
    const at::Tensor &value = frame.values[from];
    at::Tensor sum = at::empty(sizes, value.options());
    group.reduceScatter(sum, cutParts(value, dim, group.size()), reduction);
    frame.values[result] = std::move(sum);
  };
}

static Operation makeAllGather(const OperationBuilder &builder, const ConversionStep &step,
                               Index from, Index result) {
  Group &group = groupOf(builder, step);
  return [=, &group, dim = step.fromDim](Frame &frame) {
    const at::Tensor &value = frame.values[from];
    std::vector<int64_t> sizes = value.sizes().vec();
    sizes.insert(sizes.begin(), group.size());
    at::Tensor parts = at::empty(sizes, value.options());
    group.allGather(parts, value);
    frame.values[result] = joinParts(parts, dim);
  };
}

static Operation makeAllToAll(const OperationBuilder &builder, const ConversionStep &step,
                              Index from, Index result) {
  Group &group = groupOf(builder, step);
  // Members are numbered as they cut; what they send is joined in another order.
  std::vector<int64_t> order = gatherOrder(builder.mesh, step);
  bool isInOrder = std::is_sorted(order.begin(), order.end());
  at::Tensor places =
      at::tensor(order, at::TensorOptions().dtype(at::kLong)).to(builder.communicator.getDevice());
  return [=, &group, fromDim = step.fromDim, toDim = step.toDim](Frame &frame) {
    at::Tensor parts = cutParts(frame.values[from], toDim, group.size());
    at::Tensor received = at::empty_like(parts);
    std::vector<int64_t> counts(group.size(), parts[0].numel());
    group.allToAll(received, counts, parts, counts);
    parts.reset();
    if (!isInOrder)
      received = received.index_select(0, places);
    frame.values[result] = joinParts(received, fromDim);
  };
}

/// Visits the piece of each member that has one, with its place in a buffer of all pieces.
template <typename Visit>
static void copyPieces(const std::vector<Box> &boxes, const std::vector<int64_t> &counts,
                       const at::Tensor &buffer, Visit visit) {
  int64_t place = 0;
  for (size_t member = 0; member < boxes.size(); ++member)
    if (counts[member] > 0) {
      visit(boxes[member], buffer.narrow(0, place, counts[member]));
      place += counts[member];
    }
}

static Operation makeBoxExchange(const OperationBuilder &builder, const ConversionStep &step,
                                 Index from, Index result) {
  Group &group = groupOf(builder, step);
  Box held = builder.box(from), needed = builder.box(result);
  // For each member the cells that go to it and come from it; at most one piece each way.
  std::vector<Box> sent(group.size()), received(group.size());
  std::vector<int64_t> sentCounts(group.size(), 0), receivedCounts(group.size(), 0);
  auto position = [&](int64_t device) {
    const std::vector<uint32_t> &members = group.getMembers();
    auto place = std::find(members.begin(), members.end(), builder.stage.firstRank + device);
    return place - members.begin();
  };
  for (const BoxPiece &piece : boxExchangePieces(builder.mesh, step, builder.desc(from).shape)) {
    if (piece.source == builder.device) {
      sent[position(piece.destination)] = piece.box;
      sentCounts[position(piece.destination)] = piece.box.numElements();
    }
    if (piece.destination == builder.device) {
      received[position(piece.source)] = piece.box;
      receivedCounts[position(piece.source)] = piece.box.numElements();
    }
  }
  auto sum = [](const std::vector<int64_t> &counts) {
    return std::accumulate(counts.begin(), counts.end(), int64_t(0));
  };
  int64_t numSent = sum(sentCounts), numReceived = sum(receivedCounts);
  return [=, &group](Frame &frame) {
    const at::Tensor &value = frame.values[from];
    at::Tensor out = at::empty({numSent}, value.options());
    copyPieces(sent, sentCounts, out, [&](const Box &box, const at::Tensor &place) {
      at::Tensor piece = viewOfBox(value, held, box);
      place.view(piece.sizes()).copy_(piece);
    });
    at::Tensor in = at::empty({numReceived}, value.options());
    group.allToAll(in, receivedCounts, out, sentCounts);
    out.reset();
    at::Tensor whole = at::empty(needed.size, value.options());
    copyPieces(received, receivedCounts, in, [&](const Box &box, const at::Tensor &place) {
      at::Tensor target = viewOfBox(whole, needed, box);
      target.copy_(place.view(target.sizes()));
    });
    frame.values[result] = std::move(whole);
  };
}

Operation makeConvertOperation(const OperationBuilder &builder, size_t index) {
  const Instruction &instruction = builder.segment.instructions[index];
  const ConversionStep &step = instruction.step;
  Index from = instruction.operands[0], result = instruction.results[0];
  switch (step.kind) {
  case StepKind::Slice:
    return makeSlice(builder, from, result);
  case StepKind::Mask:
    return makeMask(builder, step, from, result);
  case StepKind::AllReduce:
    return makeAllReduce(builder, step, from, result, builder.isLastUse(index, from));
  case StepKind::ReduceScatter:
    return makeReduceScatter(builder, step, from, result);
  case StepKind::AllGather:
    return makeAllGather(builder, step, from, result);
  case StepKind::AllToAll:
    return makeAllToAll(builder, step, from, result);
  case StepKind::BoxExchange:
    return makeBoxExchange(builder, step, from, result);
  }
  throw std::logic_error("a step of no kind");
}

} // namespace aceso
