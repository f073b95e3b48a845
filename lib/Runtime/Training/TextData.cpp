//===- TextData.cpp - Training on the bytes of a text ---------------------===//

#include "aceso/Runtime/TextData.h"

#include "aceso/Runtime/Kernel.h"
#include "aceso/Runtime/Random.h"
#include "aceso/Support/InputFile.h"

#include <ATen/ops/empty.h>

namespace aceso {

Result<TextData> TextData::open(const std::string &file, const Program &program) {
  TextData data;
  data.globalBatch = program.globalBatch;
  for (const ProgramInput &input : program.inputs) {
    bool isKnown = input.name == "ids" || input.name == "labels";
    if (!isKnown || input.shape.size() != 2 || input.batchDim != 0 || isFloating(input.type))
      return ErrorMessage{"program '" + program.name + "' has an input '" + input.name +
                          "' that a text does not give: it gives ids and labels of [batch, "
                          "sequence]"};
    if (data.sequence != 0 && data.sequence != input.shape[1])
      return ErrorMessage{"program '" + program.name +
                          "' has inputs of different sequence lengths"};
    data.sequence = input.shape[1];
    data.inputs.push_back({input.name == "labels", input.type});
  }
  Result<std::string> text = readWhole(file, "give a text file with --data");
  if (!text)
    return text.takeError();
  data.text = *std::move(text);
  if (static_cast<int64_t>(data.text.size()) <= data.sequence)
    return ErrorMessage{file + ": has " + std::to_string(data.text.size()) +
                        " bytes, but a sample takes " + std::to_string(data.sequence + 1) +
                        "; give a longer text with --data"};
  return data;
}

std::vector<at::Tensor> TextData::batch(uint64_t seed, int64_t step) const {
  std::vector<uint32_t> bits(2 * globalBatch);
  randomBits(dataStream(seed, static_cast<uint64_t>(step)), 0, bits);
  std::vector<at::Tensor> tensors;
  for (const Input &input : inputs) {
    at::Tensor tensor = at::empty({globalBatch, sequence}, at::TensorOptions().dtype(at::kLong));
    auto *values = tensor.mutable_data_ptr<int64_t>();
    for (int64_t sample = 0; sample < globalBatch; ++sample) {
      uint64_t number = uint64_t(bits[2 * sample]) << 32 | bits[2 * sample + 1];
      uint64_t place = number % (text.size() - sequence) + (input.isLabels ? 1 : 0);
      for (int64_t i = 0; i < sequence; ++i)
        values[sample * sequence + i] = static_cast<unsigned char>(text[place + i]);
    }
    tensors.push_back(tensor.to(toScalarType(input.type)));
  }
  return tensors;
}

} // namespace aceso
