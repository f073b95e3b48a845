//===- ConfigReader.cpp - Fields of a plan file, with their types -*- C++ -*-===//

#include "ConfigReader.h"

using namespace mlir;
using namespace aceso;

InFlightDiagnostic ConfigReader::fail(StringRef field) {
  failed = true;
  const JsonObject::Member *member = object.find(field);
  if (member)
    return object.emitError(*member);
  return object.emitError() << "lacks the field \"" << field << "\" ";
}

const ConfigReader::Json *ConfigReader::find(StringRef field) {
  if (failed)
    return nullptr;
  if (const JsonObject::Member *member = object.find(field))
    return &member->value;
  fail(field) << "of a plan";
  return nullptr;
}

int64_t ConfigReader::number(StringRef field, const std::string &place, const Json &value,
                             int64_t least, int64_t most) {
  if (failed)
    return least;
  // Numbers beyond 63 bits compare as what they are.
  if (value.is_number_integer() && value >= least && value <= most)
    return value.get<int64_t>();
  fail(field) << place << (place.empty() ? "" : " ") << "is " << value.dump()
              << ", but must be a whole number from " << least << " to " << most;
  return least;
}

int64_t ConfigReader::integer(StringRef field, int64_t least, int64_t most) {
  const Json *value = find(field);
  return value ? number(field, "", *value, least, most) : least;
}

const ConfigReader::Json *ConfigReader::list(StringRef field, size_t size) {
  const Json *value = find(field);
  if (!value)
    return nullptr;
  if (!value->is_array()) {
    fail(field) << "is " << value->type_name()
                << ", but must be a list with an entry for each stage";
    return nullptr;
  }
  if (value->size() != size) {
    fail(field) << "has " << value->size() << " entries, but there are " << size << " stages";
    return nullptr;
  }
  return value;
}

std::vector<int64_t> ConfigReader::integers(StringRef field, size_t size, int64_t least,
                                            int64_t most) {
  std::vector<int64_t> values;
  if (const Json *entries = list(field, size))
    for (const Json &entry : *entries)
      values.push_back(
          number(field, "[" + std::to_string(values.size()) + "]", entry, least, most));
  return values;
}

std::vector<bool> ConfigReader::booleans(StringRef field, size_t size) {
  std::vector<bool> values;
  if (const Json *entries = list(field, size))
    for (const Json &entry : *entries) {
      if (!entry.is_boolean()) {
        fail(field) << "[" << values.size() << "] is " << entry.dump()
                    << ", but must be true or false";
        break;
      }
      values.push_back(entry.get<bool>());
    }
  return values;
}

std::vector<int64_t> ConfigReader::lists(StringRef field, ArrayRef<int64_t> sizes, int64_t least,
                                         int64_t most) {
  std::vector<int64_t> values;
  const Json *entries = list(field, sizes.size());
  if (!entries)
    return values;
  for (auto [index, size] : llvm::enumerate(sizes)) {
    const Json &entry = (*entries)[index];
    std::string place = "[" + std::to_string(index) + "]";
    if (!entry.is_array() || int64_t(entry.size()) != size) {
      InFlightDiagnostic diag = fail(field);
      diag << place << " ";
      if (entry.is_array())
        diag << "has " << entry.size() << " entries";
      else
        diag << "is " << entry.type_name();
      diag << ", but must be a list of " << size << ", one for each op of the stage";
      return values;
    }
    for (size_t i = 0; i < entry.size() && !failed; ++i)
      values.push_back(number(field, place + "[" + std::to_string(i) + "]", entry[i], least, most));
  }
  return values;
}
