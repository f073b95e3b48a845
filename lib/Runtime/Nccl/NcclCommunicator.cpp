//===- NcclCommunicator.cpp - One GPU a rank, over NCCL -------------------===//
//
// Collectives run on the current stream. Every channel has a communicator and a stream of its own,
// so that a send which waits for its receiver delays nothing else. A watchdog ends what would wait
// for a rank that has failed.
//
//===----------------------------------------------------------------------===//

#include "aceso/Runtime/NcclPlugin.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <nccl.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

namespace aceso {

namespace {

constexpr char failureKey[] = "aceso/failure";

void check(ncclResult_t result, const char *what) {
  if (result != ncclSuccess && result != ncclInProgress)
    throw std::runtime_error(std::string("NCCL: ") + what + ": " + ncclGetErrorString(result) +
                             " (" + ncclGetLastError(nullptr) + ")");
}

ncclDataType_t toNccl(at::ScalarType type) {
  switch (type) {
  case at::kHalf:
    return ncclFloat16;
  case at::kBFloat16:
    return ncclBfloat16;
  case at::kFloat:
    return ncclFloat32;
  case at::kDouble:
    return ncclFloat64;
  case at::kInt:
    return ncclInt32;
  case at::kLong:
    return ncclInt64;
  default:
    throw std::invalid_argument("NCCL: an element type that no program has");
  }
}

ncclRedOp_t toNccl(Reduction reduction) { return reduction == Reduction::Sum ? ncclSum : ncclMax; }

/// All communicators of this rank; ends them together when a rank has failed.
class Watchdog {
public:
  Watchdog(std::shared_ptr<KeyValueStore> store, uint32_t rank)
      : store(std::move(store)), rank(rank), thread([this] { run(); }) {}

  ~Watchdog() {
    isEnding = true;
    thread.join();
    for (ncclComm_t communicator : communicators)
      ncclCommDestroy(communicator);
  }

  /// A communicator of `size` ranks that meet under `key`.
  ncclComm_t connect(const std::string &key, uint32_t position, uint32_t size,
                     std::chrono::milliseconds timeout) {
    ncclUniqueId id;
    if (position == 0) {
      check(ncclGetUniqueId(&id), "an id for a group");
      store->set(key, std::string(id.internal, sizeof(id.internal)));
    } else {
      std::string text = store->get(key, timeout);
      if (text.size() != sizeof(id.internal))
        throw std::runtime_error("NCCL: the ranks run different versions of this program");
      std::copy(text.begin(), text.end(), id.internal);
    }
    ncclComm_t communicator = nullptr;
    check(ncclCommInitRank(&communicator, static_cast<int>(size), id, static_cast<int>(position)),
          "connecting a group");
    std::lock_guard lock(mutex);
    communicators.push_back(communicator);
    return communicator;
  }

  void throwIfFailed() {
    std::lock_guard lock(mutex);
    if (failure)
      throw *failure;
  }

  void fail(const std::string &reason) noexcept {
    try {
      store->setIfAbsent(failureKey, std::to_string(rank) + " " + reason);
    } catch (...) {
      // The store died with the rank that served it.
    }
    end(PeerFailure(rank, reason));
  }

private:
  void end(const PeerFailure &reason) noexcept {
    std::lock_guard lock(mutex);
    if (failure)
      return;
    failure = reason;
    for (ncclComm_t communicator : communicators)
      ncclCommAbort(communicator);
    communicators.clear();
  }

  void run() {
    while (!isEnding) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      try {
        if (std::optional<std::string> notice = store->tryGet(failureKey)) {
          size_t space = notice->find(' ');
          end(PeerFailure(std::stoul(notice->substr(0, space)), notice->substr(space + 1)));
        }
      } catch (const std::exception &error) {
        end(PeerFailure(std::nullopt, error.what()));
      }
      if (std::optional<ncclResult_t> result = asyncError())
        end(PeerFailure(std::nullopt, ncclGetErrorString(*result)));
    }
  }

  std::optional<ncclResult_t> asyncError() {
    std::lock_guard lock(mutex);
    for (ncclComm_t communicator : communicators) {
      ncclResult_t result = ncclSuccess;
      ncclCommGetAsyncError(communicator, &result);
      if (result != ncclSuccess && result != ncclInProgress)
        return result;
    }
    return std::nullopt;
  }

