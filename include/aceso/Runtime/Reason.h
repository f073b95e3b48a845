//===- Reason.h - What an exception says ------------------------*- C++ -*-===//

#ifndef ACESO_RUNTIME_REASON_H
#define ACESO_RUNTIME_REASON_H

#include <exception>
#include <string>

namespace aceso {

/// What an exception says, without the stack that LibTorch appends to its own.
inline std::string reasonOf(const std::exception &failure) {
  std::string text = failure.what();
  return text.substr(0, text.find('\n'));
}

} // namespace aceso

#endif // ACESO_RUNTIME_REASON_H
