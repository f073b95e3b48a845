//===- GlooCommunicator.cpp - Stores and Gloo through c10d ----------------===//
//
// The one file that sees c10d. A group is a ProcessGroupGloo of its own, messages go through that
// of the world.
//
//===----------------------------------------------------------------------===//

#include "aceso/Runtime/GlooCommunicator.h"

#include "BrokenPipe.h"
#include "ReduceParts.h"

#include "aceso/Runtime/Reason.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <net/if.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

namespace aceso {

/// c10d records every operation of a process in one buffer without a lock, which ranks as threads
/// would tear. It reads this setting when the first group is made.
[[maybe_unused]] static const int recorderIsOff =
    setenv("TORCH_FR_BUFFER_SIZE", "0", /*overwrite=*/0);

//===----------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------===//

namespace {

std::vector<uint8_t> toBytes(const std::string &text) { return {text.begin(), text.end()}; }
std::string toText(const std::vector<uint8_t> &bytes) { return {bytes.begin(), bytes.end()}; }

class C10dStore : public KeyValueStore {
public:
  explicit C10dStore(c10::intrusive_ptr<c10d::Store> store) : store(std::move(store)) {}

  void set(const std::string &key, const std::string &value) override {
    store->set(key, toBytes(value));
  }
  std::string get(const std::string &key, std::chrono::milliseconds timeout) override {
    store->wait({key}, timeout);
    return toText(store->get(key));
  }
  std::optional<std::string> tryGet(const std::string &key) override {
    if (!store->check({key}))
      return std::nullopt;
    return toText(store->get(key));
  }
  void setIfAbsent(const std::string &key, const std::string &value) override {
    // The first to count may set it.
    if (store->add(key + "/writers", 1) == 1)
      set(key, value);
  }

