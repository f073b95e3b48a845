//===- device.h - See gloo/context.h ----------------------------*- C++ -*-===//

#pragma once

namespace gloo::transport {
class Device;
} // namespace gloo::transport
