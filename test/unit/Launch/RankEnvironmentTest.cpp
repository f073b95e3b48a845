//===- RankEnvironmentTest.cpp ----------------------------------*- C++ -*-===//

#include "aceso/Runtime/RankEnvironment.h"

#include "gmock/gmock.h"
#include <map>

using namespace aceso;
using testing::HasSubstr;

static Result<std::optional<RankEnvironment>>
read(const std::map<std::string, std::string> &variables) {
  return readRankEnvironment([&](const char *name) -> std::optional<std::string> {
    auto it = variables.find(name);
    return it == variables.end() ? std::nullopt : std::optional(it->second);
  });
}

TEST(RankEnvironmentTest, NothingSetIsNoRank) {
  auto result = read({{"SLURM_NTASKS", "4"}}); // a shell in an allocation
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->has_value());
}

TEST(RankEnvironmentTest, Torchrun) {
  auto result = read({{"RANK", "5"},
                      {"WORLD_SIZE", "8"},
                      {"LOCAL_RANK", "1"},
                      {"LOCAL_WORLD_SIZE", "4"},
                      {"MASTER_ADDR", "10.0.0.1"},
                      {"MASTER_PORT", "1234"}});
  ASSERT_TRUE(result) << result.error();
  const RankEnvironment &rank = **result;
  EXPECT_EQ(rank.rank, 5u);
  EXPECT_EQ(rank.worldSize, 8u);
  EXPECT_EQ(rank.localRank, 1u);
  EXPECT_EQ(rank.masterAddress, "10.0.0.1");
  EXPECT_EQ(rank.masterPort, 1234);
  EXPECT_EQ(rank.startedBy, "torchrun");
  EXPECT_FALSE(rank.isOnOneMachine);
}

TEST(RankEnvironmentTest, OtherLaunchersOnOneMachineNeedNoAddress) {
  auto mpi = read({{"OMPI_COMM_WORLD_RANK", "1"},
                   {"OMPI_COMM_WORLD_SIZE", "2"},
                   {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                   {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  ASSERT_TRUE(mpi) << mpi.error();
  EXPECT_EQ((*mpi)->masterAddress, "127.0.0.1");
  EXPECT_EQ((*mpi)->startedBy, "Open MPI");
  auto pmi = read({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}});
  ASSERT_TRUE(pmi) << pmi.error();
  EXPECT_EQ((*pmi)->startedBy, "PMI");
  auto slurm = read({{"SLURM_PROCID", "3"}, {"SLURM_NTASKS", "4"}, {"SLURM_LOCALID", "3"}});
  ASSERT_TRUE(slurm) << slurm.error();
  EXPECT_EQ((*slurm)->rank, 3u);
  for (const auto &rank : {*mpi, *pmi, *slurm})
    EXPECT_TRUE(rank->isOnOneMachine) << rank->startedBy;
}

TEST(RankEnvironmentTest, SeveralMachinesNeedAnAddress) {
  auto result = read({{"SLURM_PROCID", "3"},
                      {"SLURM_NTASKS", "4"},
                      {"SLURM_LOCALID", "1"},
                      {"SLURM_NTASKS_PER_NODE", "2"}});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(),
              HasSubstr("MASTER_ADDR is not set, and SLURM started ranks on several machines"));
  // srun -n 4 over two nodes: it says how many nodes, not how many tasks on each.
  auto nodes = read({{"SLURM_PROCID", "3"}, {"SLURM_NTASKS", "4"}, {"SLURM_NNODES", "2"}});
  ASSERT_FALSE(nodes);
  EXPECT_THAT(nodes.error(), HasSubstr("SLURM started ranks on several machines"));
}

TEST(RankEnvironmentTest, NonsenseNamesItsVariable) {
  auto rank = read({{"RANK", "4"}, {"WORLD_SIZE", "4"}});
  ASSERT_FALSE(rank);
  EXPECT_THAT(rank.error(), HasSubstr("RANK is '4', not a whole number below 4"));
  auto size = read({{"RANK", "0"}, {"WORLD_SIZE", "many"}});
  ASSERT_FALSE(size);
  EXPECT_THAT(size.error(), HasSubstr("WORLD_SIZE is 'many'"));
  auto port = read({{"RANK", "0"}, {"WORLD_SIZE", "1"}, {"MASTER_PORT", "70000"}});
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error(), HasSubstr("MASTER_PORT is '70000', not a whole number below 65536"));
}
