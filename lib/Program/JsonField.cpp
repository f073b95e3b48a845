//===- JsonField.cpp - A JSON value that knows its place ------------------===//

#include "JsonField.h"

#include <algorithm>

namespace aceso {

void JsonField::fail(const std::string &problem) const {
  throw JsonFieldError{(place.empty() ? "/" : place) + ": " + problem};
}

static std::string shown(const JsonField::Json &json) {
  std::string text = json.dump();
  constexpr size_t longest = 60;
  return text.size() <= longest ? text : text.substr(0, longest) + "...";
}

void JsonField::expectKeys(std::initializer_list<const char *> known) const {
  if (!json.is_object())
    fail("expected an object, found " + shown(json));
  for (const auto &[key, value] : json.items())
    if (std::none_of(known.begin(), known.end(), [&](const char *name) { return key == name; })) {
      std::string list;
      for (const char *name : known)
        list += std::string(list.empty() ? "" : ", ") + name;
      fail("unknown field '" + key + "'; known are " + list);
    }
}

JsonField JsonField::operator[](const char *key) const {
  if (!json.is_object())
    fail("expected an object, found " + shown(json));
  auto field = json.find(key);
  if (field == json.end())
    fail(std::string("field '") + key + "' is missing");
  return JsonField(*field, place + "/" + key);
}

std::vector<JsonField> JsonField::elements() const {
  if (!json.is_array())
    fail("expected an array, found " + shown(json));
  std::vector<JsonField> elements;
  for (size_t i = 0; i < json.size(); ++i)
    elements.emplace_back(json[i], place + "/" + std::to_string(i));
  return elements;
}

std::vector<std::pair<std::string, JsonField>> JsonField::members() const {
  if (!json.is_object())
    fail("expected an object, found " + shown(json));
  std::vector<std::pair<std::string, JsonField>> members;
  for (const auto &[key, value] : json.items())
    members.emplace_back(key, JsonField(value, place + "/" + key));
  return members;
}

std::string JsonField::asText() const {
  if (!json.is_string())
    fail("expected a text, found " + shown(json));
  return json.get<std::string>();
}

bool JsonField::asBool() const {
  if (!json.is_boolean())
    fail("expected true or false, found " + shown(json));
  return json.get<bool>();
}

double JsonField::asNumber() const {
  if (!json.is_number())
    fail("expected a number, found " + shown(json));
  return json.get<double>();
}

int64_t JsonField::asInteger(int64_t least, int64_t most) const {
  bool fits = json.is_number_integer() &&
              (!json.is_number_unsigned() ||
               json.get<uint64_t>() <= uint64_t(std::numeric_limits<int64_t>::max()));
  if (!fits || json.get<int64_t>() < least || json.get<int64_t>() > most)
    fail("expected an integer from " + std::to_string(least) + " to " + std::to_string(most) +
         ", found " + shown(json));
  return json.get<int64_t>();
}

size_t JsonField::asOneOf(std::span<const char *const> names) const {
  std::string text = asText();
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    if (text == names[i])
      return i;
    list += std::string(i ? ", " : "") + names[i];
  }
  fail("expected one of " + list + ", found " + shown(json));
}

} // namespace aceso
