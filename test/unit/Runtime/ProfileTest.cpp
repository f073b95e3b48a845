//===- ProfileTest.cpp - The tables of a profile --------------------------===//

#include "ExampleProfileSet.h"
#include "TestFolder.h"

#include "aceso/Runtime/CountingAllocator.h"
#include "aceso/Runtime/Profile.h"
#include "aceso/Runtime/ProfileTables.h"
#include "aceso/Runtime/ThreadCommunicator.h"
#include "aceso/Support/OutputFiles.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

class ProfileTest : public testing::Test {
protected:
  ProfileTest() { installCountingAllocator(); }

  TestFolder folder;
};

} // namespace

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
  writeWhole(folder.file(opTableName("m", 1, 2, 0)), printOpTable({{&set.entries[0], measured}}));
  std::vector<MeasuredTime> times = {
      {0, 5}, {1024, 123456}, {1000000, 7000001}, {bytesPerMiB, 7000002}, {3 * bytesPerMiB, 9}};
  writeWhole(folder.file(collectiveTableName("m", CollectiveKind::AllGather, 4)),
             printCollectiveTable(times));
  writeWhole(folder.file(linkTableName),
             printLinkTable({{1024, 500000}, {bytesPerMiB, 1000000}, {2 * bytesPerMiB, 1000000}}));
  Result<CostTables> tables = CostTables::load(folder.path, "m");
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

//===----------------------------------------------------------------------===//
// All together
//===----------------------------------------------------------------------===//

namespace {

std::optional<RankFailure> profileAsThreads(const ProfileSet &set, const ProfileOptions &options,
                                            ProfileFacts &facts, std::ostream &progress) {
  return runAsThreads(createThreadCommunicators(set.devices), [&](Communicator &communicator) {
    ProfileOptions own = options;
    own.meter.memoryScope = ChargeScope::Thread;
    ProfileFacts found = profile(set, communicator, own, progress);
    if (communicator.getRank() == 0)
      facts = found;
  });
}

} // namespace

TEST_F(ProfileTest, WritesEveryTable) {
  ProfileSet set = exampleProfileSet(4, {32, 8192, true});
  set.entries[0].outputBytes = 5 * bytesPerMiB / 2;
  set.skipped.push_back({{"mlp", 1, 2, 0}, "no program for two"});
  ProfileOptions options;
  options.folder = folder.path;
  options.maxSeconds = 600;
  options.secondsUsed = 575;
  options.backend = "threads";
  ProfileFacts facts;
  std::ostringstream progress;
  auto failure = profileAsThreads(set, options, facts, progress);
  ASSERT_FALSE(failure) << failure->reason;
  Result<CostTables> tables = CostTables::load(folder.path, set.tablePrefix);
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
    EXPECT_EQ(table->points.size(), 15u) << "0, 1 KiB ... 4 MiB, 3 MiB";
    // By one of the whole numbers beside 2.5 formula `aceso` looks up.
    EXPECT_TRUE(table->findNs(2 * bytesPerMiB) && table->findNs(3 * bytesPerMiB));
    EXPECT_TRUE(table->findNs(0) && table->findNs(1024) && table->findNs(bytesPerMiB));
  }
  EXPECT_EQ(tables->getIntraNode().points.size(), 13u);

  nlohmann::json provenance = nlohmann::json::parse(folder.read("example_mlp_provenance.json"));
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
  for (const auto &entry : std::filesystem::directory_iterator(folder.path)) {
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
  options.folder = folder.path;
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
                folder.path + "; give more seconds, or fewer --samples or --tp");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
}

/// A failure in the middle: files of what was complete are there and can be read.
TEST_F(ProfileTest, FailureKeepsCompleteFiles) {
  ProfileSet set = exampleProfileSet(2);
  ProfileOptions options;
  options.folder = folder.path;
  options.maxSeconds = 600;
  options.secondsUsed = 575;
  options.meter.beforeInstruction = [&](int64_t, const Instruction &instruction) {
    if (instruction.kind == InstructionKind::Convert &&
        std::filesystem::exists(folder.file(opTableName("example_mlp", 1, 1, 1))))
      throw std::runtime_error("the machine has had enough");
  };
  ProfileFacts facts;
  std::ostringstream progress;
  auto failure = profileAsThreads(set, options, facts, progress);
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->reason, HasSubstr("the machine has had enough"));
  Result<CostTables> tables = CostTables::load(folder.path, set.tablePrefix);
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_EQ(tables->getOps().getTps(), (std::vector<int64_t>{1}));
}
