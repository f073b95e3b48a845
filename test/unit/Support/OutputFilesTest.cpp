//===- OutputFilesTest.cpp - Files that are whole or not there ------------===//

#include "FullDisk.h"
#include "TestFolder.h"

#include "aceso/Support/OutputFiles.h"

#include <gmock/gmock.h>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;

namespace {

class OutputFilesTest : public testing::Test {
protected:
  TestFolder folder;
};

/// What `body` throws.
template <typename Body> std::string failureOf(Body body) {
  try {
    body();
  } catch (const WriteFailure &failure) {
    return failure.what();
  }
  return "";
}

} // namespace

TEST_F(OutputFilesTest, FilesAreWholeOrNotThere) {
  {
    OutputFile out(folder.file("table.csv"));
    out.write("half of it");
    EXPECT_EQ(folder.files(), std::vector<std::string>{"table.csv.part"});
  }
  EXPECT_TRUE(folder.files().empty());
  EXPECT_THAT(failureOf([&] { writeWhole(folder.file("no/table.csv"), "x"); }),
              HasSubstr("no/table.csv: cannot be written (No such file or directory); check that"));
  // A folder in place of the file: the content was written, but cannot take its place.
  std::filesystem::create_directory(folder.file("table.csv"));
  std::ofstream(folder.file("table.csv/occupied"));
  EXPECT_NE(failureOf([&] { writeWhole(folder.file("table.csv"), "x"); }), "");
  EXPECT_EQ(folder.files(), std::vector<std::string>{"table.csv"});
}

TEST_F(OutputFilesTest, DevicesAndLinksStay) {
  EXPECT_EQ(tryWriteWhole("/dev/null", "x"), "");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_THAT(tryWriteWhole("/dev/full", "x"),
              HasSubstr("/dev/full: cannot be written (No space left on device); check that"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  writeWhole(folder.file("table.csv"), "old\n");
  std::filesystem::create_symlink("table.csv", folder.file("link.csv"));
  writeWhole(folder.file("link.csv"), "new\n");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link.csv")));
  EXPECT_EQ(folder.read("table.csv"), "new\n");
  EXPECT_EQ(folder.files().size(), 2u);
}

TEST_F(OutputFilesTest, FoldersAreMadeAndTried) {
  EXPECT_EQ(prepareFolder(folder.file("new/deep"), "--output"), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder.file("new/deep")));
  std::ofstream(folder.file("file"));
  EXPECT_THAT(prepareFolder(folder.file("file"), "--output"), HasSubstr("give another --output"));
  EXPECT_THAT(prepareFolder("/dev/full/x", "--save"), HasSubstr("give another --save"));
}

TEST_F(OutputFilesTest, FullDiskIsSaidAndLeavesWhatWasThere) {
  writeWhole(folder.file("table.csv"), "old\n");
  std::string problem, folderProblem;
  {
    FullDisk disk(1000);
    problem = failureOf([&] { writeWhole(folder.file("table.csv"), std::string(2000, 'x')); });
    folderProblem = prepareFolder(folder.path, "--output");
  }
  EXPECT_THAT(problem, HasSubstr("table.csv: cannot be written (File too large); check that the "
                                 "folder may be written and the disk has space"));
  EXPECT_THAT(folderProblem, HasSubstr("files cannot be written there (File too large)"));
  EXPECT_EQ(folder.read("table.csv"), "old\n");
  EXPECT_EQ(folder.files(), std::vector<std::string>{"table.csv"});
}
