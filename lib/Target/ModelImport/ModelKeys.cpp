//===- ModelKeys.cpp - Typed reading of a model's keys --------------------===//

#include "ModelKeys.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace aceso;
using nlohmann::json;

/// A value as the file has it, shortened to a line.
static std::string toText(const json &value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

const JsonObject::Member *ModelKeys::lookUp(StringRef key, const llvm::Twine &allowed,
                                            bool required) {
  known.push_back(key.str());
  const JsonObject::Member *member = object.find(key);
  if (!member && required) {
    failed = true;
    object.emitError() << "lacks the key \"" << key << "\", " << allowed;
  }
  return member;
}

void ModelKeys::reject(const JsonObject::Member &member, const llvm::Twine &allowed) {
  failed = true;
  object.emitError(member) << "is " << toText(member.value) << ", but must be " << allowed;
}

int64_t ModelKeys::getInteger(StringRef key, int64_t min, int64_t max,
                              std::optional<int64_t> fallback) {
  std::string allowed =
      ("a whole number from " + llvm::Twine(min) + " to " + llvm::Twine(max)).str();
  const JsonObject::Member *member = lookUp(key, allowed, !fallback);
  if (!member)
    return fallback.value_or(min);
  const json &value = member->value;
  bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= static_cast<uint64_t>(max)
                                         : value.is_number_integer();
  if (fits && value.get<int64_t>() >= min && value.get<int64_t>() <= max)
    return value.get<int64_t>();
  reject(*member, allowed);
  return fallback.value_or(min);
}

int64_t ModelKeys::getIntegerOrNull(StringRef key, int64_t min, int64_t max, int64_t fallback) {
  const JsonObject::Member *member = object.find(key);
  if (!member || !member->value.is_null())
    return getInteger(key, min, max, fallback);
  known.push_back(key.str());
  return fallback;
}

double ModelKeys::getProbability(StringRef key, double fallback) {
  constexpr char allowed[] = "a probability from 0 to below 1";
  const JsonObject::Member *member = lookUp(key, allowed, /*required=*/false);
  if (!member)
    return fallback;
  if (member->value.is_number())
    if (double p = member->value.get<double>(); p >= 0 && p < 1)
      return p;
  reject(*member, allowed);
  return fallback;
}

double ModelKeys::getPositive(StringRef key, double fallback) {
  constexpr char allowed[] = "a number above 0";
  const JsonObject::Member *member = lookUp(key, allowed, /*required=*/false);
  if (!member)
    return fallback;
  if (member->value.is_number())
    if (double number = member->value.get<double>(); number > 0)
      return number;
  reject(*member, allowed);
  return fallback;
}

bool ModelKeys::getBool(StringRef key, bool fallback) {
  constexpr char allowed[] = "true or false";
  const JsonObject::Member *member = lookUp(key, allowed, /*required=*/false);
  if (!member)
    return fallback;
  if (member->value.is_boolean())
    return member->value.get<bool>();
  reject(*member, allowed);
  return fallback;
}

std::string ModelKeys::getString(StringRef key, StringRef fallback) {
  constexpr char allowed[] = "a string that is not empty";
  const JsonObject::Member *member = lookUp(key, allowed, /*required=*/false);
  if (!member)
    return fallback.str();
  if (member->value.is_string() && !member->value.get_ref<const std::string &>().empty())
    return member->value.get<std::string>();
  reject(*member, allowed);
  return fallback.str();
}

std::string ModelKeys::getChoice(StringRef key, ArrayRef<StringRef> choices,
                                 std::optional<StringRef> fallback) {
  std::string allowed =
      (choices.size() > 1 ? "one of \"" : "\"") + llvm::join(choices, "\", \"") + "\"";
  const JsonObject::Member *member = lookUp(key, allowed, !fallback);
  std::string otherwise = fallback.value_or(choices.front()).str();
  if (!member)
    return otherwise;
  if (member->value.is_string())
    if (std::string choice = member->value.get<std::string>(); llvm::is_contained(choices, choice))
      return choice;
  reject(*member, allowed);
  return otherwise;
}

StringRef ModelKeys::either(StringRef key, StringRef alias) {
  known.push_back(key.str());
  known.push_back(alias.str());
  const JsonObject::Member *own = object.find(key), *other = object.find(alias);
  if (!own || !other)
    return other ? alias : key;
  // A setting of the command line stands above the file under either name.
  if (own->origin.empty() != other->origin.empty())
    return own->origin.empty() ? alias : key;
  if (own->value != other->value) {
    failed = true;
    object.emitError(*other) << "is " << toText(other->value) << ", but \"" << key << "\" is "
                             << toText(own->value) << "; they mean the same, keep one of them";
  }
  return key;
}

void ModelKeys::ignore(ArrayRef<StringRef> keys) {
  for (StringRef key : keys)
    known.push_back(key.str());
}

InFlightDiagnostic ModelKeys::emitError(StringRef key) {
  failed = true;
  if (const JsonObject::Member *member = object.find(key))
    return object.emitError(*member);
  return object.emitError() << "\"" << key << "\" ";
}

LogicalResult ModelKeys::finish(StringRef modelType) {
  SmallVector<StringRef> candidates(known.begin(), known.end());
  for (const JsonObject::Member &member : object.getMembers()) {
    if (llvm::is_contained(known, member.key))
      continue;
    failed = true;
    object.emitError(member) << "is no key of a " << modelType << " model; the nearest one is \""
                             << nearestWord(member.key, candidates) << "\"";
  }
  return success(!failed);
}
