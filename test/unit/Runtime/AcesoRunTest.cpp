//===- AcesoRunTest.cpp - The program aceso-run as its users see it -------===//

#include "ExampleProgram.h"
#include "RunFixture.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Runtime/Safetensors.h"

#include <ATen/Functions.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

namespace {

class AcesoRunTest : public RunFixture {
protected:
  AcesoRunTest() {
    ExampleOptions options;
    options.vocabulary = options.classes = 256;
    program = folder + "/example.program";
    EXPECT_EQ(writeProgramFile(exampleProgram(options), program), "");
    text = folder + "/text.txt";
    std::ofstream out(text);
    for (int i = 0; i < 3000; ++i)
      out << "To be, or not to be, that is the question.\n"[i * 11 % 43];
  }
  std::vector<std::string> train(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"train", program, "--data", text, "--steps", "4"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::vector<nlohmann::json> metrics(const std::string &file) {
    std::vector<nlohmann::json> lines;
    std::ifstream in(folder + "/" + file);
    for (std::string line; std::getline(in, line);)
      lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  std::string program, text;
};

} // namespace

TEST_F(AcesoRunTest, TrainsOverGlooProcesses) {
  Outcome outcome = run(train({"--metrics", folder + "/m.jsonl", "--save", folder + "/saved",
                               "--log-interval", "2", "--seed", "5"}));
  EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  EXPECT_THAT(outcome.output, StartsWith("training 'example' (plan 0123456789ab): 4 ranks in 2 "
                                         "stages, global batch 12 in micro-batches of 4, backend "
                                         "gloo\nstep 1/4  loss "));
  EXPECT_THAT(outcome.output, HasSubstr(" samples/s  peak "));
  EXPECT_THAT(outcome.output, Not(HasSubstr("step 3/4")));
  std::vector<nlohmann::json> lines = metrics("m.jsonl");
  ASSERT_EQ(lines.size(), 4u);
  for (const nlohmann::json &line : lines) {
    ASSERT_EQ(line["compute_ms"].size(), 4u);
    for (const auto &computing : line["compute_ms"]) {
      EXPECT_GT(computing.get<double>(), 0);
      EXPECT_LT(computing.get<double>(), 60000);
    }
    ASSERT_EQ(line["peak_mb"].size(), 4u);
    for (const auto &peak : line["peak_mb"])
      EXPECT_GT(peak, 0.01);
  }
  EXPECT_EQ(readSafetensors(folder + "/saved/model.safetensors").tensors.size(), 5u);
}

TEST_F(AcesoRunTest, BackendsTrainTheSame) {
  for (const std::string backend : {"threads", "gloo"}) {
    Outcome outcome = run(train({"--backend=" + backend, "--metrics", folder + "/" + backend,
                                 "--save", folder + "/saved-" + backend, "--lr", "0.01"}));
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
  }
  auto threads = metrics("threads"), gloo = metrics("gloo");
  ASSERT_EQ(threads.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(threads[i]["loss"], gloo[i]["loss"], 1e-5);
    ASSERT_EQ(threads[i]["peak_mb"].size(), 4u);
    // But for messages on their way, and what Gloo needs to gather.
    for (size_t rank = 0; rank < 4; ++rank)
      EXPECT_NEAR(threads[i]["peak_mb"][rank].get<double>() /
                      gloo[i]["peak_mb"][rank].get<double>(),
                  1, 0.2);
  }
  auto a = readSafetensors(folder + "/saved-threads/model.safetensors");
  auto b = readSafetensors(folder + "/saved-gloo/model.safetensors");
  for (const auto &[path, tensor] : a.tensors)
    EXPECT_TRUE(at::allclose(tensor, b.tensors[path], 1e-4, 1e-5)) << path;
}

TEST_F(AcesoRunTest, NoStepNeedsNoData) {
  Outcome outcome = run({"train", program, "--steps", "0", "--save", folder + "/initial"});
  EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
  EXPECT_TRUE(std::filesystem::exists(folder + "/initial/model.safetensors"));
}

/// As torchrun, mpirun or a user's own script starts ranks: nobody but the environment says so.
TEST_F(AcesoRunTest, JoinsRanksThatOthersStarted) {
  int probe = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(probe, reinterpret_cast<sockaddr *>(&address), size), 0);
  getsockname(probe, reinterpret_cast<sockaddr *>(&address), &size);
  std::string port = std::to_string(ntohs(address.sin_port));
  close(probe);
  std::vector<pid_t> ranks;
  for (int rank = 0; rank < 4; ++rank)
    ranks.push_back(
        start(train({"--metrics", folder + "/m.jsonl"}), "rank" + std::to_string(rank),
              {"RANK=" + std::to_string(rank), "WORLD_SIZE=4", "LOCAL_RANK=" + std::to_string(rank),
               "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + port}));
  for (int rank = 0; rank < 4; ++rank) {
    Outcome outcome = finish(ranks[rank], "rank" + std::to_string(rank));
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
  }
  EXPECT_EQ(metrics("m.jsonl").size(), 4u);
}

TEST_F(AcesoRunTest, NetworkThatRanksCannotShareIsNamed) {
  auto errorsOf = [&](const std::string &name, std::vector<std::string> variables) {
    variables.insert(variables.end(), {"RANK=0", "WORLD_SIZE=4", "LOCAL_RANK=0",
                                       "MASTER_ADDR=127.0.0.1", "MASTER_PORT=0"});
    Outcome outcome = finish(start(train(), name, variables), name);
    EXPECT_EQ(outcome.exitCode, 1);
    return outcome.errors;
  };
  EXPECT_EQ(errorsOf("far", {"LOCAL_WORLD_SIZE=2"}),
            "aceso-run: error: rank 0: torchrun started ranks on several machines; set "
            "GLOO_SOCKET_IFNAME to the network interface that leads from this machine to the "
            "others\n");
}

//===----------------------------------------------------------------------===//
// Ranks that die
//===----------------------------------------------------------------------===//

namespace {
class AcesoRunFaultTest : public AcesoRunTest, public testing::WithParamInterface<FaultCase> {};
} // namespace

TEST_P(AcesoRunFaultTest, EndsTheRunWithOneMessage) {
  expectOneMessage(train(), GetParam(), "aceso-run: error: rank 2 (stage 1)");
}

INSTANTIATE_TEST_SUITE_P(All, AcesoRunFaultTest, allFaults(), faultName);

TEST_F(AcesoRunTest, ThreadThatFailsIsNamed) {
  for (const std::string point : {"startup", "forward", "collective", "transfer"}) {
    Outcome outcome = runWithFault(train({"--backend=threads"}), "3:" + point + ":throw");
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_THAT(outcome.errors, StartsWith("aceso-run: error: rank 3 (stage 1): "));
    EXPECT_THAT(outcome.errors, HasSubstr("injected fault"));
  }
}

TEST_F(AcesoRunTest, RanksGoWhenTheLauncherIsKilled) {
  std::vector<std::string> arguments = train();
  arguments[5] = "100000";
  pid_t child = start(arguments, "run");
  ASSERT_TRUE(waitForOutput("run", "step 1/"));
  EXPECT_EQ(numProcesses(), 5);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  auto deadline = std::chrono::steady_clock::now() + 10s;
  while (numProcesses() > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(numProcesses(), 0);
}

TEST_F(AcesoRunTest, InterruptEndsTheRun) {
  std::vector<std::string> arguments = train();
  arguments[5] = "100000";
  pid_t child = start(arguments, "run");
  ASSERT_TRUE(waitForOutput("run", "step 1/"));
  kill(child, SIGINT);
  Outcome outcome = finish(child, "run");
  EXPECT_EQ(outcome.exitCode, 130);
  EXPECT_EQ(outcome.errors, "aceso-run: error: interrupted by signal 2\n");
  EXPECT_EQ(numProcesses(), 0);
}

//===----------------------------------------------------------------------===//
// What users get wrong
//===----------------------------------------------------------------------===//

TEST_F(AcesoRunTest, ErrorsNameWhatIsWrong) {
  EXPECT_THAT(errorOf({}), HasSubstr("A subcommand is required"));
  EXPECT_THAT(errorOf({"train", program}), HasSubstr("--steps is required"));
  EXPECT_THAT(errorOf({"train", program, "--steps", "1"}), HasSubstr("--data is required"));
  EXPECT_THAT(errorOf({"trian", program}),
              HasSubstr("no command 'trian'; the commands are train and profile"));
  EXPECT_THAT(errorOf(train({"--backend=mpi"})),
              HasSubstr("--backend: 'mpi' is none of gloo|nccl|threads"));
  EXPECT_THAT(errorOf(train({"--steps", "-1"})), HasSubstr("--steps"));
  EXPECT_THAT(errorOf({"train", program, "--data", text, "--steps", "-1"}),
              HasSubstr("--steps: '-1' is no number from 0"));
  EXPECT_THAT(errorOf({"train", program, "--data", text, "--steps", "99999999999999999999"}),
              HasSubstr("--steps: '99999999999999999999' is no number from 0 to 1000000000000"));
  EXPECT_THAT(errorOf(train({"--seed", "-3"})), HasSubstr("--seed: '-3' is no number from 0 to"));
  EXPECT_THAT(errorOf(train({"--seed", "1e3"})), HasSubstr("--seed: '1e3' is no number from 0"));
  EXPECT_THAT(errorOf(train({"--lr", "fast"})), HasSubstr("--lr: 'fast' is no number from 0"));
  EXPECT_THAT(errorOf(train({"--timeout=0"})), HasSubstr("--timeout: '0' is no number above 0"));
  EXPECT_THAT(errorOf(train({"--colour"})), HasSubstr("--colour"));
  EXPECT_THAT(errorOf({"train", folder + "/none", "--data", text, "--steps", "1"}),
              HasSubstr("none: cannot be read"));
  EXPECT_THAT(errorOf({"train", text, "--data", text, "--steps", "1"}),
              HasSubstr("no program file"));
  EXPECT_THAT(errorOf({"train", program, "--data", folder, "--steps", "1"}),
              HasSubstr("cannot be read (Is a directory); give a text file with --data"));
  std::ofstream(folder + "/empty");
  EXPECT_THAT(errorOf({"train", program, "--data", folder + "/empty", "--steps", "1"}),
              HasSubstr("empty: has 0 bytes, but a sample takes 7"));
  EXPECT_THAT(errorOf({"train", folder + "/empty", "--data", text, "--steps", "1"}),
              HasSubstr("empty: no program file"));
  EXPECT_THAT(errorOf({"train", folder + "/none.mlir", "--data", text, "--steps", "1"}),
              HasSubstr("none.mlir: cannot be read (No such file or directory); give a program"));
  EXPECT_THAT(errorOf(train(), {"RANK=0", "WORLD_SIZE=2"}),
              HasSubstr("is for 4 ranks, but torchrun started 2"));
  // Nobody listens there.
  EXPECT_THAT(errorOf(train({"--timeout", "1"}), {"RANK=1", "WORLD_SIZE=4", "MASTER_PORT=1"}),
              HasSubstr("rank 1: the ranks do not meet at 127.0.0.1, port 1 ("));
  std::ofstream(folder + "/model.mlir") << "module {}";
  EXPECT_THAT(errorOf({"train", folder + "/model.mlir", "--data", text, "--steps", "1"}),
              HasSubstr("holds neither a plan nor an exec program"));
  EXPECT_THAT(errorOf(train({"--metrics", folder + "/no/m.jsonl"})),
              HasSubstr("rank 0 (stage 0): "));
}

TEST_F(AcesoRunTest, FolderForTheResultIsTriedBeforeTheFirstStep) {
  Outcome outcome = run(train({"--save", text + "/folder"}));
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("cannot be made (Not a directory)"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("step 1")));
}

TEST_F(AcesoRunTest, DataThatDoesNotFitTheVocabularyIsSaid) {
  EXPECT_EQ(writeProgramFile(exampleProgram(), program), "");
  Outcome outcome = run(train());
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("the data does not fit the model's vocabulary"));
}

TEST_F(AcesoRunTest, NcclSaysWhatIsMissing) {
  Outcome outcome = run(train({"--backend=nccl"}));
  if (outcome.exitCode == 0)
    GTEST_SKIP() << "there are GPUs for all ranks";
  EXPECT_THAT(outcome.errors, HasSubstr("aceso-run: error: rank "));
  EXPECT_THAT(outcome.errors,
              testing::AnyOf(HasSubstr("--backend=gloo"), HasSubstr("setup.sh --cuda"),
                             HasSubstr("but this machine has")));
}

TEST_F(AcesoRunTest, HelpNamesTheOptions) {
  Outcome outcome = run({"train", "--help"});
  EXPECT_EQ(outcome.exitCode, 0);
  for (const char *option : {"--data", "--steps", "--backend", "--seed", "--lr", "--log-interval",
                             "--metrics", "--save"})
    EXPECT_THAT(outcome.output, HasSubstr(option));
  EXPECT_THAT(outcome.output, Not(HasSubstr("inject")));
}
