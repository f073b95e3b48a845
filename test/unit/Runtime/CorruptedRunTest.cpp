//===- CorruptedRunTest.cpp - Changed programs that pass the verifier -----===//
//
// A file whose values were changed gives an error when it is read, or runs to an error, or trains
// what the unchanged one trains; something else only where a setting of training was changed. It
// never crashes, hangs or reads what is not there.
//
//===----------------------------------------------------------------------===//

#include "CorruptProgram.h"
#include "ExampleProgram.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Program/VerifyProgram.h"
#include "aceso/Runtime/Executor.h"
#include "aceso/Runtime/ThreadCommunicator.h"

#include <ATen/Functions.h>

#include <gtest/gtest.h>

using namespace aceso;
using namespace aceso::test;

namespace {

/// What two steps report (the second shows the update of the first), or why they failed.
struct Outcome {
  std::vector<std::map<std::string, double>> reports;
  std::optional<RankFailure> failure;
};

Outcome trainTwoSteps(const Program &program) {
  StepInputs inputs{0, 0.01, {}};
  for (const ProgramInput &input : program.inputs) {
    std::vector<int64_t> shape = input.shape;
    shape[input.batchDim] = program.globalBatch;
    inputs.tensors.push_back(at::ones(shape, at::kInt));
  }
  Outcome outcome;
  outcome.failure = runAsThreads(
      createThreadCommunicators(program.numRanks(), {.timeout = std::chrono::seconds(60)}),
      [&](Communicator &communicator) {
        Executor executor(program, communicator);
        executor.initializeParameters();
        StepInputs own = inputs;
        for (own.step = 0; own.step < 2; ++own.step) {
          std::map<std::string, double> reports = executor.runStep(own);
          if (communicator.getRank() == 0)
            outcome.reports.push_back(std::move(reports));
        }
      });
  return outcome;
}

/// `program` with those values of `original` that say what to train, not how the ranks do it:
/// initial values (keyed by path), optimizer, attributes of kernels and keys of dropout.
Program withSettingsOf(const Program &original, Program program) {
  program.optimizer = original.optimizer;
  for (size_t i = 0; i < std::min(program.parameters.size(), original.parameters.size()); ++i) {
    const ProgramParameter &from = original.parameters[i];
    ProgramParameter &to = program.parameters[i];
    to.path = from.path;
    to.init = from.init;
    to.deviation = from.deviation;
    to.noDecay = from.noDecay;
  }
  for (size_t i = 0; i < std::min(program.stages.size(), original.stages.size()); ++i) {
    const std::vector<Segment> &from = original.stages[i].segments;
    std::vector<Segment> &to = program.stages[i].segments;
    for (size_t j = 0; j < std::min(to.size(), from.size()); ++j)
      for (size_t k = 0; k < std::min(to[j].instructions.size(), from[j].instructions.size());
           ++k) {
        to[j].instructions[k].attributes = from[j].instructions[k].attributes;
        to[j].instructions[k].path = from[j].instructions[k].path;
      }
  }
  return program;
}

} // namespace

TEST(CorruptedRunTest, ChangedProgramsTrainTheSameOrAreRefused) {
  ExampleOptions options;
  options.numMicroBatches = 2;
  const Program original = exampleProgram(options);
  const std::string text = printProgram(original);
  const Outcome expected = trainTwoSteps(original);
  ASSERT_FALSE(expected.failure);
  ASSERT_EQ(expected.reports.size(), 2u);
  ASSERT_NE(expected.reports[0], expected.reports[1]);
  Corrupter corrupter(4);
  int refused = 0, equal = 0, otherSettings = 0, failed = 0;
  for (int i = 0; i < 1000; ++i) {
    Result<Program> program = parseProgram(corrupter.changeValue(text), "x.program");
    if (!program || !verifyProgram(*program).empty() || program->numRanks() > 8) {
      ++refused;
      continue;
    }
    Outcome outcome = trainTwoSteps(*program);
    if (outcome.failure) {
      ++failed;
      EXPECT_NE(outcome.failure->reason, "");
      EXPECT_EQ(outcome.failure->reason.find("no answer within"), std::string::npos)
          << "a hang that the verifier should have seen";
      continue;
    }
    std::string changed = printProgram(*program);
    if (changed != text && printProgram(withSettingsOf(original, *program)) == text) {
      ++otherSettings;
      continue;
    }
    ++equal;
    EXPECT_EQ(outcome.reports, expected.reports)
        << "change " << i << " trains something else without an error:\n"
        << changed;
  }
  EXPECT_GT(refused, 300);
  EXPECT_GT(equal, 100);
  EXPECT_GT(otherSettings, 10);
  RecordProperty("refused", refused);
  RecordProperty("equal", equal);
  RecordProperty("otherSettings", otherSettings);
  RecordProperty("failed", failed);
}
