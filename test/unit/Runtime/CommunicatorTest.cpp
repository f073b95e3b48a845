//===- CommunicatorTest.cpp - One suite for all communicators -------------===//
//
// Backends: threads; Gloo with ranks as threads; Gloo with ranks as processes, which are this
// program again with other arguments; NCCL, which needs a GPU for each rank.
//
//===----------------------------------------------------------------------===//

#include "CommunicatorCases.h"

#include "aceso/Runtime/GlooCommunicator.h"
#include "aceso/Runtime/NcclPlugin.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;
using namespace std::chrono_literals;

namespace {

const CommunicatorCase &findCase(const std::string &name) {
  for (const auto *cases : {&communicatorCases(), &failureCases()})
    for (const CommunicatorCase &one : *cases)
      if (one.name == name)
        return one;
  throw std::runtime_error("no case " + name);
}

/// How a run of all ranks ended: the first failure that was no PeerFailure, and what each rank saw.
struct Outcome {
  std::optional<RankFailure> failure;
  /// By rank: the PeerFailure, if it had one.
  std::vector<std::optional<PeerFailure>> peerFailures;
};

using Runner = std::function<Outcome(uint32_t size, const CommunicatorCase &)>;

/// One thread for each rank; `make` creates its communicator.
Outcome runThreads(uint32_t size, const CommunicatorCase &one,
                   const std::function<std::unique_ptr<Communicator>(uint32_t)> &make) {
  Outcome outcome{{}, std::vector<std::optional<PeerFailure>>(size)};
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (uint32_t rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      at::NoGradGuard noGradients;
      at::set_num_threads(1);
      std::unique_ptr<Communicator> communicator;
      try {
        communicator = make(rank);
        one.run(*communicator);
      } catch (const PeerFailure &failure) {
        outcome.peerFailures[rank] = failure;
      } catch (const std::exception &failure) {
        {
          std::lock_guard lock(mutex);
          if (!outcome.failure)
            outcome.failure = {rank, failure.what()};
        }
        if (communicator)
          communicator->abort(failure.what());
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  return outcome;
}

Outcome runOnThreads(uint32_t size, const CommunicatorCase &one) {
  auto communicators = createThreadCommunicators(size, {.timeout = 30s});
  return runThreads(size, one, [&](uint32_t rank) { return std::move(communicators[rank]); });
}

GlooOptions glooOptions() {
  GlooOptions options;
  options.timeout = 30s;
  return options;
}

Outcome runOnGlooThreads(uint32_t size, const CommunicatorCase &one) {
  std::shared_ptr<KeyValueStore> store = openMemoryStore();
  return runThreads(size, one, [&](uint32_t rank) {
    return createGlooCommunicator(store, rank, size, glooOptions());
  });
}

/// Exit codes of a rank's process.
constexpr int peerFailed = 3, failed = 4;

/// What a rank's process does; `folder` is where it leaves what it saw.
int runRank(const std::string &folder, uint32_t rank, uint32_t size, const std::string &name) {
  at::NoGradGuard noGradients;
  at::set_num_threads(1);
  std::string note = folder + "/" + std::to_string(rank);
  auto store = openFileStore(folder + "/store", size);
  std::unique_ptr<Communicator> communicator;
  try {
    communicator = createGlooCommunicator(store, rank, size, glooOptions());
    findCase(name).run(*communicator);
    // Nobody leaves while others still talk to it.
    communicator->world().barrier();
    return 0;
  } catch (const PeerFailure &failure) {
    std::ofstream(note) << (failure.rank ? std::to_string(*failure.rank) : "?") << " "
                        << failure.reason;
    return peerFailed;
  } catch (const std::exception &failure) {
    std::ofstream(note) << failure.what();
    if (communicator)
      communicator->abort(failure.what());
    return failed;
  }
}

Outcome runOnGlooProcesses(uint32_t size, const CommunicatorCase &one) {
  std::string pattern = testing::TempDir() + "aceso-communicator-XXXXXX";
  std::string folder = mkdtemp(pattern.data());
  std::vector<pid_t> children;
  for (uint32_t rank = 0; rank < size; ++rank) {
    pid_t child = fork();
    if (child == 0) {
      std::string r = std::to_string(rank), s = std::to_string(size);
      execl("/proc/self/exe", "rank", folder.c_str(), r.c_str(), s.c_str(), one.name.c_str(),
            nullptr);
      _exit(127);
    }
    children.push_back(child);
  }
  Outcome outcome{{}, std::vector<std::optional<PeerFailure>>(size)};
  for (uint32_t rank = 0; rank < size; ++rank) {
    int status = 0;
    waitpid(children[rank], &status, 0);
    std::ifstream note(folder + "/" + std::to_string(rank));
    std::string text((std::istreambuf_iterator<char>(note)), {});
    if (WIFEXITED(status) && WEXITSTATUS(status) == peerFailed) {
      size_t space = text.find(' ');
      std::optional<uint32_t> culprit;
      if (text[0] != '?')
        culprit = std::stoul(text.substr(0, space));
      outcome.peerFailures[rank] = PeerFailure(culprit, text.substr(space + 1));
    } else if (status != 0 && !outcome.failure) {
      outcome.failure = {rank, text.empty() ? "status " + std::to_string(status) : text};
    }
  }
  std::filesystem::remove_all(folder);
  return outcome;
}

struct SuiteBackend {
  std::string name;
  Runner run;
  std::vector<uint32_t> sizes;
};

const std::vector<SuiteBackend> &backends() {
  // Processes take their time to start.
  static const std::vector<SuiteBackend> backends = {
      {"Threads", runOnThreads, {1, 2, 3, 4}},
      {"GlooThreads", runOnGlooThreads, {1, 2, 3, 4}},
      {"GlooProcesses", runOnGlooProcesses, {3}}};
  return backends;
}

class CommunicatorTest : public testing::TestWithParam<std::tuple<SuiteBackend, CommunicatorCase>> {
};
class CommunicatorFailureTest : public CommunicatorTest {};

std::string nameOf(const testing::TestParamInfo<CommunicatorTest::ParamType> &info) {
  return std::get<0>(info.param).name + std::get<1>(info.param).name;
}

} // namespace

TEST_P(CommunicatorTest, Conforms) {
  const auto &[backend, one] = GetParam();
  for (uint32_t size : backend.sizes) {
    Outcome outcome = backend.run(size, one);
    if (outcome.failure)
      FAIL() << "with " << size << " ranks, rank " << outcome.failure->rank << ": "
             << outcome.failure->reason;
    for (uint32_t rank = 0; rank < size; ++rank)
      if (outcome.peerFailures[rank])
        FAIL() << "with " << size << " ranks, rank " << rank << ": "
               << outcome.peerFailures[rank]->what();
  }
}

TEST_P(CommunicatorFailureTest, EndsAllRanks) {
  const auto &[backend, one] = GetParam();
  for (uint32_t size : backend.sizes) {
    if (size == 1)
      continue;
    Outcome outcome = backend.run(size, one);
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->rank, size - 1);
    EXPECT_EQ(outcome.failure->reason, "out of coffee");
    for (uint32_t rank = 0; rank + 1 < size; ++rank) {
      ASSERT_TRUE(outcome.peerFailures[rank]) << "rank " << rank << " did not notice";
      EXPECT_EQ(outcome.peerFailures[rank]->rank, size - 1);
      EXPECT_THAT(outcome.peerFailures[rank]->what(),
                  HasSubstr("rank " + std::to_string(size - 1) + " failed: out of coffee"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CommunicatorTest,
                         testing::Combine(testing::ValuesIn(backends()),
                                          testing::ValuesIn(communicatorCases())),
                         nameOf);
INSTANTIATE_TEST_SUITE_P(All, CommunicatorFailureTest,
                         testing::Combine(testing::ValuesIn(backends()),
                                          testing::ValuesIn(failureCases())),
                         nameOf);

//===----------------------------------------------------------------------===//
// What not all have in common
//===----------------------------------------------------------------------===//

TEST(ThreadCommunicatorTest, GivesUpAfterTheTimeout) {
  auto failure =
      runAsThreads(createThreadCommunicators(2, {.timeout = 200ms}), [](Communicator &c) {
        if (c.getRank() == 0)
          c.world().barrier();
      });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->rank, 0u);
  EXPECT_THAT(failure->reason, HasSubstr("no answer within 200 ms while waiting for a collective"));
}

TEST(ThreadCommunicatorTest, TheFirstFailureIsReported) {
  auto failure = runAsThreads(createThreadCommunicators(4), [](Communicator &c) {
    if (c.getRank() == 2)
      throw std::runtime_error("a full disk");
    c.world().barrier();
  });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->rank, 2u);
  EXPECT_EQ(failure->reason, "a full disk");
}

TEST(GlooCommunicatorTest, UnknownNetworkIsNamed) {
  GlooOptions options = glooOptions();
  for (const char *network : {"eth77", "eth0.77", "203.0.113.7"}) {
    options.network = network;
    try {
      createGlooCommunicator(openMemoryStore(), 0, 1, options);
      FAIL() << network;
    } catch (const std::runtime_error &error) {
      EXPECT_THAT(error.what(), HasSubstr("'" + options.network + "' is neither a network"));
    }
  }
  for (const char *network : {"lo", "127.0.0.1"}) {
    options.network = network;
    EXPECT_NO_THROW(createGlooCommunicator(openMemoryStore(), 0, 1, options));
  }
}

/// A rank that hangs closes nothing: the time limit ends the wait, and the error names it.
TEST(GlooCommunicatorTest, RankThatHangsIsNamed) {
  std::shared_ptr<KeyValueStore> store = openMemoryStore();
  GlooOptions options = glooOptions();
  options.timeout = 500ms;
  std::promise<void> isOver;
  std::thread hanging([&, over = isOver.get_future()] {
    std::unique_ptr<Communicator> communicator = createGlooCommunicator(store, 1, 2, options);
    communicator->openChannels({{1, 0}});
    over.wait();
  });
  std::string message;
  {
    std::unique_ptr<Communicator> communicator = createGlooCommunicator(store, 0, 2, options);
    communicator->openChannels({{1, 0}});
    at::Tensor tensor = at::empty({4});
    try {
      communicator->receive(tensor, 1);
    } catch (const PeerFailure &failure) {
      message = failure.what();
    }
    isOver.set_value();
    hanging.join();
  }
  EXPECT_THAT(message, testing::StartsWith("rank 1 failed: rank 0 waited for it in vain (Timed out "
                                           "waiting 500ms for recv operation"));
  EXPECT_THAT(message, testing::HasSubstr("--timeout"));
}

/// A process that is killed says nothing, but its connections close.
TEST(GlooCommunicatorTest, KilledRankEndsAll) {
  std::string pattern = testing::TempDir() + "aceso-communicator-XXXXXX";
  std::string folder = mkdtemp(pattern.data());
  auto begin = std::chrono::steady_clock::now();
  pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "rank", folder.c_str(), "1", "2", "killed", nullptr);
    _exit(127);
  }
  auto store = openFileStore(folder + "/store", 2);
  auto communicator = createGlooCommunicator(store, 0, 2, glooOptions());
  communicator->world().barrier();
  EXPECT_THROW(communicator->world().barrier(), PeerFailure);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 25s) << "not by the timeout of 30 s";
  std::filesystem::remove_all(folder);
}

