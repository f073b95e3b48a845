//===- TemporaryFolder.h - A folder for one run -----------------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_TEMPORARYFOLDER_H
#define ACESO_TOOLS_ACESO_RUN_TEMPORARYFOLDER_H

#include <string>

namespace aceso {

/// A new folder that goes with this object, made when it is first asked for.
class TemporaryFolder {
public:
  TemporaryFolder() = default;
  ~TemporaryFolder() { remove(); }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  /// Throws std::runtime_error if there is no place for it.
  const std::string &getPath();
  /// Removes it now, with all that is in it.
  void remove();

private:
  std::string path; ///< empty: there is none
};

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_TEMPORARYFOLDER_H
