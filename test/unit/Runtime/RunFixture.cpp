//===- RunFixture.cpp - Runs of aceso-run in a folder ---------------------===//

#include "RunFixture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace aceso::test {

std::string readFile(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

RunFixture::RunFixture() {
  std::string pattern = testing::TempDir() + "aceso-run-test-XXXXXX";
  folder = mkdtemp(pattern.data());
  std::filesystem::create_directory(folder + "/tmp");
}

RunFixture::~RunFixture() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

pid_t RunFixture::start(const std::vector<std::string> &arguments, const std::string &name,
                        const std::vector<std::string> &environment) {
  pid_t child = fork();
  if (child != 0)
    return child;
  for (const char *variable : {"RANK", "WORLD_SIZE", "LOCAL_RANK"})
    unsetenv(variable);
  setenv("TMPDIR", (folder + "/tmp").c_str(), 1);
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

Outcome RunFixture::finish(pid_t child, const std::string &name) {
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          readFile(folder + "/" + name + ".out"), readFile(folder + "/" + name + ".err")};
}

Outcome RunFixture::run(const std::vector<std::string> &arguments,
                        const std::vector<std::string> &environment) {
  Outcome outcome = finish(start(arguments, "run", environment), "run");
  EXPECT_TRUE(std::filesystem::is_empty(folder + "/tmp")) << "temporary files are left";
  return outcome;
}

std::string RunFixture::errorOf(const std::vector<std::string> &arguments,
                                const std::vector<std::string> &environment) {
  Outcome outcome = run(arguments, environment);
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
  EXPECT_THAT(outcome.errors, testing::StartsWith("aceso-run: error: "));
  return outcome.errors;
}

bool RunFixture::waitForOutput(const std::string &name, const std::string &text) {
  auto deadline = std::chrono::steady_clock::now() + 60s;
  while (readFile(folder + "/" + name + ".out").find(text) == std::string::npos) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(50ms);
  }
  return true;
}

int RunFixture::numProcesses() const {
  int count = 0;
  for (const auto &entry : std::filesystem::directory_iterator("/proc"))
    if (readFile(entry.path() / "cmdline").find(folder) != std::string::npos)
      ++count;
  return count;
}

Outcome RunFixture::runWithFault(std::vector<std::string> arguments, const std::string &fault) {
  // The file is as old as the death: how long the run took to come there does not matter.
  std::string mark = folder + "/death";
  arguments.push_back("--inject-fault=" + fault + ":" + mark);
  Outcome outcome = run(arguments);
  EXPECT_EQ(numProcesses(), 0) << "every process is gone";
  std::error_code error;
  auto death = std::filesystem::last_write_time(mark, error);
  EXPECT_FALSE(error) << "no rank died";
  if (!error) {
    EXPECT_LT(std::filesystem::file_time_type::clock::now() - death, 10s);
  }
  return outcome;
}

void RunFixture::expectOneMessage(const std::vector<std::string> &arguments, const FaultCase &fault,
                                  const std::string &begin) {
  auto [point, how] = fault;
  Outcome outcome = runWithFault(arguments, std::string("2:") + point + ":" + how);
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
  EXPECT_THAT(outcome.errors, testing::StartsWith(begin));
  EXPECT_THAT(outcome.errors,
              testing::HasSubstr(std::string(how) == "kill" ? " was killed by signal 9 (Killed)"
                                                            : "injected fault"));
}

} // namespace aceso::test
