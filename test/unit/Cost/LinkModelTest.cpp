//===- LinkModelTest.cpp - Times of collectives and transfers ---*- C++ -*-===//

#include "TableText.h"
#include "TestFolder.h"

#include "aceso/Cost/DeviceModel.h"
#include "aceso/Cost/LinkModel.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

constexpr int64_t KiB = 1024, MiB = 1024 * KiB;

class LinkModelTest : public testing::Test {
protected:
  LinkModelTest() {
    folder.write("m_mbs1_tp1_algo0.csv",
                 opHeader + "\nfc,10,20,1,1,1,1,0,0\nrelu,4,8,1,1,0,2,0,0\n");
    // 1 KiB in 1 us, 2 MiB in 1 s / 1024; the rate doubles from there.
    folder.write("p2p_intra_node.csv", "0.0009765625,2,4\n0.95367431640625,2,4\n");
    folder.write("p2p_inter_node.csv", "1,8\n0.5,0.5\n");
    folder.write("prim_m_all_reduce_2gpus.csv",
                 "data_size(MB),time(ms)\n0.001953125,0.1\n1,0.5\n3,2.5\n800,1000000000\n");
    folder.write("prim_m_all_gather_2gpus.csv", "data_size(MB),time(ms)\n800,1000000000\n");
  }

  std::shared_ptr<CostTables> tables() {
    Result<CostTables> tables = CostTables::load(folder.path, "m");
    EXPECT_TRUE(tables) << tables.error();
    return std::make_shared<CostTables>(std::move(*tables));
  }

  TestFolder folder;
};

} // namespace

TEST_F(LinkModelTest, CollectivesArePiecewiseLinearInSize) {
  LinkModel links(tables());
  auto reduce = [&](int64_t bytes) {
    return links.collective(CollectiveKind::AllReduce, 2, 1, bytes);
  };
  EXPECT_EQ(reduce(1 * MiB), (Price{500000, NoEstimate}));
  EXPECT_EQ(reduce(2 * MiB), (Price{1500000, NoEstimate}));
  EXPECT_EQ(reduce(3 * MiB), (Price{2500000, NoEstimate}));
  EXPECT_EQ(reduce(2 * KiB), (Price{100000, NoEstimate}));
}

TEST_F(LinkModelTest, BeyondATableItsEndPointsServe) {
  LinkModel links(tables());
  auto reduce = [&](int64_t bytes) {
    return links.collective(CollectiveKind::AllReduce, 2, 1, bytes);
  };
  EXPECT_EQ(reduce(4), (Price{100000, CollectiveSizeEstimate})) << "time of the smallest size";
  EXPECT_EQ(reduce(6 * MiB), (Price{5000000, CollectiveSizeEstimate})) << "rate of the largest";
  EXPECT_EQ(reduce(800 * MiB).estimates, CollectiveSizeEstimate) << "a skipped size is no point";
  EXPECT_EQ(reduce(0), Price{});
  EXPECT_EQ(links.collective(CollectiveKind::AllReduce, 1, 1, MiB), Price{});
}

TEST_F(LinkModelTest, Messages) {
  LinkModel links(tables());
  EXPECT_EQ(links.message(1 * KiB, false), (Price{1000, NoEstimate}));
  EXPECT_EQ(links.message(4 * MiB, false), (Price{976563, NoEstimate}));
  EXPECT_EQ(links.message(8 * MiB, false), (Price{1953125, LinkSizeEstimate}));
  EXPECT_EQ(links.message(10, false), (Price{1000, LinkSizeEstimate}));
  EXPECT_EQ(links.message(2 * MiB, true), (Price{3906250, NoEstimate}));
  EXPECT_EQ(links.message(0, true), Price{});
}

TEST_F(LinkModelTest, WithoutATableARingOfMessages) {
  LinkModel links(tables());
  Price part = links.message(1 * KiB, false);
  auto ring = [&](CollectiveKind kind, int64_t bytes) {
    return links.collective(kind, 4, 1, bytes);
  };
  EXPECT_EQ(ring(CollectiveKind::AllReduce, 4 * KiB),
            (Price{2 * 3 * part.ns, CollectiveRingEstimate}));
  EXPECT_EQ(ring(CollectiveKind::ReduceScatter, 4 * KiB),
            (Price{3 * part.ns, CollectiveRingEstimate}));
  EXPECT_EQ(ring(CollectiveKind::AllGather, 1 * KiB), (Price{3 * part.ns, CollectiveRingEstimate}));
  EXPECT_EQ(ring(CollectiveKind::AllToAll, 4 * KiB), (Price{3 * part.ns, CollectiveRingEstimate}));
  // A table of nothing but skipped sizes is no table.
  EXPECT_EQ(links.collective(CollectiveKind::AllGather, 2, 1, KiB).estimates,
            CollectiveRingEstimate);
}

