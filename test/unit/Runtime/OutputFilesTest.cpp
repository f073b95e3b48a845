//===- OutputFilesTest.cpp - Files that are whole or not there ------------===//

#include "aceso/Runtime/OutputFiles.h"
#include "aceso/Runtime/Safetensors.h"

#include <ATen/Functions.h>

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>

using namespace aceso;
using testing::HasSubstr;

namespace {

/// A folder that goes with the test.
class OutputFilesTest : public testing::Test {
protected:
  OutputFilesTest() {
    std::string pattern = testing::TempDir() + "aceso-output-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~OutputFilesTest() override { std::filesystem::remove_all(folder); }

  std::string read(const std::string &name) const {
    std::ifstream in(folder + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(folder))
      names.push_back(entry.path().filename());
    return names;
  }

  std::string folder;
};

/// While it lives, files cannot grow beyond `bytes`: as on a full disk, part of a file can be
/// written.
class FullDisk {
public:
  explicit FullDisk(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit small = {bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before); }

private:
  rlimit before;
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
    OutputFile out(folder + "/table.csv");
    out.write("half of it");
    EXPECT_EQ(files(), std::vector<std::string>{"table.csv.part"});
  }
  EXPECT_TRUE(files().empty());
  EXPECT_THAT(failureOf([&] { writeWhole(folder + "/no/table.csv", "x"); }),
              HasSubstr("no/table.csv: cannot be written (No such file or directory); check that"));
  // A folder in place of the file: the content was written, but cannot take its place.
  std::filesystem::create_directory(folder + "/table.csv");
  std::ofstream(folder + "/table.csv/occupied");
  EXPECT_NE(failureOf([&] { writeWhole(folder + "/table.csv", "x"); }), "");
  EXPECT_EQ(files(), std::vector<std::string>{"table.csv"});
}

TEST_F(OutputFilesTest, FoldersAreMadeAndTried) {
  EXPECT_EQ(prepareFolder(folder + "/new/deep", "--output"), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder + "/new/deep"));
  std::ofstream(folder + "/file");
  EXPECT_THAT(prepareFolder(folder + "/file", "--output"), HasSubstr("give another --output"));
  EXPECT_THAT(prepareFolder("/dev/full/x", "--save"), HasSubstr("give another --save"));
}

TEST_F(OutputFilesTest, FullDiskIsSaidAndLeavesWhatWasThere) {
  writeWhole(folder + "/table.csv", "old\n");
  std::string problem, folderProblem;
  {
    FullDisk disk(1000);
    problem = failureOf([&] { writeWhole(folder + "/table.csv", std::string(2000, 'x')); });
    folderProblem = prepareFolder(folder, "--output");
  }
  EXPECT_THAT(problem, HasSubstr("table.csv: cannot be written (File too large); check that the "
                                 "folder may be written and the disk has space"));
  EXPECT_THAT(folderProblem, HasSubstr("files cannot be written there (File too large)"));
  EXPECT_EQ(read("table.csv"), "old\n");
  EXPECT_EQ(files(), std::vector<std::string>{"table.csv"});
}

TEST_F(OutputFilesTest, ParametersThatDoNotFitLeaveNothing) {
  auto save = [&] {
    SafetensorsWriter writer(folder + "/model.safetensors",
                             {{"small", at::kFloat, {10}}, {"large", at::kFloat, {1000}}});
    writer.write(at::zeros({10}));
    writer.write(at::zeros({1000}));
    writer.finish();
  };
  std::string problem;
  {
    FullDisk disk(1000);
    problem = failureOf(save);
  }
  EXPECT_THAT(problem, HasSubstr("model.safetensors: cannot be written (File too large)"));
  EXPECT_TRUE(files().empty());
  save();
  EXPECT_EQ(files(), std::vector<std::string>{"model.safetensors"});
}
