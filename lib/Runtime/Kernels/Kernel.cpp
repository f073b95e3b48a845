//===- Kernel.cpp - Finding kernels ---------------------------------------===//

#include "aceso/Runtime/Kernel.h"

#include "KernelTables.h"

#include "aceso/Program/KernelLetters.h"

#include <map>
#include <stdexcept>

namespace aceso {

at::ScalarType toScalarType(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return at::kHalf;
  case ElementType::BF16:
    return at::kBFloat16;
  case ElementType::F32:
    return at::kFloat;
  case ElementType::F64:
    return at::kDouble;
  case ElementType::I32:
    return at::kInt;
  case ElementType::I64:
    return at::kLong;
  }
  throw std::invalid_argument("an element type that no tensor has");
}

template <typename T> static const T *find(const KernelSpec &spec, const char *attribute) {
  auto place = spec.attributes.find(attribute);
  return place == spec.attributes.end() ? nullptr : std::get_if<T>(&place->second);
}

template <typename T> static T get(const KernelSpec &spec, const char *attribute) {
  if (const T *value = find<T>(spec, attribute))
    return *value;
  throw std::invalid_argument(spec.name + " has no attribute '" + attribute + "'");
}

double KernelSpec::number(const char *attribute) const { return get<double>(*this, attribute); }

double KernelSpec::number(const char *attribute, double otherwise) const {
  const double *value = find<double>(*this, attribute);
  return value ? *value : otherwise;
}

int64_t KernelSpec::integer(const char *attribute) const { return get<int64_t>(*this, attribute); }

bool KernelSpec::flag(const char *attribute) const {
  const bool *value = find<bool>(*this, attribute);
  return value && *value;
}

Kernel makeKernel(const KernelSpec &spec) {
  using Factory = Kernel (*)(const KernelSpec &);
  static const std::map<std::string, Factory> factories = [] {
    std::map<std::string, Factory> all;
    for (std::span<const KernelEntry> table :
         {attentionKernels(), contractionKernels(), crossEntropyKernels(), dropoutKernels(),
          embeddingKernels(), normalizationKernels(), optimizerKernels(), pointwiseKernels()})
      for (const KernelEntry &entry : table)
        all[entry.name] = entry.make;
    return all;
  }();
  auto factory = factories.find(spec.name);
  if (factory == factories.end())
    throw std::invalid_argument("no kernel is called " + spec.name);
  return factory->second(spec);
}

KernelSpec makeKernelSpec(const Segment &segment, const Instruction &instruction, const Mesh &mesh,
                          int64_t device, at::Device where) {
  KernelSpec spec{instruction.name, instruction.path, instruction.attributes, {}, {}, {}, where};
  std::vector<const TensorDesc *> operands, results;
  auto addPlaces = [&](const std::vector<Index> &values, std::vector<TensorPlace> &places,
                       std::vector<const TensorDesc *> &descs) {
    for (Index value : values) {
      const TensorDesc &desc = segment.values[value];
      places.push_back(
          {toScalarType(desc.type), desc.shape, boxOf(mesh, desc.layout, desc.shape, device)});
      descs.push_back(&desc);
    }
  };
  addPlaces(instruction.operands, spec.operands, operands);
  addPlaces(instruction.results, spec.results, results);
  if (instruction.letters.empty())
    return spec;
  std::string error;
  std::optional<Signature> signature =
      parseLetters(instruction.letters, instruction.nosplit, error);
  if (!signature ||
      !bindKernelExtents(*signature, instruction.attributes, operands, results, error))
    throw std::invalid_argument(instruction.name + ": " + error);
  spec.signature = std::move(*signature);
  return spec;
}

} // namespace aceso
