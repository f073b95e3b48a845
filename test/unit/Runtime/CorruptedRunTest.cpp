//===- CorruptedRunTest.cpp - Changed programs that pass the verifier -----===//
//
// A file whose values were changed gives an error when it is read, or runs to its end or to an
// error. It never crashes, hangs or reads what is not there.
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

TEST(CorruptedRunTest, ChangedProgramsRunOrAreRefused) {
  ExampleOptions options;
  options.numMicroBatches = 2;
  const std::string text = printProgram(exampleProgram(options));
  Corrupter corrupter(4);
  int refused = 0, ran = 0, failed = 0;
  for (int i = 0; i < 1000; ++i) {
    Result<Program> program = parseProgram(corrupter.changeValue(text), "x.program");
    if (!program || !verifyProgram(*program).empty() || program->numRanks() > 8) {
      ++refused;
      continue;
    }
    StepInputs inputs{0, 0.01, {}};
    for (const ProgramInput &input : program->inputs) {
      std::vector<int64_t> shape = input.shape;
      shape[input.batchDim] = program->globalBatch;
      inputs.tensors.push_back(at::ones(shape, at::kInt));
    }
    auto failure =
        runAsThreads(createThreadCommunicators(program->numRanks(), {.timeout = std::chrono::seconds(60)}),
                     [&](Communicator &c) {
                       Executor executor(*program, c);
                       executor.initializeParameters();
                       executor.runStep(inputs);
                     });
    if (!failure) {
      ++ran;
      continue;
    }
    ++failed;
    EXPECT_NE(failure->reason, "");
    EXPECT_EQ(failure->reason.find("no answer within"), std::string::npos)
        << "a hang that the verifier should have seen";
  }
  EXPECT_GT(refused, 300);
  EXPECT_GT(ran, 100);
  RecordProperty("refused", refused);
  RecordProperty("ran", ran);
  RecordProperty("failed", failed);
}
