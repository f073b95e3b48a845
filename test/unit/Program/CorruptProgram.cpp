//===- CorruptProgram.cpp - Damages program files -------------------------===//

#include "CorruptProgram.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace aceso::test {

using Json = nlohmann::ordered_json;

std::string Corrupter::flipBytes(std::string text) {
  for (unsigned count = 1 + random() % 3; count > 0; --count) {
    char &byte = text[random() % text.size()];
    // Mostly digits for digits, which leave the file readable.
    if (byte >= '0' && byte <= '9')
      byte = static_cast<char>('0' + random() % 10);
    else if (random() % 4 == 0)
      byte = static_cast<char>(random());
    else
      byte ^= static_cast<char>(1 << random() % 8);
  }
  return text;
}

/// FNV-1a of the compact content, as ProgramFile.h promises.
static void setChecksum(Json &document) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char byte : document["program"].dump())
    hash = (hash ^ byte) * 0x100000001b3;
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
  document["checksum"] = text;
}

std::optional<std::string> Corrupter::repairChecksum(const std::string &text) {
  Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("program"))
    return std::nullopt;
  setChecksum(document);
  return document.dump();
}

std::string Corrupter::changeValue(const std::string &text) {
  Json document = Json::parse(text);
  Json *value = &document["program"];
  while (value->is_structured() && !value->empty() && random() % 40 != 0) {
    auto child = value->begin();
    std::advance(child, random() % value->size());
    value = &*child;
  }
  if (value->is_number_integer()) {
    int64_t number = value->get<int64_t>();
    const int64_t choices[] = {
        number + 1, number - 1,       number * 2, 0,
        -1,         int64_t(1) << 33, number / 2, static_cast<int64_t>(random() % 16)};
    *value = choices[random() % std::size(choices)];
  } else if (value->is_number()) {
    const double choices[] = {0, 1, -1, 1e300, value->get<double>() * 2};
    *value = choices[random() % std::size(choices)];
  } else if (value->is_string()) {
    std::string string = value->get<std::string>();
    if (!string.empty() && random() % 2)
      string.erase(random() % string.size(), 1);
    else
      string += static_cast<char>('a' + random() % 26);
    *value = string;
  } else if (value->is_array() && !value->empty()) {
    if (random() % 2)
      value->erase(value->begin() + random() % value->size());
    else
      value->push_back((*value)[random() % value->size()]);
  } else if (value->is_object() && !value->empty()) {
    auto child = value->begin();
    std::advance(child, random() % value->size());
    value->erase(child);
  } else {
    *value = Json::array({1});
  }
  setChecksum(document);
  return document.dump();
}

} // namespace aceso::test
