//===- ProfileSetFile.cpp - Profile sets as files -------------------------===//

#include "EnumNames.h"
#include "ProgramText.h"

#include "aceso/Program/ProfileSet.h"
#include "aceso/Support/InputFile.h"

namespace aceso {

using Json = nlohmann::ordered_json;

static constexpr char setVersionKey[] = "aceso-profile-set";
static constexpr char setKey[] = "set";
static constexpr char exportAgain[] =
    "; export the set again (aceso-translate --export-profile-set)";
static constexpr int64_t largestNumber = int64_t(1) << 50;

//===----------------------------------------------------------------------===//
// To JSON
//===----------------------------------------------------------------------===//

static Json toJson(const ProfileKey &key) {
  Json json;
  json["op"] = key.op;
  json["samples"] = key.samples;
  json["tp"] = key.tp;
  json["rule"] = key.rule;
  return json;
}

static Json toJson(const ProfileEntry &entry) {
  Json json = toJson(entry.key);
  json["path"] = entry.path;
  json["input_bytes"] = entry.inputBytes;
  json["output_bytes"] = entry.outputBytes;
  json["weight_bytes"] = entry.weightBytes;
  if (entry.sameAs) {
    json["same_as"] = *entry.sameAs;
    return json;
  }
  json["input_bounds"] = entry.inputBounds;
  json["program"] = toJson(entry.program);
  return json;
}

static Json toJson(const SkippedEntry &skipped) {
  Json json = toJson(skipped.key);
  json["reason"] = skipped.reason;
  return json;
}

std::string printProfileSet(const ProfileSet &set) {
  Json content;
  content["model"] = set.model;
  content["table_prefix"] = set.tablePrefix;
  content["type"] = nameOf(set.type);
  content["devices"] = set.devices;
  content["entries"] = Json::array();
  for (const ProfileEntry &entry : set.entries)
    content["entries"].push_back(toJson(entry));
  content["skipped"] = Json::array();
  for (const SkippedEntry &skipped : set.skipped)
    content["skipped"].push_back(toJson(skipped));
  Json document;
  document[setVersionKey] = ProfileSet::currentVersion;
  document[checksumKey] = checksumOf(content);
  document[setKey] = std::move(content);
  return printDocument(document);
}

//===----------------------------------------------------------------------===//
// From JSON
//===----------------------------------------------------------------------===//

static ProfileKey parseKey(const JsonField &field) {
  return {field["op"].asText(), field["samples"].asInteger(1, largestNumber),
          field["tp"].asInteger(1, largestNumber), field["rule"].asIndex()};
}

static ProfileEntry parseEntry(const JsonField &field) {
  field.expectKeys({"op", "samples", "tp", "rule", "path", "input_bytes", "output_bytes",
                    "weight_bytes", "same_as", "input_bounds", "program"});
  ProfileEntry entry;
  entry.key = parseKey(field);
  entry.path = field["path"].asText();
  entry.inputBytes = field["input_bytes"].asInteger(0, largestNumber);
  entry.outputBytes = field["output_bytes"].asInteger(0, largestNumber);
  entry.weightBytes = field["weight_bytes"].asInteger(0, largestNumber);
  if (field.has("same_as")) {
    if (field.has("program") || field.has("input_bounds"))
      field.fail("an entry is the same as another one or has a program, not both");
    entry.sameAs = field["same_as"].asIndex();
    return entry;
  }
  for (const JsonField &bound : field["input_bounds"].elements())
    entry.inputBounds.push_back(bound.asInteger(0, largestNumber));
  entry.program = programFromJson(field["program"]);
  return entry;
}

static SkippedEntry parseSkipped(const JsonField &field) {
  field.expectKeys({"op", "samples", "tp", "rule", "reason"});
  return {parseKey(field), field["reason"].asText()};
}

static ProfileSet parseSet(const JsonField &field) {
  field.expectKeys({"model", "table_prefix", "type", "devices", "entries", "skipped"});
  ProfileSet set;
  set.model = field["model"].asText();
  set.tablePrefix = field["table_prefix"].asText();
  set.type = static_cast<ElementType>(field["type"].asOneOf(EnumNames<ElementType>::names));
  set.devices = field["devices"].asInteger(1, largestNumber);
  for (const JsonField &entry : field["entries"].elements())
    set.entries.push_back(parseEntry(entry));
  for (const JsonField &skipped : field["skipped"].elements())
    set.skipped.push_back(parseSkipped(skipped));
  return set;
}

static ProfileSet readDocument(const JsonField &document) {
  document.expectKeys({setVersionKey, checksumKey, setKey});
  int64_t version = document[setVersionKey].asInteger();
  if (version != ProfileSet::currentVersion)
    document[setVersionKey].fail("version " + std::to_string(version) +
                                 ", but this program reads version " +
                                 std::to_string(ProfileSet::currentVersion));
  JsonField content = document[setKey];
  checkChecksum(document, content);
  return parseSet(content);
}

Result<ProfileSet> parseProfileSet(std::string_view text, const std::string &file) {
  try {
    Json json = parseDocument(text);
    return readDocument(JsonField(json, ""));
  } catch (const JsonFieldError &error) {
    return ErrorMessage{file + ": " + error.message + exportAgain};
  } catch (const Json::exception &error) {
    return ErrorMessage{file + ": no profile set: " + error.what() + exportAgain};
  }
}

Result<ProfileSet> readProfileSet(const std::string &file) {
  Result<std::string> text = readWhole(file, "give the path of a profile set");
  if (!text)
    return text.takeError();
  Result<ProfileSet> set = parseProfileSet(*text, file);
  if (!set)
    return set;
  if (std::string problem = verifyProfileSet(*set); !problem.empty())
    return ErrorMessage{file + ": " + problem + exportAgain};
  return set;
}

} // namespace aceso
