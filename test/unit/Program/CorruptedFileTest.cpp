//===- CorruptedFileTest.cpp - Damaged program files ----------------------===//
//
// Damage gives an error or the same program. With the checksum made right again it gives an error
// or a program that passes the verifier; tests of the runtime run those.
//
//===----------------------------------------------------------------------===//

#include "CorruptProgram.h"
#include "ExampleProgram.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Program/VerifyProgram.h"

#include <gtest/gtest.h>

using namespace aceso;
using namespace aceso::test;

TEST(CorruptedFileTest, FlippedBytesAreFound) {
  const std::string text = printProgram(exampleProgram());
  Corrupter corrupter(1);
  int errors = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = corrupter.flipBytes(text);
    Result<Program> program = parseProgram(damaged, "x.program");
    if (program)
      EXPECT_EQ(printProgram(*program), text) << "damage " << i << " passes unseen";
    else
      ++errors;
  }
  EXPECT_GT(errors, 900);
}

TEST(CorruptedFileTest, ChangedValuesAreReadOrRefused) {
  const std::string text = printProgram(exampleProgram());
  Corrupter corrupter(2);
  int parsed = 0, verified = 0;
  for (int i = 0; i < 1000; ++i) {
    Result<Program> program = parseProgram(corrupter.changeValue(text), "x.program");
    if (!program)
      continue;
    ++parsed;
    verified += verifyProgram(*program).empty();
  }
  EXPECT_GT(parsed, 300);
  EXPECT_GT(verified, 10);
  EXPECT_LT(verified, parsed - 100);
}

TEST(CorruptedFileTest, FlippedBytesWithTheRightChecksum) {
  const std::string text = printProgram(exampleProgram());
  Corrupter corrupter(3);
  int parsed = 0;
  for (int i = 0; i < 1000; ++i) {
    std::optional<std::string> damaged = corrupter.repairChecksum(corrupter.flipBytes(text));
    if (!damaged)
      continue;
    if (Result<Program> program = parseProgram(*damaged, "x.program")) {
      ++parsed;
      verifyProgram(*program);
    }
  }
  EXPECT_GT(parsed, 10);
}