  c10::intrusive_ptr<c10d::Store> store;
};

c10::intrusive_ptr<c10d::Store> unwrap(const std::shared_ptr<KeyValueStore> &store) {
  auto *wrapped = dynamic_cast<C10dStore *>(store.get());
  if (!wrapped)
    throw std::invalid_argument("Gloo needs a store that KeyValueStore.h opens");
  return wrapped->store;
}

} // namespace

std::shared_ptr<KeyValueStore> openMemoryStore() {
  return std::make_shared<C10dStore>(c10::make_intrusive<c10d::HashStore>());
}

std::shared_ptr<KeyValueStore> openFileStore(const std::string &path, uint32_t size) {
  return std::make_shared<C10dStore>(
      c10::make_intrusive<c10d::FileStore>(path, static_cast<int>(size)));
}

std::shared_ptr<KeyValueStore> openTcpStore(const std::string &host, uint16_t port, uint32_t rank,
                                            uint32_t size, bool isServed, Milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = port;
  options.isServer = rank == 0 && !isServed;
  options.numWorkers = size;
  options.waitWorkers = !isServed;
  options.timeout = timeout;
  return std::make_shared<C10dStore>(c10::make_intrusive<c10d::TCPStore>(host, options));
}

std::shared_ptr<KeyValueStore> withPrefix(const std::string &prefix,
                                          const std::shared_ptr<KeyValueStore> &store) {
  return std::make_shared<C10dStore>(c10::make_intrusive<c10d::PrefixStore>(prefix, unwrap(store)));
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

namespace {

constexpr char failureKey[] = "aceso/failure";

/// What the ranks tell each other when one fails.
class FailureNotice {
public:
  FailureNotice(std::shared_ptr<KeyValueStore> store, uint32_t rank)
      : store(std::move(store)), rank(rank) {}

  void publish(const std::string &reason) noexcept {
    try {
      store->setIfAbsent(failureKey, std::to_string(rank) + " " + reason);
    } catch (...) {
      // The store died with the rank that served it: the others see their connections close.
    }
  }

  /// Gloo says that a connection closed; the one who closed it says why, or died without a word. Or
  /// nothing came in time, from `peer` if that is known.
  [[noreturn]] void raise(const std::exception &failure, std::optional<uint32_t> peer) const {
    try {
      constexpr auto patience = std::chrono::milliseconds(1000);
      std::string notice = store->get(failureKey, patience);
      size_t space = notice.find(' ');
      throw PeerFailure(std::stoul(notice.substr(0, space)), notice.substr(space + 1));
    } catch (const PeerFailure &) {
      throw;
    } catch (...) {
      std::string reason = reasonOf(failure);
      if (reason.find("Timed out") == std::string::npos)
        throw PeerFailure(std::nullopt, reason);
      // Without the place in Gloo's sources.
      if (size_t end = reason.find("] "); reason.starts_with("[") && end != std::string::npos)
        reason.erase(0, end + 2);
      throw PeerFailure(peer, "rank " + std::to_string(rank) + " waited for it in vain (" + reason +
                                  "); it hangs, or the time limit (--timeout) is too short");
    }
  }

  template <typename Body>
  void guard(Body body, std::optional<uint32_t> peer = std::nullopt) const {
    try {
      body();
    } catch (const PeerFailure &) {
      throw;
    } catch (const std::exception &failure) {
      raise(failure, peer);
    }
  }

private:
  std::shared_ptr<KeyValueStore> store;
  uint32_t rank;
};

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

using Backend = c10::intrusive_ptr<c10d::ProcessGroupGloo>;

c10d::ReduceOp toReduceOp(Reduction reduction) {
  return reduction == Reduction::Sum ? c10d::ReduceOp::SUM : c10d::ReduceOp::MAX;
}

/// The memory of a tensor without a share in it. Gloo's thread lets go of what it was given only
/// some time after the operation has ended; until then memory would not be freed, and an executor
/// that asks whether it is the only holder would copy.
at::Tensor withoutOwner(const at::Tensor &tensor) {
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.options());
}

/// Types do not matter to what only moves.
at::Tensor asBytes(const at::Tensor &tensor) {
  return withoutOwner(tensor).view(-1).view(at::kByte);
}

std::vector<int64_t> inBytes(std::vector<int64_t> counts, const at::Tensor &tensor) {
  for (int64_t &count : counts)
    count *= tensor.element_size();
  return counts;
}

class GlooGroup : public Group {
public:
  GlooGroup(std::vector<uint32_t> members, uint32_t position, Backend backend,
            std::shared_ptr<FailureNotice> notice)
      : Group(std::move(members), position), backend(std::move(backend)),
        notice(std::move(notice)) {}

  Backend getBackend() const { return backend; }

protected:
  void doAllReduce(at::Tensor &tensor, Reduction reduction) override {
    notice->guard([&] {
      std::vector<at::Tensor> tensors = {withoutOwner(tensor)};
      c10d::AllreduceOptions options;
      options.reduceOp = toReduceOp(reduction);
      backend->allreduce(tensors, options)->wait();
    });
  }

  void doAllGather(at::Tensor &out, const at::Tensor &in) override {
    notice->guard([&] {
      at::Tensor outBytes = asBytes(out), inBytes = asBytes(in);
      backend->_allgather_base(outBytes, inBytes)->wait();
    });
  }

  void doReduceScatter(at::Tensor &out, const at::Tensor &in, Reduction reduction) override {
    // Gloo's own is a whole all-reduce: twice the bytes.
    at::Tensor received = at::empty_like(in).view(-1);
    std::vector<int64_t> counts(size(), out.numel());
    doAllToAll(received, counts, in, counts);
    std::vector<at::Tensor> parts;
    for (uint32_t member = 0; member < size(); ++member)
      parts.push_back(received.narrow(0, member * out.numel(), out.numel()));
    at::Tensor flat = out.view(-1);
    reduceParts(flat, parts, reduction);
  }

  void doAllToAll(at::Tensor &out, const std::vector<int64_t> &outCounts, const at::Tensor &in,
                  const std::vector<int64_t> &inCounts) override {
    notice->guard([&] {
      at::Tensor outBytes = asBytes(out), inBytesOf = asBytes(in);
      std::vector<int64_t> outSplits = inBytes(outCounts, out), inSplits = inBytes(inCounts, in);
      backend->alltoall_base(outBytes, inBytesOf, outSplits, inSplits)->wait();
    });
  }

  void doBarrier() override {
    notice->guard([&] { backend->barrier()->wait(); });
  }

private:
  Backend backend;
  std::shared_ptr<FailureNotice> notice;
};

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

/// Keeps what was sent until it has been received: Gloo's send ends only then, and only if somebody
/// waits for it.
class SentMessages {
public:
  SentMessages() : thread([this] { run(); }) {}

  ~SentMessages() {
    abort();
    thread.join();
  }

  void add(c10::intrusive_ptr<c10d::Work> work, at::Tensor tensor) {
    std::lock_guard lock(mutex);
    rethrow();
    messages.push_back({std::move(tensor), std::move(work)});
    changed.notify_all();
  }

  void flush() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return messages.empty() || failure || isEnding; });
    rethrow();
  }

  void abort() noexcept {
    std::lock_guard lock(mutex);
    isEnding = true;
    for (Message &message : messages)
      try {
        message.work->abort();
      } catch (...) {
        // It has ended already.
      }
    changed.notify_all();
  }

private:
  struct Message {
    /// Lives longer than the work, which may still read it when it is given up.
    at::Tensor tensor;
    c10::intrusive_ptr<c10d::Work> work;
  };

  void rethrow() {
    if (failure)
      std::rethrow_exception(failure);
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return isEnding || !messages.empty(); });
      if (isEnding)
        return;
      c10::intrusive_ptr<c10d::Work> work = messages.front().work;
      lock.unlock();
      std::exception_ptr problem;
      try {
        work->wait();
      } catch (...) {
        problem = std::current_exception();
      }
      work.reset();
      lock.lock();
      if (problem) {
        failure = problem;
        changed.notify_all();
        return;
      }
      messages.pop_front();
      changed.notify_all();
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Message> messages;
  std::exception_ptr failure;
  bool isEnding = false;
  std::thread thread;
};

