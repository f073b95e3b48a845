//===- Safetensors.h - Named tensors in a file ------------------*- C++ -*-===//
//
// The safetensors format: the length of a header as 64 bits, the header (JSON: type, shape and
// place of every tensor), and their bytes without gaps.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_RUNTIME_SAFETENSORS_H
#define ACESO_RUNTIME_SAFETENSORS_H

#include "aceso/Support/OutputFiles.h"

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace aceso {

struct SafetensorsEntry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> shape;
};

/// Writes a file tensor by tensor, so that only one need be in memory. It appears and goes as an
/// OutputFile does.
class SafetensorsWriter {
public:
  SafetensorsWriter(const std::string &file, std::vector<SafetensorsEntry> entries,
                    const std::map<std::string, std::string> &metadata = {});

  /// The next tensor, in the order of the entries.
  void write(const at::Tensor &tensor);
  /// After the last one.
  void finish();

private:
  std::vector<SafetensorsEntry> entries;
  size_t numWritten = 0;
  OutputFile out;
};

struct SafetensorsContent {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads a whole file. Throws std::runtime_error that names the file if it is no safetensors file,
/// or has a header that does not fit its size.
SafetensorsContent readSafetensors(const std::string &file);

} // namespace aceso

#endif // ACESO_RUNTIME_SAFETENSORS_H
