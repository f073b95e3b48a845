//===- JsonField.h - A JSON value that knows its place ----------*- C++ -*-===//
//
// Reading by fields: every error names the file and the place (a JSON pointer). Errors are
// exceptions of this folder, caught in parseProgram.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_PROGRAM_JSONFIELD_H
#define ACESO_LIB_PROGRAM_JSONFIELD_H

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace aceso {

struct JsonFieldError {
  std::string message;
};

class JsonField {
public:
  using Json = nlohmann::ordered_json;

  JsonField(const Json &json, std::string place) : json(json), place(std::move(place)) {}

  [[noreturn]] void fail(const std::string &problem) const;

  /// Fails if this is no object or has a key that is not in `known`.
  void expectKeys(std::initializer_list<const char *> known) const;
  bool has(const char *key) const { return json.contains(key); }
  /// The field `key` of an object; fails if there is none.
  JsonField operator[](const char *key) const;
  std::vector<JsonField> elements() const;
  std::vector<std::pair<std::string, JsonField>> members() const;

  std::string asText() const;
  bool asBool() const;
  double asNumber() const;
  int64_t asInteger(int64_t least = std::numeric_limits<int64_t>::min(),
                    int64_t most = std::numeric_limits<int64_t>::max()) const;
  uint32_t asIndex() const { return asInteger(0, std::numeric_limits<uint32_t>::max()); }
  /// The position of a text in `names`.
  size_t asOneOf(std::span<const char *const> names) const;

  const Json &getJson() const { return json; }

private:
  const Json &json;
  std::string place;
};

} // namespace aceso

#endif // ACESO_LIB_PROGRAM_JSONFIELD_H
