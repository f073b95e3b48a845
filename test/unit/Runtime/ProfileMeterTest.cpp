//===- ProfileMeterTest.cpp - What ops and links are measured as ----------===//

#include "ExampleProfileSet.h"

#include "aceso/Runtime/CountingAllocator.h"
#include "aceso/Runtime/GlooCommunicator.h"
#include "aceso/Runtime/ProfileMeter.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

MeterOptions threadOptions() {
  MeterOptions options;
  options.memoryScope = ChargeScope::Thread;
  return options;
}

/// Runs `body` as `size` ranks, each with a meter; fails if a rank does. Ranks are threads that
/// talk over Gloo, as processes do.
void withMeters(uint32_t size, const std::function<void(ProfileMeter &, uint32_t)> &body) {
  installCountingAllocator();
  std::shared_ptr<KeyValueStore> store = openMemoryStore();
  std::vector<std::string> problems(size);
  std::vector<std::thread> threads;
  for (uint32_t rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      at::NoGradGuard noGradients;
      at::set_num_threads(1);
      try {
        auto communicator = createGlooCommunicator(store, rank, size);
        ProfileMeter meter(*communicator, threadOptions());
        body(meter, rank);
        communicator->world().barrier();
      } catch (const std::exception &error) {
        problems[rank] = error.what();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_THAT(problems, testing::Each(""));
}

/// The entries of `set` that have programs, each for `seconds`; the others are left out.
std::map<size_t, OpMeasurement> measure(const ProfileSet &set, double seconds = 0) {
  EXPECT_EQ(verifyProfileSet(set), "");
  std::map<size_t, OpMeasurement> measured;
  withMeters(set.devices, [&](ProfileMeter &meter, uint32_t rank) {
    for (size_t i = 0; i < set.entries.size(); ++i)
      if (!set.entries[i].sameAs) {
        OpMeasurement own = meter.measureOp(set.entries[i], seconds);
        if (rank == 0)
          measured[i] = own;
      }
  });
  return measured;
}

} // namespace

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// What is between the layers counts as activation if it is kept, else as work space.
TEST(ProfileMeterTest, CountsWhatAnOpHolds) {
  for (int64_t devices : {2, 4})
    for (bool keepsBetween : {true, false}) {
      ExampleMlp mlp{16, 64, keepsBetween};
      ProfileSet set = exampleProfileSet(devices, mlp);
      for (const auto &[index, measured] : measure(set)) {
        const ProfileKey &key = set.entries[index].key;
        SCOPED_TRACE(describeProfileKey(key) + (keepsBetween ? ", kept" : ", not kept"));
        // Of one rank, in f32.
        int64_t narrow = 4 * key.samples * mlp.inner;
        int64_t wide = 4 * key.samples * mlp.hidden / key.tp;
        int64_t weight = 4 * mlp.inner * mlp.hidden / key.tp;
        EXPECT_EQ(measured.activationBytes, narrow + (keepsBetween ? wide : 0));
        EXPECT_EQ(measured.forwardReservedBytes, keepsBetween ? 0 : wide);
        // The gradient between the layers, and that of one weight until it is added.
        EXPECT_EQ(measured.backwardReservedBytes, wide + weight + (keepsBetween ? 0 : wide));
      }
    }
}

TEST(ProfileMeterTest, TimesKernelsAndConversionsApart) {
  ProfileSet set = exampleProfileSet(2, {64, 256, true});
  std::map<size_t, OpMeasurement> measured = measure(set);
  OpMeasurement whole = measured[0], split = measured[2];
  for (const OpMeasurement *op : {&whole, &split}) {
    EXPECT_GT(op->forwardNs, 0);
    EXPECT_GT(op->backwardNs, 0);
  }
  // Without tensor parallelism the program has no conversion in forward or backward.
  EXPECT_EQ(whole.forwardCollectiveNs, 0);
  EXPECT_EQ(whole.backwardCollectiveNs, 0);
  EXPECT_GT(split.forwardCollectiveNs, 0);
  EXPECT_GT(split.backwardCollectiveNs, 0);
}

TEST(ProfileMeterTest, RepeatsAsLongAsThereIsTime) {
  ProfileSet set = exampleProfileSet(2);
  EXPECT_EQ(measure(set)[0].numTimed, 3) << "one step without its first micro-batch";
  EXPECT_EQ(measure(set, 60)[0].numTimed, 60) << "more says nothing new";
}

/// Its only micro-batch is the first one, and counts.
TEST(ProfileMeterTest, ProgramOfOneMicroBatchIsMeasured) {
  ProfileSet set = exampleProfileSet(2);
  set.entries.resize(1);
  Program &program = set.entries[0].program;
  program.globalBatch = program.microBatch;
  for (ScheduleItem &item : program.stages[0].schedule)
    item.count = 1;
  OpMeasurement measured = measure(set)[0];
  EXPECT_EQ(measured.numTimed, 1);
  EXPECT_GT(measured.forwardNs, 0);
}

TEST(ProfileMeterTest, WhatFailsNamesTheInstruction) {
  ProfileSet set = exampleProfileSet(2);
  auto failure = runAsThreads(createThreadCommunicators(2), [&](Communicator &communicator) {
    MeterOptions options = threadOptions();
    options.beforeInstruction = [](int64_t step, const Instruction &instruction) {
      if (step == 1 && instruction.name == "nn.linear")
        throw std::runtime_error("no more");
    };
    ProfileMeter(communicator, options).measureOp(set.entries[0], 60);
  });
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->reason, HasSubstr("(kernel nn.linear, mlp): no more"));
}

//===----------------------------------------------------------------------===//
// Links
//===----------------------------------------------------------------------===//

TEST(ProfileMeterTest, MeasuresEveryLink) {
  for (uint32_t size : {2, 3, 4})
    withMeters(size, [&](ProfileMeter &meter, uint32_t) {
      auto check = [](double value) {
        if (!(value > 0))
          throw std::runtime_error("nothing was measured");
      };
      check(meter.getBusyFactor() - 0.999);
      for (int64_t bytes : {1024, 1 << 16})
        check(meter.measureMessageNs(bytes, 0));
      check(meter.measureMemoryRate(0));
      for (CollectiveKind kind : {CollectiveKind::AllReduce, CollectiveKind::AllGather,
                                  CollectiveKind::ReduceScatter, CollectiveKind::AllToAll})
        for (uint32_t group = 2; group <= size; ++group)
          for (int64_t bytes : {0, 1000, 1 << 16})
            if (size % group == 0)
              check(meter.measureCollectiveNs(kind, group, bytes, ElementType::BF16, 0));
    });
}

TEST(ProfileMeterTest, MoreTimeGivesMoreCalls) {
  std::atomic<int> numChecks = 0;
  auto failure = runAsThreads(createThreadCommunicators(2), [&](Communicator &communicator) {
    MeterOptions options = threadOptions();
    options.checkTime = [&] { ++numChecks; };
    ProfileMeter meter(communicator, options);
    meter.measureCollectiveNs(CollectiveKind::AllReduce, 2, 1024, ElementType::F32, 0);
    int few = numChecks;
    meter.measureCollectiveNs(CollectiveKind::AllReduce, 2, 1024, ElementType::F32, 100);
    if (few >= numChecks - few)
      throw std::runtime_error("as few calls as without time");
  });
  EXPECT_FALSE(failure) << failure->reason;
}
