//===- context.h - What c10d's Gloo header names ----------------*- C++ -*-===//
//
// Gloo is inside libtorch_cpu, without its headers. ProcessGroupGloo.hpp only holds pointers to it:
// these declarations let it compile. A direct call of Gloo does not link, on purpose.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <chrono>
#include <memory>

namespace gloo {
namespace transport {
class UnboundBuffer;
} // namespace transport
class Context {
public:
  void setTimeout(std::chrono::milliseconds timeout);
};
} // namespace gloo
