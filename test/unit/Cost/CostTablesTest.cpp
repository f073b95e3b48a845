//===- CostTablesTest.cpp - Reading cost tables -----------------*- C++ -*-===//

#include "TableText.h"
#include "TestFolder.h"

#include "aceso/Cost/CostTables.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

class CostTablesTest : public testing::Test {
protected:
  CostTablesTest() {
    folder.write("m_mbs2_tp1_algo0.csv",
                 opHeader +
                     "\r\nfc1,10.5,21,1.001,2,4.0,8.000,0,0.5\r\n\r\n fc2 , 1, 2,3,4,5,6,7,8\r\n");
    folder.write("m_mbs2_tp4_algo1.csv", opHeader + "\nfc1,5,6,1,1,1,1,1,1\n");
    folder.write("p2p_intra_node.csv", "0.125,1,2\r\n1.5, 7.41,8.20\r\n9,9,9\r\n");
  }

  Result<CostTables> load(const std::string &prefix = "m") {
    return CostTables::load(folder.path, prefix);
  }
  std::string loadError(const std::string &prefix = "m") {
    Result<CostTables> tables = load(prefix);
    return tables ? "no error" : tables.error();
  }

  TestFolder folder;
};

} // namespace

TEST_F(CostTablesTest, RowsAreExactIntegers) {
  Result<CostTables> tables = load();
  ASSERT_TRUE(tables) << tables.error();
  const OpTable &ops = tables->getOps();
  EXPECT_THAT(ops.getSamples(), ElementsAre(2));
  EXPECT_THAT(ops.getTps(), ElementsAre(1, 4));
  ASSERT_EQ(ops.getNumRules(), 2u);
  const OpRow *row = ops.find(*ops.findKey("fc1"), 2, 1, 0);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->forwardNs, 10500);
  EXPECT_EQ(row->backwardNs, 21000);
  EXPECT_EQ(row->inputUnits, 2002);
  EXPECT_EQ(row->outputUnits, 4000);
  EXPECT_EQ(row->weightUnits, 8000);
  EXPECT_EQ(row->activationUnits, 16000);
  EXPECT_EQ(row->forwardReservedUnits, 0);
  EXPECT_EQ(row->backwardReservedUnits, 1000);
  EXPECT_FALSE(row->hasCollectives);
  EXPECT_FALSE(ops.hasCollectives());
  const OpRow *second = ops.find(*ops.findKey("fc2"), 2, 1, 0);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->backwardReservedUnits, 16000);
}

TEST_F(CostTablesTest, MissingRowIsNullAndDescribed) {
  Result<CostTables> tables = load();
  ASSERT_TRUE(tables) << tables.error();
  const OpTable &ops = tables->getOps();
  OpTable::KeyId fc1 = *ops.findKey("fc1"), fc2 = *ops.findKey("fc2");
  EXPECT_TRUE(ops.find(fc1, 2, 4, 1));
  EXPECT_FALSE(ops.find(fc1, 2, 4, 0)) << "no such file";
  EXPECT_FALSE(ops.find(fc2, 2, 4, 1)) << "not in this file";
  EXPECT_FALSE(ops.find(fc1, 1, 1, 0));
  EXPECT_FALSE(ops.find(fc1, 1000, 1, 0));
  EXPECT_FALSE(ops.find(fc1, 2, 2, 0));
  EXPECT_FALSE(ops.find(fc1, 2, 1, 7));
  EXPECT_FALSE(ops.findKey("fc3"));
  std::string text = ops.describeMissing("fc2", 2, 4, 1);
  EXPECT_THAT(text, HasSubstr(folder.path + "/m_mbs2_tp4_algo1.csv"));
  EXPECT_THAT(text, HasSubstr("'fc2'"));
  EXPECT_THAT(text, HasSubstr("tp 1, 4"));
}

TEST_F(CostTablesTest, RowOfAFailedOpIsMissing) {
  folder.write("m_mbs1_tp1_algo0.csv",
               opHeader + "\nfc1,10000000,10000000,1,1,1,10000000,10000000,10000000\n");
  Result<CostTables> tables = load();
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_FALSE(tables->getOps().find(*tables->getOps().findKey("fc1"), 1, 1, 0));
}

