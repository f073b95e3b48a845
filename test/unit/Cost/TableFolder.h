//===- TableFolder.h - A folder of tables made by a test --------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_COST_TABLEFOLDER_H
#define ACESO_TEST_UNIT_COST_TABLEFOLDER_H

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace aceso::test {

/// Removed with the object.
class TableFolder {
public:
  TableFolder() {
    const testing::TestInfo *test = testing::UnitTest::GetInstance()->current_test_info();
    path = testing::TempDir() + "aceso-" + test->test_suite_name() + "-" + test->name();
    for (char &c : path)
      if (c == '/' && &c > &path[testing::TempDir().size()])
        c = '-';
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~TableFolder() { std::filesystem::remove_all(path); }

  void write(const std::string &name, const std::string &text) const {
    std::ofstream(path + "/" + name, std::ios::binary) << text;
  }

  std::string path;
};

/// First line of an op table in the published format.
inline const std::string opHeader =
    "op_name,forward-compute,backward-compute,input_size,output_size,weights,activations,"
    "fwd_reserved,bwd_reserved";

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_COST_TABLEFOLDER_H
