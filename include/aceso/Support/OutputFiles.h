//===- OutputFiles.h - Files that are whole or not there --------*- C++ -*-===//

#ifndef ACESO_SUPPORT_OUTPUTFILES_H
#define ACESO_SUPPORT_OUTPUTFILES_H

#include <stdexcept>
#include <string>
#include <string_view>

namespace aceso {

/// Names the file, says the reason and the remedy.
class WriteFailure : public std::runtime_error {
public:
  WriteFailure(const std::string &file, const std::string &reason);
  /// "No space left on device".
  std::string reason;
};

/// A file that appears under its name when it is complete. Until then it is FILE.part, which goes
/// if the file is never completed. What is there and no regular file (a device, a pipe) is written
/// as it is, and a link to a file stays one. Throws WriteFailure.
class OutputFile {
public:
  explicit OutputFile(std::string file);
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  void write(std::string_view bytes);
  /// Everything has been written: waits until the disk has it.
  void finish();

private:
  std::string file;        ///< as it was named
  std::string whole, part; ///< what appears, and its name until then; equal for a device
  int descriptor;
  bool isComplete = false;
};

/// Writes a whole file, or throws WriteFailure and leaves what was there.
void writeWhole(const std::string &file, std::string_view content);

/// The same without exceptions: what the WriteFailure would say, or empty.
std::string tryWriteWhole(const std::string &file, std::string_view content);

/// Makes `folder` if it is missing and proves that files can be written there. The error, which
/// asks for another value of `option`, or empty.
std::string prepareFolder(const std::string &folder, const std::string &option);

} // namespace aceso

#endif // ACESO_SUPPORT_OUTPUTFILES_H