TEST_F(CostTablesTest, ColumnsOfOwnCollectives) {
  std::string rest = ",1,1,1,1,1,1";
  folder.write("own_mbs1_tp1_algo0.csv",
               opHeader + ",fwd_collective,bwd_collective\nfc1,10,20" + rest + ",1.25,0\n");
  Result<CostTables> tables = load("own");
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_TRUE(tables->getOps().hasCollectives());
  EXPECT_EQ(tables->getOps().find(0, 1, 1, 0)->forwardCollectiveNs, 1250);
  EXPECT_EQ(tables->getOps().find(0, 1, 1, 0)->backwardCollectiveNs, 0);

  folder.write("own_mbs1_tp1_algo0.csv",
               opHeader + ",fwd_collective,bwd_collective\nfc1,10,20" + rest + ",11,0\n");
  EXPECT_THAT(loadError("own"), HasSubstr("own_mbs1_tp1_algo0.csv:2: the collectives of an op"));
  folder.write("own_mbs1_tp1_algo0.csv", opHeader + ",fwd_collective\nfc1,10,20" + rest + ",1\n");
  EXPECT_THAT(loadError("own"), HasSubstr("come together"));
}

TEST_F(CostTablesTest, Collectives) {
  folder.write("prim_m_all_reduce_2gpus.csv",
               "data_size(MB),time(ms)\r\n12,2.105\r\n0.125,0.0125\r\n1,0.5\r\n800,1000000000\r\n");
  folder.write("prim_m_all_reduce_4gpus.csv", "data_size(MB),time(ms)\n1,0.75\n");
  folder.write("prim_other_all_reduce_8gpus.csv", "data_size(MB),time(ms)\n1,0.75\n");
  Result<CostTables> tables = load();
  ASSERT_TRUE(tables) << tables.error();
  EXPECT_THAT(tables->collectiveGroups(CollectiveKind::AllReduce), ElementsAre(2, 4));
  EXPECT_FALSE(tables->findCollective(CollectiveKind::AllGather, 2));
  const CollectiveTable *table = tables->findCollective(CollectiveKind::AllReduce, 2);
  ASSERT_TRUE(table);
  ASSERT_EQ(table->points.size(), 4u);
  EXPECT_EQ(table->points[0].bytes, 1 << 17);
  EXPECT_EQ(table->points[0].ns, 12500);
  EXPECT_EQ(table->findNs(12 << 20), 2105000);
  EXPECT_FALSE(table->findNs(13 << 20));
  EXPECT_TRUE(table->points[3].isSkipped());
  EXPECT_FALSE(table->points[2].isSkipped());
}

TEST_F(CostTablesTest, LinksAndTheMissingInterNodeTable) {
  Result<CostTables> tables = load();
  ASSERT_TRUE(tables) << tables.error();
  const std::vector<LinkTable::Point> &points = tables->getIntraNode().points;
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].bytes, 1 << 17);
  EXPECT_EQ(points[1].gibPerSecond, 7.41);
  EXPECT_EQ(tables->getInterNode().points.size(), 3u);
  ASSERT_EQ(tables->getNotes().size(), 1u);
  EXPECT_THAT(tables->getNotes()[0], HasSubstr("no p2p_inter_node.csv"));

  folder.write("p2p_inter_node.csv", "1\n0.5\n");
  Result<CostTables> both = load();
  ASSERT_TRUE(both) << both.error();
  EXPECT_EQ(both->getInterNode().points[0].gibPerSecond, 0.5);
  EXPECT_TRUE(both->getNotes().empty());
}

TEST_F(CostTablesTest, UnknownPrefixNamesTheKnownOnes) {
  EXPECT_THAT(loadError("gpt_9B"), HasSubstr("it holds tables of: m"));
  EXPECT_THAT(loadError("gpt_9B"), HasSubstr("gpt_9B_mbs<m>_tp<t>_algo<a>.csv"));
  Result<CostTables> nowhere = CostTables::load(folder.path + "/none", "m");
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error(), HasSubstr("no folder with cost tables"));
}

TEST_F(CostTablesTest, UnreadableTable) {
  std::filesystem::create_directory(folder.file("m_mbs4_tp1_algo0.csv"));
  EXPECT_THAT(loadError(), HasSubstr("m_mbs4_tp1_algo0.csv: cannot be read (Is a directory); give "
                                     "the folder of the model's cost tables"));
}

