//===- TemporaryFolder.cpp - A folder for one run -------------------------===//

#include "TemporaryFolder.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace aceso {

const std::string &TemporaryFolder::getPath() {
  if (!path.empty())
    return path;
  std::error_code error;
  std::filesystem::path place = std::filesystem::temp_directory_path(error);
  std::string pattern = (error ? "/tmp" : place.string()) + "/aceso-run-XXXXXX";
  if (!mkdtemp(pattern.data()))
    throw std::runtime_error(pattern + ": cannot be made; set TMPDIR to a folder with space");
  path = pattern;
  return path;
}

void TemporaryFolder::remove() {
  if (path.empty())
    return;
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  path.clear();
}

} // namespace aceso
