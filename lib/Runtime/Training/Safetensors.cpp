//===- Safetensors.cpp - Named tensors in a file --------------------------===//

#include "aceso/Runtime/Safetensors.h"

#include <ATen/Functions.h>

#include <nlohmann/json.hpp>

#include <cstring>
#include <fstream>
#include <numeric>
#include <stdexcept>

namespace aceso {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

static constexpr char metadataKey[] = "__metadata__";

namespace {
struct TypeName {
  at::ScalarType type;
  const char *name;
};
constexpr TypeName typeNames[] = {{at::kHalf, "F16"},  {at::kBFloat16, "BF16"},
                                  {at::kFloat, "F32"}, {at::kDouble, "F64"},
                                  {at::kInt, "I32"},   {at::kLong, "I64"}};
} // namespace

static std::string nameOf(at::ScalarType type) {
  for (const TypeName &entry : typeNames)
    if (entry.type == type)
      return entry.name;
  throw std::invalid_argument("safetensors: no name for a tensor's type");
}

static int64_t bytesOf(const SafetensorsEntry &entry) {
  return std::accumulate(entry.shape.begin(), entry.shape.end(),
                         static_cast<int64_t>(c10::elementSize(entry.type)), std::multiplies<>());
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

SafetensorsWriter::SafetensorsWriter(const std::string &file, std::vector<SafetensorsEntry> entries,
                                     const std::map<std::string, std::string> &metadata)
    : entries(std::move(entries)), out(file) {
  Json header;
  if (!metadata.empty())
    header[metadataKey] = metadata;
  int64_t place = 0;
  for (const SafetensorsEntry &entry : this->entries) {
    int64_t end = place + bytesOf(entry);
    header[entry.name] = {
        {"dtype", nameOf(entry.type)}, {"shape", entry.shape}, {"data_offsets", {place, end}}};
    place = end;
  }
  std::string text = header.dump();
  // Data begins at a multiple of eight.
  text.resize((text.size() + 7) / 8 * 8, ' ');
  uint64_t length = text.size();
  out.write({reinterpret_cast<const char *>(&length), sizeof(length)});
  out.write(text);
}

void SafetensorsWriter::write(const at::Tensor &tensor) {
  const SafetensorsEntry &entry = entries.at(numWritten++);
  if (tensor.sizes().vec() != entry.shape || tensor.scalar_type() != entry.type)
    throw std::invalid_argument("safetensors: '" + entry.name + "' is of another shape or type");
  at::Tensor data = tensor.cpu().contiguous();
  out.write({static_cast<const char *>(data.const_data_ptr()), data.nbytes()});
}

void SafetensorsWriter::finish() {
  if (numWritten != entries.size())
    throw std::logic_error("safetensors: a tensor is missing");
  out.finish();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static at::Tensor readTensor(const Json &entry, const char *data, uint64_t size) {
  at::ScalarType type = at::kFloat;
  bool isKnown = false;
  for (const TypeName &candidate : typeNames)
    if (entry.at("dtype") == candidate.name) {
      type = candidate.type;
      isKnown = true;
    }
  auto shape = entry.at("shape").get<std::vector<int64_t>>();
  auto places = entry.at("data_offsets").get<std::vector<uint64_t>>();
  if (!isKnown || places.size() != 2 || places[0] > places[1] || places[1] > size)
    throw std::runtime_error("a tensor's type or place is impossible");
  uint64_t bytes = c10::elementSize(type);
  for (int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<uint64_t>(extent), &bytes))
      throw std::runtime_error("a tensor's shape is impossible");
  if (bytes != places[1] - places[0])
    throw std::runtime_error("a tensor's shape does not fit its bytes");
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(type));
  if (bytes > 0)
    std::memcpy(tensor.mutable_data_ptr(), data + places[0], bytes);
  return tensor;
}

SafetensorsContent readSafetensors(const std::string &file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (!in)
    throw std::runtime_error(file + ": cannot be read");
  uint64_t length = 0;
  if (bytes.size() < sizeof(length))
    throw std::runtime_error(file + ": is no safetensors file (too short)");
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > bytes.size() - sizeof(length))
    throw std::runtime_error(file +
                             ": is no safetensors file (its header is longer than the file)");
  const char *begin = bytes.data() + sizeof(length);
  SafetensorsContent content;
  try {
    Json header = Json::parse(begin, begin + length);
    for (const auto &[name, entry] : header.items()) {
      if (name == metadataKey)
        content.metadata = entry.get<std::map<std::string, std::string>>();
      else
        content.tensors[name] =
            readTensor(entry, begin + length, bytes.size() - sizeof(length) - length);
    }
  } catch (const std::exception &error) {
    throw std::runtime_error(file + ": is no safetensors file (" + error.what() + ")");
  }
  return content;
}

} // namespace aceso
