//===- ThreadCommunicator.cpp - Ranks as threads of one process -----------===//
//
// Members of a group post their tensors, meet, read each other's (a reduction also writes its part
// to all), and meet again. One mutex and one condition for everything: this backend is for tests
// and small runs.
//
//===----------------------------------------------------------------------===//

#include "aceso/Runtime/ThreadCommunicator.h"

#include "ReduceParts.h"

#include "aceso/Runtime/Reason.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

namespace aceso {

namespace {

/// What the members of one group share.
struct SharedGroup {
  explicit SharedGroup(uint32_t size) : posted(size), counts(size) {}
  std::vector<at::Tensor> posted;
  std::vector<std::vector<int64_t>> counts;
  uint32_t numArrived = 0;
  uint64_t generation = 0;
};

class ThreadWorld {
public:
  ThreadWorld(uint32_t size, const CommunicatorOptions &options) : size(size), options(options) {}

  /// The n-th group of these members, n counted by each member for itself.
  std::shared_ptr<SharedGroup> group(const std::vector<uint32_t> &members, uint32_t count) {
    std::lock_guard lock(mutex);
    std::shared_ptr<SharedGroup> &group = groups[{members, count}];
    if (!group)
      group = std::make_shared<SharedGroup>(members.size());
    return group;
  }

  /// Returns when all members of the group are here.
  void meet(SharedGroup &group) {
    std::unique_lock lock(mutex);
    throwIfFailed();
    uint64_t generation = group.generation;
    if (++group.numArrived == group.posted.size()) {
      group.numArrived = 0;
      ++group.generation;
      changed.notify_all();
      return;
    }
    wait(lock, "a collective", [&] { return group.generation != generation; });
  }

  void send(const at::Tensor &tensor, Channel channel) {
    std::lock_guard lock(mutex);
    throwIfFailed();
    mailboxes[channel].push_back(tensor);
    changed.notify_all();
  }

  at::Tensor receive(Channel channel) {
    std::unique_lock lock(mutex);
    std::deque<at::Tensor> &mailbox = mailboxes[channel];
    wait(lock, "a message", [&] { return !mailbox.empty(); });
    at::Tensor tensor = mailbox.front();
    mailbox.pop_front();
    changed.notify_all();
    return tensor;
  }

  void flush(uint32_t rank) {
    std::unique_lock lock(mutex);
    wait(lock, "the receipt of messages", [&] {
      return std::all_of(mailboxes.begin(), mailboxes.end(), [&](const auto &entry) {
        return entry.first.source != rank || entry.second.empty();
      });
    });
  }

  void fail(uint32_t rank, const std::string &reason) {
    std::lock_guard lock(mutex);
    if (!failure)
      failure = PeerFailure(rank, reason);
    changed.notify_all();
  }

  const uint32_t size;

private:
  void throwIfFailed() const {
    if (failure)
      throw *failure;
  }

  template <typename Condition>
  void wait(std::unique_lock<std::mutex> &lock, const char *what, Condition condition) {
    bool inTime = changed.wait_for(lock, options.timeout, [&] { return failure || condition(); });
    // What was complete before the failure stays complete: nobody may see half a collective.
    if (inTime && condition())
      return;
    throwIfFailed();
    throw PeerFailure(std::nullopt, "no answer within " + std::to_string(options.timeout.count()) +
                                        " ms while waiting for " + what);
  }

  CommunicatorOptions options;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<std::vector<uint32_t>, uint32_t>, std::shared_ptr<SharedGroup>> groups;
  std::map<Channel, std::deque<at::Tensor>> mailboxes;
  std::optional<PeerFailure> failure;
};

/// Part `index` of `count` of a flat tensor.
at::Tensor chunk(const at::Tensor &flat, int64_t index, int64_t count) {
  int64_t begin = flat.numel() * index / count, end = flat.numel() * (index + 1) / count;
  return flat.narrow(0, begin, end - begin);
}

class ThreadGroup : public Group {
public:
  ThreadGroup(std::shared_ptr<ThreadWorld> world, std::shared_ptr<SharedGroup> shared,
              std::vector<uint32_t> members, uint32_t position)
      : Group(std::move(members), position), world(std::move(world)), shared(std::move(shared)) {}

protected:
  void doAllReduce(at::Tensor &tensor, Reduction reduction) override {
    post(tensor.view(-1));
    // This part is this member's alone, in the tensors of the others too.
    std::vector<at::Tensor> parts = postedParts();
    reduceParts(parts[0], parts, reduction);
    for (uint32_t member = 1; member < size(); ++member)
      parts[member].copy_(parts[0]);
    leave();
  }

  void doAllGather(at::Tensor &out, const at::Tensor &in) override {
    post(in.view(-1));
    for (uint32_t member = 0; member < size(); ++member)
      chunk(out.view(-1), member, size()).copy_(shared->posted[member]);
    leave();
  }

