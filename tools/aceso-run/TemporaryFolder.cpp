//===- TemporaryFolder.cpp - A folder for one run -------------------------===//

#include "TemporaryFolder.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace aceso {

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  std::filesystem::path place = std::filesystem::temp_directory_path(error);
  std::string pattern = (error ? "/tmp" : place.string()) + "/aceso-run-XXXXXX";
  if (!mkdtemp(pattern.data()))
    throw std::runtime_error(pattern + ": cannot be made; set TMPDIR to a folder with space");
  path = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

} // namespace aceso
