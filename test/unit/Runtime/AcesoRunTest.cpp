//===- AcesoRunTest.cpp - The program aceso-run as its users see it -------===//

#include "ExampleProgram.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Runtime/Safetensors.h"

#include <ATen/Functions.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <fcntl.h>
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

struct Outcome {
  int exitCode = 0;
  std::string output, errors;
  double seconds = 0;
};

std::string readFile(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class AcesoRunTest : public testing::Test {
protected:
  AcesoRunTest() {
    std::string pattern = testing::TempDir() + "aceso-run-test-XXXXXX";
    folder = mkdtemp(pattern.data());
    ExampleOptions options;
    options.vocabulary = options.classes = 256;
    program = folder + "/example.program";
    EXPECT_EQ(writeProgramFile(exampleProgram(options), program), "");
    text = folder + "/text.txt";
    std::ofstream out(text);
    for (int i = 0; i < 3000; ++i)
      out << "To be, or not to be, that is the question.\n"[i * 11 % 43];
  }
  ~AcesoRunTest() override { std::filesystem::remove_all(folder); }

  /// Starts aceso-run with its output in files of that name.
  pid_t start(const std::vector<std::string> &arguments, const std::string &name,
              const std::vector<std::string> &environment = {}) {
    pid_t child = fork();
    if (child != 0)
      return child;
    for (const char *variable : {"RANK", "WORLD_SIZE", "LOCAL_RANK"})
      unsetenv(variable);
    for (const std::string &setting : environment)
      putenv(strdup(setting.c_str()));
    for (auto [suffix, target] : {std::pair(".out", STDOUT_FILENO), {".err", STDERR_FILENO}}) {
      int file = open((folder + "/" + name + suffix).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(file, target);
    }
    std::vector<char *> pointers = {strdup(ACESO_RUN)};
    for (const std::string &argument : arguments)
      pointers.push_back(strdup(argument.c_str()));
    pointers.push_back(nullptr);
    execv(ACESO_RUN, pointers.data());
    _exit(127);
  }

  Outcome finish(pid_t child, const std::string &name) {
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            readFile(folder + "/" + name + ".out"), readFile(folder + "/" + name + ".err"), 0};
  }

  Outcome run(const std::vector<std::string> &arguments,
              const std::vector<std::string> &environment = {}) {
    auto begin = std::chrono::steady_clock::now();
    Outcome outcome = finish(start(arguments, "run", environment), "run");
    outcome.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return outcome;
  }

  std::vector<std::string> train(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"train", program, "--data", text, "--steps", "4"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  /// Processes whose command line names this test's folder.
  int numProcesses() const {
    int count = 0;
    for (const auto &entry : std::filesystem::directory_iterator("/proc"))
      if (readFile(entry.path() / "cmdline").find(folder) != std::string::npos)
        ++count;
    return count;
  }

  std::vector<nlohmann::json> metrics(const std::string &file) {
    std::vector<nlohmann::json> lines;
    std::ifstream in(folder + "/" + file);
    for (std::string line; std::getline(in, line);)
      lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  std::string folder, program, text;
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
  for (size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(threads[i]["loss"], gloo[i]["loss"], 1e-5);
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

//===----------------------------------------------------------------------===//
// Ranks that die
//===----------------------------------------------------------------------===//

namespace {
class AcesoRunFaultTest
    : public AcesoRunTest,
      public testing::WithParamInterface<std::tuple<const char *, const char *>> {};
} // namespace

TEST_P(AcesoRunFaultTest, EndsTheRunWithOneMessage) {
  auto [point, how] = GetParam();
  std::string fault = std::string("--inject-fault=2:") + point + ":" + how;
  Outcome outcome = run(train({fault}));
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_EQ(numProcesses(), 0) << "every process is gone";
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
  EXPECT_THAT(outcome.errors, StartsWith("aceso-run: error: rank 2 (stage 1)"));
  EXPECT_THAT(outcome.errors,
              HasSubstr(std::string(how) == "kill" ? " was killed by signal 9 (Killed)"
                                                   : "injected fault"));
  // From the start of the run; the death itself is only a part of it.
  EXPECT_LT(outcome.seconds, 60);
}

INSTANTIATE_TEST_SUITE_P(All, AcesoRunFaultTest,
                         testing::Combine(testing::Values("startup", "forward", "collective",
                                                          "transfer"),
                                          testing::Values("kill", "throw")),
                         [](const auto &info) {
                           return std::string(std::get<0>(info.param)) + "_" +
                                  std::get<1>(info.param);
                         });

TEST_F(AcesoRunTest, ThreadThatFailsIsNamed) {
  for (const std::string point : {"startup", "forward", "collective", "transfer"}) {
    Outcome outcome = run(train({"--backend=threads", "--inject-fault=3:" + point + ":throw"}));
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_THAT(outcome.errors, StartsWith("aceso-run: error: rank 3 (stage 1): "));
    EXPECT_THAT(outcome.errors, HasSubstr("injected fault"));
  }
}

TEST_F(AcesoRunTest, RanksGoWhenTheLauncherIsKilled) {
  std::vector<std::string> arguments = train();
  arguments[5] = "100000";
  pid_t child = start(arguments, "run");
  auto deadline = std::chrono::steady_clock::now() + 60s;
  while (readFile(folder + "/run.out").find("step 1/") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(numProcesses(), 5);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  deadline = std::chrono::steady_clock::now() + 10s;
  while (numProcesses() > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(numProcesses(), 0);
}

TEST_F(AcesoRunTest, InterruptEndsTheRun) {
  std::vector<std::string> arguments = train();
  arguments[5] = "100000";
  pid_t child = start(arguments, "run");
  auto deadline = std::chrono::steady_clock::now() + 60s;
  while (readFile(folder + "/run.out").find("step 1/") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(50ms);
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
  auto errorOf = [&](const std::vector<std::string> &arguments,
                     const std::vector<std::string> &environment = {}) {
    Outcome outcome = run(arguments, environment);
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
    EXPECT_THAT(outcome.errors, StartsWith("aceso-run: error: "));
    return outcome.errors;
  };
  EXPECT_THAT(errorOf({}), HasSubstr("A subcommand is required"));
  EXPECT_THAT(errorOf({"train", program}), HasSubstr("--steps is required"));
  EXPECT_THAT(errorOf({"train", program, "--steps", "1"}), HasSubstr("--data is required"));
  EXPECT_THAT(errorOf(train({"--backend=mpi"})), HasSubstr("--backend"));
  EXPECT_THAT(errorOf(train({"--steps", "-1"})), HasSubstr("--steps"));
  EXPECT_THAT(errorOf(train({"--colour"})), HasSubstr("--colour"));
  EXPECT_THAT(errorOf({"train", folder + "/none", "--data", text, "--steps", "1"}),
              HasSubstr("none: cannot be read"));
  EXPECT_THAT(errorOf({"train", text, "--data", text, "--steps", "1"}),
              HasSubstr("no program file"));
  EXPECT_THAT(errorOf({"train", program, "--data", folder, "--steps", "1"}),
              HasSubstr("cannot be read"));
  EXPECT_THAT(errorOf(train(), {"RANK=0", "WORLD_SIZE=2"}),
              HasSubstr("is for 4 ranks, but torchrun started 2"));
  std::ofstream(folder + "/model.mlir") << "module {}";
  EXPECT_THAT(errorOf({"train", folder + "/model.mlir", "--data", text, "--steps", "1"}),
              HasSubstr("holds neither a plan nor an exec program"));
  EXPECT_THAT(errorOf(train({"--metrics", folder + "/no/m.jsonl"})),
              HasSubstr("rank 0 (stage 0): "));
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