  void doReduceScatter(at::Tensor &out, const at::Tensor &in, Reduction reduction) override {
    post(in.view(-1));
    at::Tensor flat = out.view(-1);
    reduceParts(flat, postedParts(), reduction);
    leave();
  }

  void doAllToAll(at::Tensor &out, const std::vector<int64_t> &outCounts, const at::Tensor &in,
                  const std::vector<int64_t> &inCounts) override {
    shared->counts[getPosition()] = inCounts;
    post(in.view(-1));
    at::Tensor flat = out.view(-1);
    int64_t place = 0;
    for (uint32_t member = 0; member < size(); ++member) {
      const std::vector<int64_t> &counts = shared->counts[member];
      if (counts[getPosition()] != outCounts[member])
        throw std::invalid_argument("communication: the counts of an all-to-all do not agree");
      int64_t begin = std::accumulate(counts.begin(), counts.begin() + getPosition(), int64_t(0));
      flat.narrow(0, place, outCounts[member])
          .copy_(shared->posted[member].narrow(0, begin, outCounts[member]));
      place += outCounts[member];
    }
    leave();
  }

  void doBarrier() override { world->meet(*shared); }

private:
  void post(const at::Tensor &tensor) {
    shared->posted[getPosition()] = tensor;
    world->meet(*shared);
  }

  /// The part with this member's number of what each has posted.
  std::vector<at::Tensor> postedParts() const {
    std::vector<at::Tensor> parts;
    for (const at::Tensor &posted : shared->posted)
      parts.push_back(chunk(posted, getPosition(), size()));
    return parts;
  }

  /// Nobody needs this member's tensor any more.
  void leave() {
    world->meet(*shared);
    shared->posted[getPosition()] = at::Tensor();
  }

  std::shared_ptr<ThreadWorld> world;
  std::shared_ptr<SharedGroup> shared;
};

class ThreadCommunicator : public Communicator {
public:
  ThreadCommunicator(std::shared_ptr<ThreadWorld> shared, uint32_t rank)
      : Communicator(rank, shared->size, at::kCPU), shared(std::move(shared)) {
    std::vector<uint32_t> all(getSize());
    std::iota(all.begin(), all.end(), 0);
    everybody = createGroup(all);
  }

  std::unique_ptr<Group> createGroup(const std::vector<uint32_t> &members) override {
    auto self = std::find(members.begin(), members.end(), getRank());
    return std::make_unique<ThreadGroup>(shared, shared->group(members, numCreated[members]++),
                                         members, self - members.begin());
  }

  Group &world() override { return *everybody; }
  void flush() override { shared->flush(getRank()); }
  void abort(const std::string &reason) noexcept override {
    try {
      shared->fail(getRank(), reason);
    } catch (...) {
      // A mutex that cannot be locked: nothing is left to tell.
    }
  }

protected:
  void doSend(const at::Tensor &tensor, uint32_t destination) override {
    shared->send(tensor, {getRank(), destination});
  }
  void doReceive(at::Tensor &tensor, uint32_t source) override {
    at::Tensor message = shared->receive({source, getRank()});
    if (message.numel() != tensor.numel() || message.scalar_type() != tensor.scalar_type())
      throw std::invalid_argument("communication: a message has another size or type than its "
                                  "receive");
    tensor.view(-1).copy_(message.view(-1));
  }

private:
  std::shared_ptr<ThreadWorld> shared;
  std::map<std::vector<uint32_t>, uint32_t> numCreated;
  std::unique_ptr<Group> everybody;
};

} // namespace

std::vector<std::unique_ptr<Communicator>>
createThreadCommunicators(uint32_t size, const CommunicatorOptions &options) {
  auto world = std::make_shared<ThreadWorld>(size, options);
  std::vector<std::unique_ptr<Communicator>> communicators;
  for (uint32_t rank = 0; rank < size; ++rank)
    communicators.push_back(std::make_unique<ThreadCommunicator>(world, rank));
  return communicators;
}

std::optional<RankFailure> runAsThreads(std::vector<std::unique_ptr<Communicator>> communicators,
                                        const std::function<void(Communicator &)> &body) {
  std::mutex mutex;
  std::optional<RankFailure> first, firstPeer;
  auto record = [&](std::optional<RankFailure> &place, uint32_t rank, const std::string &reason) {
    std::lock_guard lock(mutex);
    if (!place)
      place = RankFailure{rank, reason};
  };
  std::vector<std::thread> threads;
  for (std::unique_ptr<Communicator> &communicator : communicators)
    threads.emplace_back([&, communicator = communicator.get()] {
      at::NoGradGuard noGradients;
      at::set_num_threads(1);
      try {
        body(*communicator);
        return;
      } catch (const PeerFailure &failure) {
        record(firstPeer, failure.rank.value_or(communicator->getRank()), failure.reason);
      } catch (const std::exception &failure) {
        record(first, communicator->getRank(), reasonOf(failure));
        communicator->abort(reasonOf(failure));
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  return first ? first : firstPeer;
}

} // namespace aceso