  std::shared_ptr<KeyValueStore> store;
  uint32_t rank;
  std::mutex mutex;
  std::vector<ncclComm_t> communicators;
  std::optional<PeerFailure> failure;
  std::atomic<bool> isEnding = false;
  std::thread thread;
};

class NcclGroup : public Group {
public:
  NcclGroup(std::vector<uint32_t> members, uint32_t position, ncclComm_t communicator,
            std::shared_ptr<Watchdog> watchdog)
      : Group(std::move(members), position), communicator(communicator),
        watchdog(std::move(watchdog)) {}

protected:
  void doAllReduce(at::Tensor &tensor, Reduction reduction) override {
    watchdog->throwIfFailed();
    check(ncclAllReduce(tensor.data_ptr(), tensor.data_ptr(), tensor.numel(),
                        toNccl(tensor.scalar_type()), toNccl(reduction), communicator, stream()),
          "all-reduce");
  }

  void doAllGather(at::Tensor &out, const at::Tensor &in) override {
    watchdog->throwIfFailed();
    check(ncclAllGather(in.data_ptr(), out.data_ptr(), in.numel(), toNccl(in.scalar_type()),
                        communicator, stream()),
          "all-gather");
  }

  void doReduceScatter(at::Tensor &out, const at::Tensor &in, Reduction reduction) override {
    watchdog->throwIfFailed();
    check(ncclReduceScatter(in.data_ptr(), out.data_ptr(), out.numel(), toNccl(in.scalar_type()),
                            toNccl(reduction), communicator, stream()),
          "reduce-scatter");
  }

  void doAllToAll(at::Tensor &out, const std::vector<int64_t> &outCounts, const at::Tensor &in,
                  const std::vector<int64_t> &inCounts) override {
    watchdog->throwIfFailed();
    ncclDataType_t type = toNccl(in.scalar_type());
    auto *to = static_cast<char *>(out.data_ptr());
    const auto *from = static_cast<const char *>(in.data_ptr());
    check(ncclGroupStart(), "all-to-all");
    for (uint32_t member = 0; member < size(); ++member) {
      if (inCounts[member] > 0)
        check(ncclSend(from, inCounts[member], type, static_cast<int>(member), communicator,
                       stream()),
              "all-to-all");
      if (outCounts[member] > 0)
        check(
            ncclRecv(to, outCounts[member], type, static_cast<int>(member), communicator, stream()),
            "all-to-all");
      from += inCounts[member] * in.element_size();
      to += outCounts[member] * out.element_size();
    }
    check(ncclGroupEnd(), "all-to-all");
  }

  void doBarrier() override {
    at::Tensor one = at::zeros({1}, at::TensorOptions().device(at::kCUDA));
    doAllReduce(one, Reduction::Sum);
    c10::cuda::getCurrentCUDAStream().synchronize();
    watchdog->throwIfFailed();
  }

private:
  static cudaStream_t stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

  ncclComm_t communicator;
  std::shared_ptr<Watchdog> watchdog;
};

class NcclCommunicator : public Communicator {
public:
  NcclCommunicator(std::shared_ptr<KeyValueStore> store, uint32_t rank, uint32_t size,
                   const NcclOptions &options)
      : Communicator(rank, size, at::Device(at::kCUDA, static_cast<int8_t>(options.device))),
        options(options), watchdog(std::make_shared<Watchdog>(std::move(store), rank)) {
    std::vector<uint32_t> all(size);
    std::iota(all.begin(), all.end(), 0);
    everybody = createGroup(all);
  }

  std::unique_ptr<Group> createGroup(const std::vector<uint32_t> &members) override {
    auto self = std::find(members.begin(), members.end(), getRank());
    uint32_t position = self - members.begin();
    std::string key = "aceso/group";
    for (uint32_t member : members)
      key += "-" + std::to_string(member);
    key += "/" + std::to_string(numCreated[members]++);
    ncclComm_t communicator = nullptr;
    if (members.size() > 1)
      communicator = watchdog->connect(key, position, members.size(), options.timeout);
    auto group = std::make_unique<NcclGroup>(members, position, communicator, watchdog);
    // The first use connects the members; later it would wait in the middle of a step.
    group->barrier();
    return group;
  }

