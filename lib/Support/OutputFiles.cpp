//===- OutputFiles.cpp - Files that are whole or not there ----------------===//

#include "aceso/Support/OutputFiles.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace aceso {

WriteFailure::WriteFailure(const std::string &file, const std::string &reason)
    : std::runtime_error(file + ": cannot be written (" + reason +
                         "); check that the folder may be written and the disk has space"),
      reason(reason) {}

/// What is replaced when `file` is complete; a link to a file stays.
static std::string resolveLink(const std::string &file) {
  std::error_code error;
  std::filesystem::path target = std::filesystem::canonical(file, error);
  return error ? file : target.string();
}

/// A device or a pipe cannot be replaced by a file.
static bool isReplaceable(const std::string &file) {
  std::error_code error;
  std::filesystem::file_status status = std::filesystem::status(file, error);
  return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status) ||
         std::filesystem::is_directory(status);
}

OutputFile::OutputFile(std::string name)
    : file(std::move(name)), whole(isReplaceable(file) ? resolveLink(file) : file),
      part(isReplaceable(file) ? whole + ".part" : file),
      descriptor(open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (descriptor < 0)
    throw WriteFailure(file, std::strerror(errno));
}

OutputFile::~OutputFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (!isComplete && part != whole)
    std::remove(part.c_str());
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count >= 0)
      bytes.remove_prefix(count);
    else if (errno != EINTR)
      throw WriteFailure(file, std::strerror(errno));
  }
}

void OutputFile::finish() {
  bool isDevice = part == whole;
  bool isOnDisk = isDevice || fsync(descriptor) == 0;
  if (!isOnDisk || close(std::exchange(descriptor, -1)) != 0 ||
      (!isDevice && std::rename(part.c_str(), whole.c_str()) != 0))
    throw WriteFailure(file, std::strerror(errno));
  isComplete = true;
}

void writeWhole(const std::string &file, std::string_view content) {
  OutputFile out(file);
  out.write(content);
  out.finish();
}

std::string tryWriteWhole(const std::string &file, std::string_view content) {
  try {
    writeWhole(file, content);
  } catch (const WriteFailure &failure) {
    return failure.what();
  }
  return "";
}

std::string prepareFolder(const std::string &folder, const std::string &option) {
  std::string remedy = "; give another " + option;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder))
    return folder + ": cannot be made (" + (error ? error.message() : "a file has this name") +
           ")" + remedy;
  // As much as a set of cost tables takes, roughly: a full disk shows before anything is done.
  constexpr size_t probeBytes = size_t(1) << 20;
  std::string probe = folder + "/.aceso-probe-" + std::to_string(getpid());
  try {
    writeWhole(probe, std::string(probeBytes, '\n'));
  } catch (const WriteFailure &failure) {
    return folder + ": files cannot be written there (" + failure.reason + ")" + remedy;
  }
  std::remove(probe.c_str());
  return "";
}

} // namespace aceso
