//===- Communicator.cpp - How ranks exchange tensors ----------------------===//

#include "aceso/Runtime/Communicator.h"

#include <ATen/ops/empty.h>

#include <numeric>

namespace aceso {

static std::string describe(std::optional<uint32_t> rank, const std::string &reason) {
  return (rank ? "rank " + std::to_string(*rank) : "another rank") + " failed: " + reason;
}

PeerFailure::PeerFailure(std::optional<uint32_t> rank, const std::string &reason)
    : std::runtime_error(describe(rank, reason)), rank(rank), reason(reason) {}

static void require(bool condition, const char *what) {
  if (!condition)
    throw std::invalid_argument(std::string("communication: ") + what);
}

static void checkPair(const at::Tensor &out, const at::Tensor &in) {
  require(out.is_contiguous() && in.is_contiguous(), "tensors must be contiguous");
  require(out.scalar_type() == in.scalar_type(), "tensors must have one element type");
}

void Group::allReduce(at::Tensor &tensor, Reduction reduction) {
  require(tensor.is_contiguous(), "tensors must be contiguous");
  if (size() > 1 && tensor.numel() > 0)
    doAllReduce(tensor, reduction);
}

void Group::allGather(at::Tensor &out, const at::Tensor &in) {
  checkPair(out, in);
  require(out.numel() == in.numel() * size(), "an all-gather gives size() times its input");
  if (size() == 1)
    out.view(-1).copy_(in.view(-1));
  else if (in.numel() > 0)
    doAllGather(out, in);
}

void Group::reduceScatter(at::Tensor &out, const at::Tensor &in, Reduction reduction) {
  checkPair(out, in);
  require(in.numel() == out.numel() * size(), "a reduce-scatter takes size() times its output");
  if (size() == 1)
    out.view(-1).copy_(in.view(-1));
  else if (in.numel() > 0)
    doReduceScatter(out, in, reduction);
}

void Group::allToAll(at::Tensor &out, const std::vector<int64_t> &outCounts, const at::Tensor &in,
                     const std::vector<int64_t> &inCounts) {
  checkPair(out, in);
  require(outCounts.size() == size() && inCounts.size() == size(), "one count for each member");
  auto sum = [](const std::vector<int64_t> &counts) {
    return std::accumulate(counts.begin(), counts.end(), int64_t(0));
  };
  require(sum(outCounts) == out.numel() && sum(inCounts) == in.numel(),
          "counts must add up to the tensors");
  if (size() == 1)
    out.view(-1).copy_(in.view(-1));
  else
    doAllToAll(out, outCounts, in, inCounts);
}

void Group::barrier() {
  if (size() > 1)
    doBarrier();
}

void Communicator::openChannels(const std::vector<Channel> &) {}

void Communicator::send(const at::Tensor &tensor, uint32_t destination) {
  require(tensor.is_contiguous(), "tensors must be contiguous");
  require(destination < size && destination != rank, "messages go to another rank");
  require(tensor.numel() > 0, "a message has content");
  doSend(tensor, destination);
}

void Communicator::receive(at::Tensor &tensor, uint32_t source) {
  require(tensor.is_contiguous(), "tensors must be contiguous");
  require(source < size && source != rank, "messages come from another rank");
  require(tensor.numel() > 0, "a message has content");
  doReceive(tensor, source);
}

} // namespace aceso