  Group &world() override { return *everybody; }

  void openChannels(const std::vector<Channel> &all) override {
    for (const Channel &channel : all) {
      bool sends = channel.source == getRank();
      if (!sends && channel.destination != getRank())
        continue;
      std::string key = "aceso/channel-" + std::to_string(channel.source) + "-" +
                        std::to_string(channel.destination);
      channels.emplace(channel, Line{watchdog->connect(key, sends ? 0 : 1, 2, options.timeout),
                                     c10::cuda::getStreamFromPool(/*isHighPriority=*/true,
                                                                  getDevice().index())});
    }
  }

  void flush() override {
    for (const auto &[channel, line] : channels)
      line.stream.synchronize();
    watchdog->throwIfFailed();
  }

  void abort(const std::string &reason) noexcept override { watchdog->fail(reason); }

protected:
  struct Line {
    ncclComm_t communicator;
    c10::cuda::CUDAStream stream;
  };

  Line &line(Channel channel) {
    watchdog->throwIfFailed();
    auto found = channels.find(channel);
    if (found == channels.end())
      throw std::invalid_argument("NCCL: a message over a channel that was not opened");
    return found->second;
  }

  /// `later` runs after what `earlier` has been given so far.
  static void order(const c10::cuda::CUDAStream &earlier, const c10::cuda::CUDAStream &later) {
    c10::cuda::CUDAEvent event;
    event.record(earlier);
    event.block(later);
  }

  void doSend(const at::Tensor &tensor, uint32_t destination) override {
    Line &out = line({getRank(), destination});
    order(c10::cuda::getCurrentCUDAStream(), out.stream);
    // The allocator must not give the memory away before the line is past it.
    c10::cuda::CUDACachingAllocator::recordStream(tensor.storage().data_ptr(), out.stream);
    check(ncclSend(tensor.data_ptr(), tensor.numel(), toNccl(tensor.scalar_type()), 1,
                   out.communicator, out.stream.stream()),
          "send");
  }

  void doReceive(at::Tensor &tensor, uint32_t source) override {
    Line &in = line({source, getRank()});
    order(c10::cuda::getCurrentCUDAStream(), in.stream);
    check(ncclRecv(tensor.data_ptr(), tensor.numel(), toNccl(tensor.scalar_type()), 0,
                   in.communicator, in.stream.stream()),
          "receive");
    order(in.stream, c10::cuda::getCurrentCUDAStream());
  }

private:
  NcclOptions options;
  std::shared_ptr<Watchdog> watchdog;
  std::map<std::vector<uint32_t>, uint32_t> numCreated;
  std::unique_ptr<Group> everybody;
  std::map<Channel, Line> channels;
};

/// The kernels register themselves when the library is loaded; it needs all of CUDA.
void loadTorchCuda() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&c10::cuda::device_count), &info))
    throw std::runtime_error("the NCCL backend does not find LibTorch's folder");
  std::string path = std::filesystem::path(info.dli_fname).parent_path() / "libtorch_cuda.so";
  if (!dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL))
    throw std::runtime_error(std::string("LibTorch's CUDA kernels cannot be loaded: ") + dlerror() +
                             "; run scripts/setup.sh --cuda");
}

void checkDevice(uint32_t device) {
  int count = 0;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0)
    throw std::runtime_error(
        std::string("the NCCL backend needs a GPU and its driver, and finds none: ") +
        (error != cudaSuccess ? cudaGetErrorString(error) : "no CUDA device") +
        "; install an NVIDIA driver for CUDA 13 (580 or later), or use --backend=gloo");
  if (device >= static_cast<uint32_t>(count))
    throw std::runtime_error("rank with GPU " + std::to_string(device) + ", but this machine has " +
                             std::to_string(count) + "; start at most " + std::to_string(count) +
                             " ranks on it");
}

} // namespace

extern "C" Communicator *acesoCreateNcclCommunicator(const std::shared_ptr<KeyValueStore> &store,
                                                     uint32_t rank, uint32_t size,
                                                     const NcclOptions &options) {
  checkDevice(options.device);
  loadTorchCuda();
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(options.device));
  return new NcclCommunicator(store, rank, size, options);
}

} // namespace aceso
