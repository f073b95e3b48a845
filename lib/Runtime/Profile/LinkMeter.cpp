//===- LinkMeter.cpp - Collectives, messages, memory ----------------------===//

#include "MeterImplementation.h"

#include "../Executor/TensorParts.h"

#include "aceso/Runtime/Kernel.h"

#include <ATen/Functions.h>

#include <cmath>

namespace aceso {

int64_t ProfileMeter::measureCollectiveNs(CollectiveKind kind, uint32_t groupSize, int64_t bytesIn,
                                          ElementType type, double seconds) {
  Implementation &meter = *implementation;
  Group &group = meter.neighbours(groupSize);
  // Rows of an inner dimension that is cut and joined, as conversions mostly do.
  constexpr int64_t numRows = 16;
  int64_t numElements = bytesIn / elementBytes(type);
  int64_t rows = numElements >= numRows * groupSize ? numRows : 1;
  int64_t columns = std::max<int64_t>(numElements / (rows * groupSize), 1) * groupSize;
  at::Tensor in = at::ones({rows, columns}, at::TensorOptions().dtype(toScalarType(type)));
  auto call = [&]() -> void {
    switch (kind) {
    case CollectiveKind::AllReduce:
      // In place, as an executor does it. Values grow to infinity, which takes no longer.
      group.allReduce(in, Reduction::Sum);
      return;
    case CollectiveKind::AllGather: {
      at::Tensor parts = at::empty({groupSize, rows, columns}, in.options());
      group.allGather(parts, in);
      joinParts(parts, 1);
      return;
    }
    case CollectiveKind::ReduceScatter: {
      at::Tensor sum = at::empty({rows, columns / groupSize}, in.options());
      group.reduceScatter(sum, cutParts(in, 1, groupSize), Reduction::Sum);
      return;
    }
    case CollectiveKind::AllToAll: {
      at::Tensor parts = cutParts(in, 1, groupSize), received = at::empty_like(parts);
      std::vector<int64_t> counts(groupSize, parts[0].numel());
      group.allToAll(received, counts, parts, counts);
      joinParts(received, 0);
      return;
    }
    }
  };
  meter.announce(InstructionKind::Convert);
  return std::llround(meter.timeCalls(seconds, call));
}

int64_t ProfileMeter::measureMessageNs(int64_t bytes, double seconds) {
  Implementation &meter = *implementation;
  uint32_t rank = meter.communicator.getRank(), partner = rank ^ 1;
  std::vector<Channel> channels;
  for (uint32_t even = 0; even + 1 < meter.communicator.getSize(); even += 2) {
    channels.push_back({even, even + 1});
    channels.push_back({even + 1, even});
  }
  meter.communicator.openChannels(channels);
  at::Tensor sent = at::zeros({bytes}, at::kByte), received = at::empty_like(sent);
  // There and back again, so that one clock sees both ends.
  auto call = [&] {
    if (partner >= meter.communicator.getSize())
      return; // the last one of an odd number
    if (rank % 2 == 0)
      meter.communicator.send(sent, partner);
    meter.communicator.receive(received, partner);
    if (rank % 2 == 1)
      meter.communicator.send(sent, partner);
  };
  meter.announce(InstructionKind::Send);
  double roundTripNs = meter.timeCalls(seconds, call);
  // The mean was over a rank without partner too, for which no time passed.
  auto numRanks = static_cast<double>(meter.communicator.getSize());
  double numPaired = meter.communicator.getSize() / 2 * 2;
  meter.communicator.flush();
  return std::llround(roundTripNs * numRanks / numPaired / 2);
}

double ProfileMeter::measureMemoryRate(double seconds) {
  Implementation &meter = *implementation;
  // More than caches hold: 64 MiB of f32.
  constexpr int64_t numElements = int64_t(1) << 22;
  // Gradient read; parameter and two moments read and written.
  constexpr double bytesMoved = 7.0 * sizeof(float) * numElements;
  at::TensorOptions options = at::TensorOptions().dtype(at::kFloat);
  std::vector<at::Tensor> parameters = {at::zeros({numElements}, options)};
  std::vector<at::Tensor> gradients = {at::ones({numElements}, options)};
  std::vector<at::Tensor> first = {at::zeros({numElements}, options)};
  std::vector<at::Tensor> second = {at::zeros({numElements}, options)};
  std::vector<at::Tensor> steps = {at::ones({}, options)};
  double ns = meter.timeCalls(seconds, [&] {
    at::_fused_adamw_(parameters, gradients, first, second, {}, steps, /*lr=*/1e-3, /*beta1=*/0.9,
                      /*beta2=*/0.999, /*weight_decay=*/0.01, /*eps=*/1e-8, /*amsgrad=*/false,
                      /*maximize=*/false);
  });
  return bytesMoved / ns * 1e9;
}

} // namespace aceso
