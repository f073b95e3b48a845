//===- TemporaryFolder.h - A folder for one run -----------------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_TEMPORARYFOLDER_H
#define ACESO_TOOLS_ACESO_RUN_TEMPORARYFOLDER_H

#include <string>

namespace aceso {

/// A new folder that goes with this object.
class TemporaryFolder {
public:
  /// Throws std::runtime_error if there is no place for it.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  const std::string &getPath() const { return path; }

private:
  std::string path;
};

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_TEMPORARYFOLDER_H
