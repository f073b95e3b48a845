//===- RunFixture.h - Runs of aceso-run in a folder -------------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_RUNTIME_RUNFIXTURE_H
#define ACESO_TEST_UNIT_RUNTIME_RUNFIXTURE_H

#include <gtest/gtest.h>

#include <string>
#include <sys/types.h>
#include <tuple>
#include <vector>

namespace aceso::test {

struct Outcome {
  int exitCode = 0;
  std::string output, errors;
};

std::string readFile(const std::string &file);

/// Where a rank dies, and how.
using FaultCase = std::tuple<const char *, const char *>;
inline auto allFaults() {
  return testing::Combine(testing::Values("startup", "forward", "collective", "transfer"),
                          testing::Values("kill", "throw"));
}
inline std::string faultName(const testing::TestParamInfo<FaultCase> &info) {
  return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
}

/// A folder for one test, and what runs of aceso-run left in it.
class RunFixture : public testing::Test {
protected:
  RunFixture();
  ~RunFixture() override;

  /// Starts aceso-run with its output in files of that name. The environment has nothing of another
  /// launcher.
  pid_t start(const std::vector<std::string> &arguments, const std::string &name,
              const std::vector<std::string> &environment = {});
  Outcome finish(pid_t child, const std::string &name);
  /// From start to finish; fails if temporary files are left.
  Outcome run(const std::vector<std::string> &arguments,
              const std::vector<std::string> &environment = {});
  /// Fails unless the run ends with code 1 and one line that begins as errors do; the line.
  std::string errorOf(const std::vector<std::string> &arguments,
                      const std::vector<std::string> &environment = {});

  /// Waits until a run has printed `text`; whether it has.
  bool waitForOutput(const std::string &name, const std::string &text);
  /// Processes whose command line names this test's folder.
  int numProcesses() const;
  /// Runs with a rank that dies, "2:forward:kill"; fails unless every process is gone within 10 s
  /// of the death.
  Outcome runWithFault(std::vector<std::string> arguments, const std::string &fault);
  /// Runs with rank 2 dying; fails unless the run ends with code 1 and one line that begins so and
  /// says how the rank died.
  void expectOneMessage(const std::vector<std::string> &arguments, const FaultCase &fault,
                        const std::string &begin);

  std::string folder;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_RUNTIME_RUNFIXTURE_H