TEST_F(LinkModelTest, OverNodesTheSlowLinkCounts) {
  LinkModel links(tables());
  // Two ranks in each of two nodes.
  Price part = links.message(1 * MiB, true);
  EXPECT_EQ(links.collective(CollectiveKind::AllReduce, 4, 2, 4 * MiB),
            (Price{2 * 3 * part.ns, CollectiveNodesEstimate}));
  // All-to-all: each rank sends one part to its neighbour; both send two parts out of the node.
  int64_t expected = links.message(1 * MiB, false).ns + links.message(4 * MiB, true).ns;
  EXPECT_EQ(links.collective(CollectiveKind::AllToAll, 4, 2, 4 * MiB),
            (Price{expected, CollectiveNodesEstimate}));
  // A table of the group size inside a node says nothing about groups over nodes.
  EXPECT_EQ(links.collective(CollectiveKind::AllReduce, 2, 2, 2 * MiB).estimates,
            CollectiveNodesEstimate);
}

TEST_F(LinkModelTest, EstimatesAreNamed) {
  EXPECT_EQ(describeEstimates(NoEstimate), "");
  EXPECT_EQ(
      describeEstimates(OptimizerEstimate | LinkSizeEstimate),
      "estimated: messages of sizes outside the link table, by its end points; the optimizer, "
      "by bytes over memory bandwidth");
}

TEST_F(LinkModelTest, MemoryBandwidthIsThatOfTheFastestOp) {
  Result<DeviceModel> device = DeviceModel::fromTables(*tables());
  ASSERT_TRUE(device) << device.error();
  // relu leaves 2 MiB in 4 us, and reads as much.
  EXPECT_DOUBLE_EQ(device->memoryBytesPerNs, 2.0 * 2 * MiB / 4000);
  EXPECT_DOUBLE_EQ(device->memoryNs(2 * 2 * MiB), 4000);

  folder.write("m_mbs1_tp1_algo0.csv", opHeader + "\nfc,10,20,1,1,1,0,0,0\n");
  EXPECT_THAT(DeviceModel::fromTables(*tables()).error(), HasSubstr("column 'activations' is 0"));
}

TEST_F(LinkModelTest, MeasuredMemoryBandwidthReplacesTheEstimate) {
  EXPECT_FALSE(DeviceModel::fromTables(*tables())->isMeasured);
  folder.write("m_provenance.json", R"({"nproc": 4, "memory_gib_per_second": 5})");
  Result<DeviceModel> device = DeviceModel::fromTables(*tables());
  ASSERT_TRUE(device) << device.error();
  EXPECT_TRUE(device->isMeasured);
  EXPECT_DOUBLE_EQ(device->memoryNs(1024 * MiB), 2e8);
}

TEST_F(LinkModelTest, ABrokenProvenanceFileIsAnError) {
  for (auto [text, problem] :
       {std::pair("{", "is not a JSON object"),
        {"[1]", "is not a JSON object"},
        {"{}", "has no field 'memory_gib_per_second'"},
        {R"({"memory_gib_per_second": "fast"})",
         "field 'memory_gib_per_second' must be a number above 0, not \"fast\""},
        {R"({"memory_gib_per_second": 0})",
         "field 'memory_gib_per_second' must be a number above 0, not 0"}}) {
    folder.write("m_provenance.json", text);
    EXPECT_THAT(DeviceModel::fromTables(*tables()).error(),
                testing::AllOf(HasSubstr("/m_provenance.json: "), HasSubstr(problem),
                               HasSubstr("profile the model again")));
  }
}

/// Half precision: gradient 4, moments 8 read and written, main copy 4 read and written, weight 2.
TEST_F(LinkModelTest, OptimizerTraffic) {
  EXPECT_EQ(optimizerTrafficBytes(parameterBytes(2)), 4 + 2 * 8 + 2 * 4 + 2);
  EXPECT_EQ(optimizerTrafficBytes(parameterBytes(4)), 4 + 2 * 8 + 2 * 4);
}
