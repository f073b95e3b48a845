//===- TestFolder.h - A folder for one test ---------------------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_SUPPORT_TESTFOLDER_H
#define ACESO_TEST_UNIT_SUPPORT_TESTFOLDER_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace aceso::test {

/// A new folder, which goes with the object.
class TestFolder {
public:
  TestFolder() : path(testing::TempDir() + "aceso-test-XXXXXX") {
    if (!mkdtemp(path.data()))
      ADD_FAILURE() << path << " cannot be made";
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TestFolder(const TestFolder &) = delete;
  TestFolder &operator=(const TestFolder &) = delete;

  std::string file(const std::string &name) const { return path + "/" + name; }
  /// The path of the file.
  std::string write(const std::string &name, const std::string &text) const {
    std::ofstream(file(name), std::ios::binary) << text;
    return file(name);
  }
  std::string read(const std::string &name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// The names of what is in it.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(path))
      names.push_back(entry.path().filename());
    return names;
  }

  std::string path;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_SUPPORT_TESTFOLDER_H
