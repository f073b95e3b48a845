//===- AcesoProfileTest.cpp - aceso-run profile as its users see it -------===//

#include "ExampleProfileSet.h"
#include "RunFixture.h"

#include "aceso/Cost/CostTables.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

class AcesoProfileTest : public RunFixture {
protected:
  std::string setFile(int64_t devices) const {
    std::string file = folder + "/set" + std::to_string(devices) + ".json";
    std::ofstream(file) << printProfileSet(exampleProfileSet(devices, {64, 1024, true}));
    return file;
  }

  /// Enough time on a busy machine, and not much more.
  std::vector<std::string> profile(int64_t devices, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {
        "profile", setFile(devices),        "--output",      folder + "/tables",
        "--nproc", std::to_string(devices), "--max-seconds", std::to_string(10 * devices)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

} // namespace

TEST_F(AcesoProfileTest, WritesTablesThatPlannersRead) {
  for (int64_t devices : {2, 4}) {
    std::filesystem::remove_all(folder + "/tables");
    Outcome outcome = run(profile(devices));
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
    EXPECT_EQ(outcome.errors, "");
    EXPECT_THAT(outcome.output,
                StartsWith("profiling 'example' for tables example_mlp: 4 programs for 6 rows, " +
                           std::to_string(devices) + " ranks, backend gloo\nprofiled 0/"));
    EXPECT_THAT(outcome.output, HasSubstr("\nop times in ms (tp 1, rule 0): forward, backward\n"));
    EXPECT_THAT(outcome.output, HasSubstr("\ntables example_mlp are in " + folder + "/tables\n"));
    Result<CostTables> tables = CostTables::load(folder + "/tables", "example_mlp");
    ASSERT_TRUE(tables) << tables.error();
    EXPECT_TRUE(tables->getOps().hasCollectives());
    for (int64_t samples : {1, 2})
      for (int64_t tp : {int64_t(1), devices}) {
        const OpRow *row = tables->getOps().find(0, samples, tp, 0);
        ASSERT_TRUE(row);
        EXPECT_GT(row->forwardNs, 0);
        EXPECT_GT(row->backwardNs, 0);
        EXPECT_LE(row->forwardCollectiveNs, row->forwardNs);
        EXPECT_LE(row->backwardCollectiveNs, row->backwardNs);
        EXPECT_EQ(row->forwardCollectiveNs > 0, tp > 1);
        EXPECT_GT(row->activationUnits, 0) << "memory is counted";
      }
    EXPECT_EQ(tables->collectiveGroups(CollectiveKind::AllToAll),
              devices == 2 ? std::vector<int64_t>{2} : (std::vector<int64_t>{2, 4}));
    auto provenance =
        nlohmann::json::parse(readFile(folder + "/tables/example_mlp_provenance.json"));
    EXPECT_EQ(provenance["versions"]["backend"], "gloo");
    EXPECT_EQ(provenance["settings"]["nproc"], devices);
  }
}

TEST_F(AcesoProfileTest, SummaryAsJsonStandsAlone) {
  Outcome outcome = run(profile(2, {"--format=json", "--backend=threads"}));
  EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
  EXPECT_THAT(outcome.errors, HasSubstr("profiled 0/10"));
  auto summary = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(summary["table_prefix"], "example_mlp");
  EXPECT_EQ(summary["ops"][0]["op"], "mlp");
  EXPECT_GT(summary["ops"][0]["forward_us"], 0);
}

TEST_F(AcesoProfileTest, TablesOfAnEarlierProfileAreNamed) {
  std::filesystem::create_directory(folder + "/tables");
  std::ofstream(folder + "/tables/example_mlp_mbs16_tp1_algo0.csv")
      << "op_name,forward-compute,backward-compute,input_size,output_size,weights,activations,"
         "fwd_reserved,bwd_reserved\nmlp,1,1,0,0,0,1,0,0\n";
  Outcome outcome = run(profile(2, {"--backend=threads"}));
  EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              HasSubstr("note: the folder also holds tables of an earlier profile: mbs16\n"));
}

#ifdef ACESO_TOOLS

/// From a model to a plan by its own tables: what profile writes, search and both formulas read.
TEST_F(AcesoProfileTest, ModelIsPlannedByItsProfile) {
  auto compile = [&](const std::string &command) {
    std::string log = folder + "/tool.log";
    int status = std::system(
        ("cd " + folder + " && " ACESO_TOOLS "/" + command + " > " + log + " 2>&1").c_str());
    std::string text = readFile(log);
    EXPECT_EQ(status, 0) << command << "\n" << text;
    return text;
  };
  compile("aceso-translate --import-model " ACESO_SOURCE_DIR
          "/test/Inputs/gpt-tiny.json -o model.mlir");
  Outcome outcome = run({"profile", folder + "/model.mlir", "--output", folder + "/tables",
                         "--nproc", "2", "--samples=1,2", "--max-seconds", "60"});
  ASSERT_EQ(outcome.exitCode, 0) << outcome.errors;
  for (const std::string formula : {"full", "aceso"}) {
    std::string tables = "profiles=tables formula=" + formula;
    compile("aceso-opt model.mlir --par-search='nodes=1 devices-per-node=2 memory-mb=1000 "
            "global-batch=8 micro-batches=1,2,4 " +
            tables + "' -o plan.mlir");
    EXPECT_THAT(compile("aceso-opt plan.mlir --par-print-cost='" + tables + "' -o /dev/null"),
                HasSubstr("iteration"));
  }
}

#endif

//===----------------------------------------------------------------------===//
// Ranks that die
//===----------------------------------------------------------------------===//

namespace {
class AcesoProfileFaultTest : public AcesoProfileTest,
                              public testing::WithParamInterface<FaultCase> {};
} // namespace

TEST_P(AcesoProfileFaultTest, EndsTheRunWithOneMessage) {
  expectOneMessage(profile(4), GetParam(), "aceso-run: error: rank 2");
}

INSTANTIATE_TEST_SUITE_P(All, AcesoProfileFaultTest, allFaults(), faultName);

//===----------------------------------------------------------------------===//
// What users get wrong
//===----------------------------------------------------------------------===//

TEST_F(AcesoProfileTest, TooLittleTimeIsSaid) {
  std::vector<std::string> arguments = profile(2);
  arguments.back() = "0.001";
  EXPECT_THAT(errorOf(arguments),
              HasSubstr("--max-seconds=0.001 is over: 0 of 10 measurements are done, the next were "
                        "messages and 9 more; 0 of 12 files are complete in " +
                        folder + "/tables; give more seconds, or fewer --samples or --tp"));
  EXPECT_EQ(numProcesses(), 0);
}

TEST_F(AcesoProfileTest, ErrorsNameWhatIsWrong) {
  std::string set = setFile(2), tables = folder + "/tables";
  EXPECT_THAT(errorOf({"profile", set}), HasSubstr("--output is required"));
  EXPECT_THAT(errorOf({"profile", set, "--output", tables}), HasSubstr("--nproc is required"));
  EXPECT_THAT(errorOf({"profile", set, "--output", tables, "--nproc", "1"}), HasSubstr("--nproc"));
  EXPECT_THAT(errorOf({"profile", set, "--output", tables, "--nproc", "4"}),
              HasSubstr("set2.json: is for 2 devices, but --nproc is 4; give the same number"));
  EXPECT_THAT(errorOf({"profile", set, "--output", tables, "--nproc", "2", "--samples=1"}),
              HasSubstr("--samples and --tp: are for a model (.mlir)"));
  EXPECT_THAT(errorOf({"profile", "m.mlir", "--output", tables, "--nproc", "4", "--tp=1,3"}),
              HasSubstr("--tp: 3 does not divide --nproc 4"));
  EXPECT_THAT(
      errorOf({"profile", folder + "/no.json", "--output", tables, "--nproc", "2"}),
      HasSubstr("no.json: cannot be read (No such file or directory); give a model as .mlir, "
                "or a profile set"));
  EXPECT_THAT(errorOf({"profile", folder + "/no.mlir", "--output", tables, "--nproc", "2"}),
              HasSubstr("no.mlir: cannot be read (No such file or directory); give a model"));
  std::ofstream(folder + "/broken.json") << readFile(set).substr(0, 500);
  EXPECT_THAT(errorOf({"profile", folder + "/broken.json", "--output", tables, "--nproc", "2"}),
              HasSubstr("broken.json: no profile set"));
  // A file where the folder should be: nobody can write there, not even root.
  EXPECT_THAT(errorOf({"profile", set, "--output", set + "/tables", "--nproc", "2"}),
              HasSubstr("give another --output"));
  ProfileSet nothing = exampleProfileSet(2);
  nothing.entries.clear();
  nothing.skipped.push_back({{"mlp", 3, 1, 0}, "3 samples are too many"});
  std::ofstream(folder + "/nothing.json") << printProfileSet(nothing);
  EXPECT_THAT(errorOf({"profile", folder + "/nothing.json", "--output", tables, "--nproc", "2"}),
              HasSubstr("has nothing to measure (3 samples are too many)"));
  EXPECT_THAT(errorOf(profile(2), {"RANK=0", "WORLD_SIZE=4"}),
              HasSubstr("--nproc is 2, but torchrun started 4 ranks"));
  EXPECT_THAT(errorOf(profile(2, {"--backend=nccl"})), HasSubstr("profile with --backend=gloo"));
  EXPECT_FALSE(std::filesystem::exists(tables + "/p2p_intra_node.csv"));
}

TEST_F(AcesoProfileTest, HelpNamesTheOptions) {
  Outcome outcome = run({"profile", "--help"});
  EXPECT_EQ(outcome.exitCode, 0);
  for (const char *option : {"--output", "--nproc", "--samples", "--tp", "--max-seconds",
                             "--backend", "--seed", "--format", "--timeout"})
    EXPECT_THAT(outcome.output, HasSubstr(option));
  EXPECT_THAT(outcome.output, Not(HasSubstr("inject")));
  EXPECT_THAT(outcome.output, Not(HasSubstr("started-at")));
}
