//===- Result.h - A value, or why there is none -----------------*- C++ -*-===//
//
// How the plain C++ parts report errors: no exceptions, no sentinels.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_SUPPORT_RESULT_H
#define ACESO_SUPPORT_RESULT_H

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace aceso {

/// One clear message: the fact, the file and field, the remedy.
struct ErrorMessage {
  std::string text;
};

/// A T or the message that says why there is none. (C++20 has no std::expected.)
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::move(value)) {}
  Result(ErrorMessage error) : state(std::move(error)) {}

  explicit operator bool() const { return std::holds_alternative<T>(state); }

  T &operator*() & { return value(); }
  const T &operator*() const & { return const_cast<Result *>(this)->value(); }
  T &&operator*() && { return std::move(value()); }
  T *operator->() { return &value(); }
  const T *operator->() const { return &const_cast<Result *>(this)->value(); }

  /// Only where there is no value.
  const std::string &error() const {
    assert(!*this && "asked a value for its error");
    return std::get_if<ErrorMessage>(&state)->text;
  }
  /// The same as an error to return from a function with another result type.
  ErrorMessage takeError() { return ErrorMessage{error()}; }

private:
  T &value() {
    assert(*this && "the error was not looked at");
    return *std::get_if<T>(&state);
  }

  std::variant<T, ErrorMessage> state;
};

} // namespace aceso

#endif // ACESO_SUPPORT_RESULT_H