TEST(NcclPluginTest, LoadsAndSaysWhatIsMissing) {
  std::shared_ptr<KeyValueStore> store = openMemoryStore();
  std::string problem;
  try {
    NcclOptions options;
    options.timeout = 30s;
    auto communicator = createNcclCommunicator(store, 0, 1, options);
    // A GPU is there: the suite with one rank.
    for (const CommunicatorCase &one : communicatorCases())
      EXPECT_NO_THROW(one.run(*communicator)) << one.name;
    return;
  } catch (const std::runtime_error &error) {
    problem = error.what();
  }
  // The plug-in itself loads everywhere; then it looks for a driver, a GPU, CUDA's libraries.
  EXPECT_THAT(problem, testing::AnyOf(HasSubstr("needs a GPU and its driver, and finds none: "),
                                      HasSubstr("CUDA kernels cannot be loaded: ")));
  EXPECT_THAT(problem, testing::AnyOf(HasSubstr("or use --backend=gloo"), HasSubstr("setup.sh")));
}

int main(int argc, char **argv) {
  if (argc == 5 && std::string(argv[0]) == "rank") {
    if (std::string(argv[4]) == "killed") {
      auto store = openFileStore(std::string(argv[1]) + "/store", 2);
      auto communicator = createGlooCommunicator(store, 1, 2, glooOptions());
      communicator->world().barrier();
      std::raise(SIGKILL);
    }
    return runRank(argv[1], std::stoul(argv[2]), std::stoul(argv[3]), argv[4]);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
