//===- InputFile.cpp - Files that are read at once ------------------------===//

#include "aceso/Support/InputFile.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace aceso {

Result<std::string> readWhole(const std::string &file, const std::string &remedy) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  // To copy nothing would count as a failure.
  if (in && in.peek() != std::ifstream::traits_type::eof())
    text << in.rdbuf();
  if (in.bad() || !in.is_open() || !text)
    return ErrorMessage{file + ": cannot be read (" + std::strerror(errno) + "); " + remedy};
  return std::move(text).str();
}

} // namespace aceso
