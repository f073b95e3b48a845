//===- Communicator.h - How ranks exchange tensors --------------*- C++ -*-===//
//
// The only way in which ranks meet. Three implementations pass one conformance suite: ranks as
// threads of one process, Gloo (one process a rank) and NCCL (one device a rank).
//
// Calls match by order: all members of a group make the same calls on it in the same order, and
// from one rank to another messages arrive in the order in which they were sent. If a rank fails,
// every other one that waits gets a PeerFailure.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_COMMUNICATOR_H
#define ACESO_RUNTIME_COMMUNICATOR_H

#include "aceso/Layout/Layout.h"

#include <ATen/core/Tensor.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace aceso {

/// Another rank failed or does not answer. Not this rank's fault: only the first failure is worth
/// reporting.
class PeerFailure : public std::runtime_error {
public:
  PeerFailure(std::optional<uint32_t> rank, const std::string &reason);
  /// The rank that failed, if known.
  std::optional<uint32_t> rank;
  /// What it said.
  std::string reason;
};

struct CommunicatorOptions {
  /// How long a call waits for its peers before it gives up.
  std::chrono::milliseconds timeout = std::chrono::minutes(10);
};

/// Some ranks in a fixed order, seen from one of them. Tensors are contiguous and lie on the
/// communicator's device; a call returns when its results are there (on a GPU: are enqueued).
class Group {
public:
  Group(std::vector<uint32_t> members, uint32_t position)
      : members(std::move(members)), position(position) {}
  virtual ~Group() = default;

  const std::vector<uint32_t> &getMembers() const { return members; }
  uint32_t size() const { return members.size(); }
  /// The place of this rank among the members.
  uint32_t getPosition() const { return position; }

  /// `tensor` becomes the reduction over all members, with the same bits on each.
  void allReduce(at::Tensor &tensor, Reduction reduction);
  /// `out`: what each member has as `in`, one after the other.
  void allGather(at::Tensor &out, const at::Tensor &in);
  /// `in` is size() equal parts; `out` becomes the reduction of everybody's part getPosition().
  void reduceScatter(at::Tensor &out, const at::Tensor &in, Reduction reduction);
  /// `in` is what goes to each member, one after the other, `out` what comes from each; counts are
  /// elements and may be 0. What i sends to j and j receives from i must agree.
  void allToAll(at::Tensor &out, const std::vector<int64_t> &outCounts, const at::Tensor &in,
                const std::vector<int64_t> &inCounts);
  /// Returns when all members have called it.
  void barrier();

protected:
  // Only called for groups of at least two; arguments have been checked.
  virtual void doAllReduce(at::Tensor &tensor, Reduction reduction) = 0;
  virtual void doAllGather(at::Tensor &out, const at::Tensor &in) = 0;
  virtual void doReduceScatter(at::Tensor &out, const at::Tensor &in, Reduction reduction) = 0;
  virtual void doAllToAll(at::Tensor &out, const std::vector<int64_t> &outCounts,
                          const at::Tensor &in, const std::vector<int64_t> &inCounts) = 0;
  virtual void doBarrier() = 0;

private:
  std::vector<uint32_t> members;
  uint32_t position;
};

/// An ordered pair of ranks: messages from `source` to `destination`.
struct Channel {
  uint32_t source, destination;
  bool operator==(const Channel &) const = default;
  auto operator<=>(const Channel &) const = default;
};

class Communicator {
public:
  Communicator(uint32_t rank, uint32_t size, at::Device device)
      : rank(rank), size(size), device(device) {}
  virtual ~Communicator() = default;

  uint32_t getRank() const { return rank; }
  uint32_t getSize() const { return size; }
  at::Device getDevice() const { return device; }

  /// A new group of `members` (different ranks, this one among them) in that order. Every member
  /// calls it; all ranks create their groups in one order.
  virtual std::unique_ptr<Group> createGroup(const std::vector<uint32_t> &members) = 0;
  /// All ranks, in order.
  virtual Group &world() = 0;

  /// Every rank names all channels that will be used, in one order, before the first message.
  virtual void openChannels(const std::vector<Channel> &channels);
  /// Sends `tensor` to another rank without waiting for it; the tensor must not change afterwards.
  void send(const at::Tensor &tensor, uint32_t destination);
  /// Waits for the next message from `source`, of as many elements of the same type as `tensor`.
  void receive(at::Tensor &tensor, uint32_t source);
  /// Returns when all that was sent has been received.
  virtual void flush() = 0;

  /// This rank has failed: ends the waiting of all others with a PeerFailure that names it. The
  /// first failure counts. Afterwards the communicator is of no use.
  virtual void abort(const std::string &reason) noexcept = 0;

protected:
  virtual void doSend(const at::Tensor &tensor, uint32_t destination) = 0;
  virtual void doReceive(at::Tensor &tensor, uint32_t source) = 0;

private:
  uint32_t rank, size;
  at::Device device;
};

} // namespace aceso

#endif // ACESO_RUNTIME_COMMUNICATOR_H
