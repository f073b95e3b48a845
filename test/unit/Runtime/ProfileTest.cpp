//===- ProfileTest.cpp - Meters and tables of a profile -------------------===//

#include "ExampleProfileSet.h"

#include "aceso/Runtime/CountingAllocator.h"
#include "aceso/Runtime/GlooCommunicator.h"
#include "aceso/Runtime/Profile.h"
#include "aceso/Runtime/ProfileTables.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/resource.h>
#include <thread>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

/// A folder that goes with the test.
class ProfileTest : public testing::Test {
protected:
  ProfileTest() {
    installCountingAllocator();
    std::string pattern = testing::TempDir() + "aceso-profile-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~ProfileTest() override { std::filesystem::remove_all(folder); }

  std::string read(const std::string &name) const {
    std::ifstream in(folder + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string folder;
};

MeterOptions threadOptions() {
  MeterOptions options;
  options.ranksAreThreads = true;
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

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

TEST_F(ProfileTest, TablesReadAsTheyWereWritten) {
  ProfileSet set = exampleProfileSet(2);
  set.entries[0].inputBytes = 3 * bytesPerMiB / 2;
  set.entries[0].outputBytes = 64226;
  set.entries[0].weightBytes = 500;
  OpMeasurement measured;
  measured.forwardNs = 1234567;
  measured.backwardNs = 2;
  measured.forwardCollectiveNs = 1000;
  measured.backwardCollectiveNs = 999;
  measured.activationBytes = 65011712; // 62 MiB
  measured.forwardReservedBytes = 1049;
  measured.backwardReservedBytes = 17 * bytesPerMiB;
  writeWhole(folder + "/" + opTableName("m", 1, 2, 0), printOpTable({{&set.entries[0], measured}}));
  std::vector<MeasuredTime> times = {
      {0, 5}, {1024, 123456}, {1000000, 7000001}, {bytesPerMiB, 7000002}, {3 * bytesPerMiB, 9}};
  writeWhole(folder + "/" + collectiveTableName("m", CollectiveKind::AllGather, 4),
             printCollectiveTable(times));
  writeWhole(folder + "/" + linkTableName,
             printLinkTable({{1024, 500000}, {bytesPerMiB, 1000000}, {2 * bytesPerMiB, 1000000}}));
  Result<CostTables> tables = CostTables::load(folder, "m");
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_TRUE(tables->getOps().hasCollectives());
  auto key = tables->getOps().findKey("mlp");
  ASSERT_TRUE(key);
  const OpRow *row = tables->getOps().find(*key, 1, 2, 0);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->forwardNs, 1235567);
  EXPECT_EQ(row->backwardNs, 1001);
  EXPECT_EQ(row->forwardCollectiveNs, 1000);
  EXPECT_EQ(row->backwardCollectiveNs, 999);
  // Units are 1/2000 MiB, the file has three decimals.
  EXPECT_EQ(row->inputUnits, 3000);
  EXPECT_EQ(row->outputUnits, 2 * 61);
  EXPECT_EQ(row->weightUnits, 0);
  EXPECT_EQ(row->activationUnits, 62 * unitsPerMiB);
  EXPECT_EQ(row->forwardReservedUnits, 2);
  EXPECT_EQ(row->backwardReservedUnits, 17 * unitsPerMiB);
  const CollectiveTable *gather = tables->findCollective(CollectiveKind::AllGather, 4);
  ASSERT_TRUE(gather);
  ASSERT_EQ(gather->points.size(), times.size());
  for (size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(gather->points[i].bytes, times[i].bytes);
    EXPECT_EQ(gather->points[i].ns, times[i].ns);
  }
  const auto &links = tables->getIntraNode().points;
  ASSERT_EQ(links.size(), 3u);
  EXPECT_EQ(links[0].bytes, 1024);
  EXPECT_NEAR(links[0].gibPerSecond, 0.00190735, 1e-8);
  EXPECT_NEAR(links[1].gibPerSecond, 0.976562, 1e-6);
}

TEST_F(ProfileTest, FilesAreWholeOrNotThere) {
  std::string missing = folder + "/no/table.csv";
  try {
    writeWhole(missing, "x");
    ADD_FAILURE() << "no error";
  } catch (const std::runtime_error &error) {
    EXPECT_THAT(error.what(), HasSubstr("no/table.csv: cannot be written (No such file"));
  }
  // A folder in place of the file: the content was written, but cannot take its place.
  std::filesystem::create_directory(folder + "/table.csv");
  std::ofstream(folder + "/table.csv/occupied");
  EXPECT_THROW(writeWhole(folder + "/table.csv", "x"), std::runtime_error);
  EXPECT_FALSE(std::filesystem::exists(folder + "/table.csv.part"));
  EXPECT_EQ(prepareFolder(folder + "/new/deep"), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder + "/new/deep"));
  std::ofstream(folder + "/file");
  EXPECT_THAT(prepareFolder(folder + "/file"), HasSubstr("give another --output"));
  EXPECT_THAT(prepareFolder("/dev/full/x"), HasSubstr("give another --output"));
}

/// A limit of the process stands for a full disk: part of the file can be written.
TEST_F(ProfileTest, FullDiskIsSaidAndLeavesWhatWasThere) {
  std::string file = folder + "/table.csv";
  writeWhole(file, "old\n");
  signal(SIGXFSZ, SIG_IGN);
  rlimit before, small;
  getrlimit(RLIMIT_FSIZE, &before);
  small = {1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::string problem;
  try {
    writeWhole(file, std::string(2000, 'x'));
  } catch (const std::runtime_error &error) {
    problem = error.what();
  }
  std::string folderProblem = prepareFolder(folder);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(problem, HasSubstr("table.csv: cannot be written (File too large); check that the "
                                 "folder may be written and the disk has space"));
  EXPECT_THAT(folderProblem, HasSubstr("files cannot be written there (File too large)"));
  EXPECT_EQ(read("table.csv"), "old\n");
  EXPECT_FALSE(std::filesystem::exists(file + ".part"));
}

//===----------------------------------------------------------------------===//
// All together
//===----------------------------------------------------------------------===//

namespace {

std::optional<RankFailure> profileAsThreads(const ProfileSet &set, const ProfileOptions &options,
                                            ProfileFacts &facts, std::ostream &progress) {
  return runAsThreads(createThreadCommunicators(set.devices), [&](Communicator &communicator) {
    ProfileOptions own = options;
    own.meter.ranksAreThreads = true;
    ProfileFacts found = profile(set, communicator, own, progress);
    if (communicator.getRank() == 0)
      facts = found;
  });
}

} // namespace

TEST_F(ProfileTest, WritesEveryTable) {
  ProfileSet set = exampleProfileSet(4, {32, 8192, true});
  set.skipped.push_back({{"mlp", 1, 2, 0}, "no program for two"});
  ProfileOptions options;
  options.folder = folder;
  options.maxSeconds = 600;
  options.secondsUsed = 575;
  options.backend = "threads";
  ProfileFacts facts;
  std::ostringstream progress;
  auto failure = profileAsThreads(set, options, facts, progress);
  ASSERT_FALSE(failure) << failure->reason;
  Result<CostTables> tables = CostTables::load(folder, set.tablePrefix);
  ASSERT_TRUE(tables) << tables.error();
  const OpTable &ops = tables->getOps();
  EXPECT_TRUE(ops.hasCollectives());
  EXPECT_EQ(ops.getSamples(), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(ops.getTps(), (std::vector<int64_t>{1, 4}));
  for (int64_t samples : {1, 2}) {
    const OpRow *rule0 = ops.find(0, samples, 1, 0), *rule1 = ops.find(0, samples, 1, 1);
    ASSERT_TRUE(rule0 && rule1 && ops.find(0, samples, 4, 0));
    EXPECT_FALSE(ops.find(0, samples, 4, 1));
    EXPECT_EQ(rule0->forwardNs, rule1->forwardNs) << "measured once";
  }
  for (unsigned kind = 0; kind < numCollectiveKinds; ++kind) {
    EXPECT_EQ(tables->collectiveGroups(CollectiveKind(kind)), (std::vector<int64_t>{2, 4}));
    const CollectiveTable *table = tables->findCollective(CollectiveKind(kind), 2);
    // The weights have 2 MiB.
    EXPECT_EQ(table->points.size(), 13u) << "0, 1 KiB ... 2 MiB";
    EXPECT_TRUE(table->findNs(0) && table->findNs(1024) && table->findNs(bytesPerMiB));
  }
  EXPECT_EQ(tables->getIntraNode().points.size(), 12u);

  nlohmann::json provenance = nlohmann::json::parse(read("example_mlp_provenance.json"));
  EXPECT_GT(provenance["memory_gib_per_second"], 0);
  EXPECT_EQ(provenance["settings"]["nproc"], 4);
  EXPECT_EQ(provenance["settings"]["samples"], (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(provenance["settings"]["max_seconds"], 600);
  EXPECT_EQ(provenance["versions"]["backend"], "threads");
  EXPECT_FALSE(provenance["machine"]["cpu"].get<std::string>().empty());
  EXPECT_GE(provenance["seconds"], 575);
  EXPECT_EQ(provenance["rows"], 6);
  EXPECT_EQ(provenance["programs"], 4);
  EXPECT_EQ(provenance["skipped"][0]["reason"], "no program for two");
  size_t numFiles = 0;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    ++numFiles;
    EXPECT_NE(entry.path().extension(), ".part");
  }
  EXPECT_EQ(numFiles, 6u + 8 + 1 + 1) << "ops, collectives, messages, provenance";

  EXPECT_THAT(progress.str(), testing::StartsWith("profiled 0/14  now messages  "));
  std::string summary = printProfileSummary(*tables, facts);
  EXPECT_THAT(summary, HasSubstr("\nmlp    "));
  EXPECT_THAT(summary, HasSubstr("\ntotal  "));
  EXPECT_THAT(summary, HasSubstr("\nreduce_scatter  4 ranks     1 KiB "));
  EXPECT_THAT(summary, HasSubstr("6 rows from 4 programs"));
  EXPECT_THAT(summary, HasSubstr("note: 1 rows have no program"));
  auto json = nlohmann::json::parse(printProfileSummaryJson(*tables, facts));
  EXPECT_EQ(json["ops"].size(), 2u);
  EXPECT_EQ(json["collectives"].size(), 8u);
}

TEST_F(ProfileTest, TimeThatIsUpIsSaidAndWhatIsCompleteStays) {
  ProfileSet set = exampleProfileSet(2);
  ProfileOptions options;
  options.folder = folder;
  options.maxSeconds = 5;
  options.secondsUsed = 5;
  ProfileFacts facts;
  std::ostringstream progress;
  auto failure = profileAsThreads(set, options, facts, progress);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->rank, 0u);
  EXPECT_EQ(failure->reason,
            "--max-seconds=5 is over: 0 of 10 measurements are done, the next were messages and 9 "
            "more; 0 of 12 files are complete in " +
                folder + "; give more seconds, or fewer --samples or --tp");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

/// A failure in the middle: files of what was complete are there and can be read.
TEST_F(ProfileTest, FailureKeepsCompleteFiles) {
  ProfileSet set = exampleProfileSet(2);
  ProfileOptions options;
  options.folder = folder;
  options.maxSeconds = 600;
  options.secondsUsed = 575;
  options.meter.beforeInstruction = [&](int64_t, const Instruction &instruction) {
    if (instruction.kind == InstructionKind::Convert &&
        std::filesystem::exists(folder + "/" + opTableName("example_mlp", 1, 1, 1)))
      throw std::runtime_error("the machine has had enough");
  };
  ProfileFacts facts;
  std::ostringstream progress;
  auto failure = profileAsThreads(set, options, facts, progress);
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->reason, HasSubstr("the machine has had enough"));
  Result<CostTables> tables = CostTables::load(folder, set.tablePrefix);
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_EQ(tables->getOps().getTps(), (std::vector<int64_t>{1}));
}
