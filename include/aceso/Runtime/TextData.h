//===- TextData.h - Training on the bytes of a text -------------*- C++ -*-===//

#ifndef ACESO_RUNTIME_TEXTDATA_H
#define ACESO_RUNTIME_TEXTDATA_H

#include "aceso/Program/Program.h"
#include "aceso/Support/Result.h"

#include <ATen/core/Tensor.h>

namespace aceso {

/// A file whose bytes are the tokens (ids 0 to 255). A sample is a piece of the text at a place
/// that follows from seed, step and the number of the sample in the global batch; its labels are
/// the bytes that come next.
class TextData {
public:
  /// Reads the file. Fails if it cannot be read, is too short for one sample, or if the program
  /// wants other inputs than "ids" and "labels" of [batch, sequence].
  static Result<TextData> open(const std::string &file, const Program &program);

  /// The inputs of a step: for each input of the program the tensor of the global batch.
  std::vector<at::Tensor> batch(uint64_t seed, int64_t step) const;

private:
  struct Input {
    bool isLabels;
    ElementType type;
  };

  std::string text;
  std::vector<Input> inputs;
  int64_t globalBatch = 0, sequence = 0;
};

} // namespace aceso

#endif // ACESO_RUNTIME_TEXTDATA_H