TEST_F(CostTablesTest, FileNamesOutOfRange) {
  folder.write("m_mbs9999999_tp1_algo0.csv", opHeader);
  EXPECT_THAT(loadError(), HasSubstr("m_mbs9999999_tp1_algo0.csv: samples, tp and rule"));
}

//===----------------------------------------------------------------------===//
// Broken files: what is in the file, what the error says.
//===----------------------------------------------------------------------===//

namespace {
struct BrokenFile {
  std::string file, text, error;
};
class BrokenTableTest : public CostTablesTest, public testing::WithParamInterface<BrokenFile> {};
} // namespace

TEST_P(BrokenTableTest, ErrorNamesFileLineAndField) {
  folder.write(GetParam().file, GetParam().text);
  EXPECT_THAT(loadError(), HasSubstr(folder.path + "/" + GetParam().file + ":" + GetParam().error));
}

static const std::string opFile = "m_mbs1_tp1_algo0.csv";
static const std::string primFile = "prim_m_all_to_all_2gpus.csv";
static const std::string primHeader = "data_size(MB),time(ms)\n";

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenTableTest,
    testing::Values(
        BrokenFile{opFile, "", " is empty"},
        BrokenFile{opFile, "op_name,forward-compute\n", "1: column 'backward-compute' is missing"},
        BrokenFile{opFile, opHeader + ",speed\n", "1: column 'speed' is not known"},
        BrokenFile{opFile, opHeader + ",weights\n", "1: column 'weights' stands twice"},
        BrokenFile{opFile, "forward-compute\n", "1: column 'op_name' is missing"},
        BrokenFile{opFile, opHeader + "\nfc1,1,2\n", "2: has 3 fields, the header 9"},
        BrokenFile{opFile, opHeader + "\n,1,2,3,4,5,6,7,8\n", "2: column 'op_name': is empty"},
        BrokenFile{opFile, opHeader + "\nfc1,1,2,3,4,5,6,7,8\nfc1,1,2,3,4,5,6,7,8\n",
                   "3: column 'op_name': 'fc1' stands twice"},
        BrokenFile{opFile, opHeader + "\nfc1,1,x,3,4,5,6,7,8\n",
                   "2: column 'backward-compute': 'x' is not a decimal number"},
        BrokenFile{opFile, opHeader + "\nfc1,1,,3,4,5,6,7,8\n",
                   "2: column 'backward-compute': '' is not a decimal number"},
        BrokenFile{opFile, opHeader + "\nfc1,1,2,-3,4,5,6,7,8\n",
                   "2: column 'input_size': '-3' is not a decimal number"},
        BrokenFile{opFile, opHeader + "\nfc1,1.2345,2,3,4,5,6,7,8\n",
                   "2: column 'forward-compute': '1.2345' has more than 3 decimals"},
        BrokenFile{opFile, opHeader + "\nfc1,1,2,3,4,5,0.0005,7,8\n",
                   "2: column 'activations': '0.0005' has more than 3 decimals"},
        BrokenFile{opFile, opHeader + "\nfc1,1,2,3,4,5,6,7,9999999999999999\n",
                   "2: column 'bwd_reserved': '9999999999999999' is too large"},
        BrokenFile{primFile, "size,time\n", "1: the header is not 'data_size(MB),time(ms)'"},
        BrokenFile{primFile, primHeader + "1\n", "2: has 1 fields"},
        BrokenFile{primFile, primHeader + "1,2\n1.0,2\n",
                   "3: column 'data_size(MB)': '1.0' stands twice"},
        BrokenFile{primFile, primHeader + "1,fast\n", "2: column 'time(ms)': 'fast' is not"},
        BrokenFile{"p2p_intra_node.csv", "", " is empty"},
        BrokenFile{"p2p_intra_node.csv", "1,2\n", " has no second line"},
        BrokenFile{"p2p_intra_node.csv", "1,2\n3\n", "2: has 1 bandwidths for 2 message sizes"},
        BrokenFile{"p2p_intra_node.csv", "2,1\n3,4\n", "1: message sizes do not ascend"},
        BrokenFile{"p2p_intra_node.csv", "1,2\n0,4\n",
                   "2: column 'bandwidth in GB/s': '0' is not a number above 0"},
        BrokenFile{"p2p_inter_node.csv", "1,two\n3,4\n",
                   "1: column 'message size in MB': 'two' is not"}));
