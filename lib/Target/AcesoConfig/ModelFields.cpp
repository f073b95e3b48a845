//===- ModelFields.cpp - The model's part of a plan file --------*- C++ -*-===//

#include "ModelFields.h"

#include "Fields.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace aceso;
using nlohmann::ordered_json;

std::optional<ordered_json> aceso::toJson(Attribute attribute) {
  if (auto text = dyn_cast<StringAttr>(attribute))
    return ordered_json(text.str());
  if (auto flag = dyn_cast<BoolAttr>(attribute))
    return ordered_json(flag.getValue());
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return ordered_json(number.getInt());
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return ordered_json(number.getValueAsDouble());
  auto list = dyn_cast<ArrayAttr>(attribute);
  if (!list)
    return std::nullopt;
  ordered_json values = ordered_json::array();
  for (Attribute element : list) {
    std::optional<ordered_json> value = toJson(element);
    if (!value)
      return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

std::vector<StringRef> aceso::modelFields(DictionaryAttr config) {
  std::vector<StringRef> fields;
  for (StringRef field : field::ofModels)
    if (config.contains(field))
      fields.push_back(field);
  for (NamedAttribute attribute : config)
    if (!llvm::is_contained(fields, attribute.getName().strref()))
      fields.push_back(attribute.getName().strref());
  return fields;
}
