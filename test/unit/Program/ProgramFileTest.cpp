//===- ProgramFileTest.cpp - Programs as files ----------------------------===//

#include "ExampleProgram.h"

#include "aceso/Program/ProgramFile.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;
using testing::StartsWith;

static std::string errorOf(const std::string &text) {
  Result<Program> program = parseProgram(text, "x.program");
  return program ? "" : program.error();
}

/// The file with one text replaced; the checksum is not looked at before the structure.
static std::string replaced(const std::string &from, const std::string &to) {
  std::string text = printProgram(exampleProgram());
  size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

TEST(ProgramFileTest, PrintAndParseAreInverse) {
  for (ElementType type : {ElementType::BF16, ElementType::F32, ElementType::F64}) {
    ExampleOptions options;
    options.modelType = type;
    options.optimizer.clipGradNorm = 0.1;
    std::string text = printProgram(exampleProgram(options));
    Result<Program> parsed = parseProgram(text, "x.program");
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_EQ(printProgram(*parsed), text);
    EXPECT_EQ(parsed->optimizer.clipGradNorm, 0.1);
    EXPECT_EQ(parsed->numRanks(), 4u);
    EXPECT_EQ(parsed->stageOf(1), 0u);
    EXPECT_EQ(parsed->stageOf(2), 1u);
  }
}

TEST(ProgramFileTest, AnInstructionIsALine) {
  std::string text = printProgram(exampleProgram());
  EXPECT_THAT(text, StartsWith("{\n \"aceso-program\": 2,\n \"checksum\": \""));
  EXPECT_NE(text.find("\n       {\"op\":\"input\",\"results\":[0],\"index\":0},\n"),
            std::string::npos);
  EXPECT_LT(text.size(), 60000u);
}

TEST(ProgramFileTest, WhiteSpaceIsFree) {
  std::string compact = nlohmann::ordered_json::parse(printProgram(exampleProgram())).dump();
  EXPECT_EQ(errorOf(compact), "");
}

TEST(ProgramFileTest, ErrorsNameFilePlaceAndRemedy) {
  EXPECT_THAT(errorOf("not json"), StartsWith("x.program: no program file: "));
  EXPECT_THAT(errorOf("[]"), StartsWith("x.program: /: expected an object, found []"));
  EXPECT_THAT(errorOf(replaced("\"aceso-program\": 2", "\"aceso-program\": 1")),
              StartsWith("x.program: /aceso-program: version 1, but this program reads version 2"));
  EXPECT_THAT(errorOf(replaced("\"global_batch\"", "\"global_botch\"")),
              HasSubstr("/checksum: the content has checksum"));
  EXPECT_THAT(errorOf("{}"), HasSubstr("field 'aceso-program' is missing"));
  EXPECT_THAT(errorOf("{}"), HasSubstr("export the program again"));
  EXPECT_THAT(errorOf(std::string(100000, '[')), HasSubstr("nested more than 64 deep"));
}

TEST(ProgramFileTest, FilesAreWrittenWhole) {
  std::filesystem::path folder = testing::TempDir();
  std::string file = folder / "aceso-program-file-test.program";
  Program program = exampleProgram();
  ASSERT_EQ(writeProgramFile(program, file), "");
  EXPECT_FALSE(std::filesystem::exists(file + ".part"));
  Result<Program> read = readProgramFile(file);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(printProgram(*read), printProgram(program));
  program.stages[0].firstRank = 1;
  ASSERT_EQ(writeProgramFile(program, file), "");
  Result<Program> wrong = readProgramFile(file);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error(), StartsWith(file + ": P1: stage 0 begins at rank 1"));
  std::filesystem::remove(file);
  EXPECT_THAT(readProgramFile(file).takeError().text,
              HasSubstr("cannot be read (No such file or directory); give the path of a program"));
  EXPECT_THAT(readProgramFile(folder).takeError().text,
              HasSubstr("cannot be read (Is a directory"));
  std::ofstream(file).close();
  EXPECT_THAT(readProgramFile(file).takeError().text, StartsWith(file + ": no program file: "));
  std::filesystem::remove(file);
  EXPECT_THAT(writeProgramFile(program, (folder / "no" / "such" / "folder").string()),
              HasSubstr("cannot be written"));
}