//===----------------------------------------------------------------------===//
// Communicator
//===----------------------------------------------------------------------===//

class GlooCommunicator : public Communicator {
public:
  GlooCommunicator(const std::shared_ptr<KeyValueStore> &store, uint32_t rank, uint32_t size,
                   const GlooOptions &options)
      : Communicator(rank, size, at::kCPU), store(store), options(options),
        notice(std::make_shared<FailureNotice>(store, rank)), sequence(size) {
    makeBrokenPipesErrors();
    device = openDevice(options.network);
    std::vector<uint32_t> all(size);
    std::iota(all.begin(), all.end(), 0);
    everybody = makeGroup(all);
    sent = std::make_unique<SentMessages>();
  }

  ~GlooCommunicator() override { sent.reset(); }

  std::unique_ptr<Group> createGroup(const std::vector<uint32_t> &members) override {
    return makeGroup(members);
  }

  Group &world() override { return *everybody; }

  void flush() override {
    notice->guard([&] { sent->flush(); });
  }

  void abort(const std::string &reason) noexcept override {
    notice->publish(reason);
    sent->abort();
    // Without its process groups this rank's connections close, which wakes everybody.
    connected.clear();
    everybody.reset();
  }

protected:
  void doSend(const at::Tensor &tensor, uint32_t destination) override {
    notice->guard([&] {
      std::vector<at::Tensor> tensors = {withoutOwner(tensor)};
      int tag = nextTag(sequence[destination].sent);
      sent->add(messageBackend().send(tensors, static_cast<int>(destination), tag), tensor);
    });
  }

  void doReceive(at::Tensor &tensor, uint32_t source) override {
    notice->guard(
        [&] {
          std::vector<at::Tensor> tensors = {withoutOwner(tensor)};
          int tag = nextTag(sequence[source].received);
          messageBackend().recv(tensors, static_cast<int>(source), tag)->wait();
        },
        source);
  }

private:
  /// Not the fault of another rank.
  static std::shared_ptr<gloo::transport::Device> openDevice(const std::string &network) {
    try {
      return if_nametoindex(network.c_str()) != 0
                 ? c10d::ProcessGroupGloo::createDeviceForInterface(network)
                 : c10d::ProcessGroupGloo::createDeviceForHostname(network);
    } catch (const std::exception &) {
      throw std::runtime_error("'" + network +
                               "' is neither a network interface nor an address of this machine "
                               "(GLOO_SOCKET_IFNAME names one; `ip address` lists them)");
    }
  }

  struct Sequence {
    uint32_t sent = 0, received = 0;
  };

  /// Tags number the messages of a channel, so that large and small ones cannot overtake.
  static int nextTag(uint32_t &count) { return static_cast<int>(count++ & 0x3fffffff); }

  c10d::ProcessGroupGloo &messageBackend() {
    if (!everybody)
      throw PeerFailure(getRank(), "the communicator was aborted");
    return *everybody->getBackend();
  }

  std::unique_ptr<GlooGroup> makeGroup(const std::vector<uint32_t> &members) {
    auto self = std::find(members.begin(), members.end(), getRank());
    uint32_t position = self - members.begin();
    Backend backend;
    if (members.size() > 1)
      notice->guard([&] {
        auto settings = c10d::ProcessGroupGloo::Options::create(options.timeout);
        settings->devices = {device};
        settings->threads = 1;
        std::string key = "aceso/group";
        for (uint32_t member : members)
          key += "-" + std::to_string(member);
        key += "/" + std::to_string(numCreated[members]++);
        backend = c10::make_intrusive<c10d::ProcessGroupGloo>(
            c10::make_intrusive<c10d::PrefixStore>(key, unwrap(store)), static_cast<int>(position),
            static_cast<int>(members.size()), settings);
        connected.push_back(backend);
      });
    return std::make_unique<GlooGroup>(members, position, backend, notice);
  }

  std::shared_ptr<KeyValueStore> store;
  GlooOptions options;
  std::shared_ptr<FailureNotice> notice;
  std::shared_ptr<gloo::transport::Device> device;
  std::map<std::vector<uint32_t>, uint32_t> numCreated;
  /// Of all groups, also of those that are gone: a member that is still on its way into one would
  /// take its closed connections for a failure.
  std::vector<Backend> connected;
  std::unique_ptr<GlooGroup> everybody;
  std::vector<Sequence> sequence;
  std::unique_ptr<SentMessages> sent;
};

} // namespace

std::unique_ptr<Communicator> createGlooCommunicator(const std::shared_ptr<KeyValueStore> &store,
                                                     uint32_t rank, uint32_t size,
                                                     const GlooOptions &options) {
  return std::make_unique<GlooCommunicator>(store, rank, size, options);
}

} // namespace aceso
