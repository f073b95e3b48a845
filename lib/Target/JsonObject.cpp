//===- JsonObject.cpp - A JSON object that knows its lines ----------------===//

#include "aceso/Target/JsonObject.h"

#include "mlir/IR/Location.h"

#include <iterator>

using namespace mlir;
using namespace aceso;
using nlohmann::json;

namespace {

/// Walks text and reports to `offset` how far it has come: nlohmann::json tells its callback what
/// it read, but not where.
class CountingIterator {
public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char *;
  using reference = const char &;

  CountingIterator() = default;
  CountingIterator(const char *position, const char *begin, size_t *offset)
      : position(position), begin(begin), offset(offset) {}

  reference operator*() const { return *position; }
  CountingIterator &operator++() {
    ++position;
    *offset = position - begin;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator &other) const { return position == other.position; }

private:
  const char *position = nullptr, *begin = nullptr;
  size_t *offset = nullptr;
};

} // namespace

/// Line and column, from 1, of a byte.
static std::pair<unsigned, unsigned> placeOf(StringRef text, size_t offset) {
  StringRef before = text.take_front(offset);
  size_t lineStart = before.rfind('\n');
  return {before.count('\n') + 1,
          before.size() - (lineStart == StringRef::npos ? 0 : lineStart + 1) + 1};
}

/// The library's message without its own name, number and place.
static StringRef messageOf(const json::exception &exception) {
  StringRef message = exception.what();
  message = message.substr(message.find("] ") + 2);
  if (message.consume_front("parse error"))
    message = message.substr(message.find(": ") + 2);
  return message;
}

std::optional<JsonObject> JsonObject::parse(StringRef fileName, StringRef text,
                                            MLIRContext *context) {
  JsonObject object(fileName, context);
  auto locAt = [&](size_t offset) {
    auto [line, column] = placeOf(text, offset);
    return FileLineColLoc::get(context, fileName, line, column);
  };
  size_t offset = 0;
  std::vector<Member> keys;
  std::optional<std::string> repeated;
  Location repeatedLoc = UnknownLoc::get(context);
  auto noteKey = [&](int depth, json::parse_event_t event, json &parsed) {
    if (depth != 1 || event != json::parse_event_t::key)
      return true;
    Member member;
    member.key = parsed.get<std::string>();
    // The library has just read the closing quote; a key is written as it is spelled, nearly
    // always.
    size_t start = text.take_front(offset ? offset - 1 : 0).rfind('"');
    std::tie(member.line, member.column) = placeOf(text, start == StringRef::npos ? 0 : start);
    for (const Member &earlier : keys)
      if (earlier.key == member.key && !repeated) {
        repeated = member.key;
        repeatedLoc = FileLineColLoc::get(context, fileName, member.line, member.column);
      }
    keys.push_back(std::move(member));
    return true;
  };
  try {
    json parsed = json::parse(CountingIterator(text.begin(), text.begin(), &offset),
                              CountingIterator(text.end(), text.begin(), &offset), noteKey);
    if (!parsed.is_object()) {
      mlir::emitError(locAt(0)) << "holds " << parsed.type_name()
                                << ", but must hold one JSON object";
      return std::nullopt;
    }
    if (repeated) {
      mlir::emitError(repeatedLoc) << "\"" << *repeated << "\" stands twice";
      return std::nullopt;
    }
    for (Member &member : keys) {
      member.value = std::move(parsed[member.key]);
      object.members.push_back(std::move(member));
    }
  } catch (const json::parse_error &error) {
    mlir::emitError(locAt(error.byte ? error.byte - 1 : 0)) << "is no JSON: " << messageOf(error);
    return std::nullopt;
  } catch (const json::exception &error) {
    mlir::emitError(locAt(offset ? offset - 1 : 0))
        << "cannot be read as JSON: " << messageOf(error);
    return std::nullopt;
  }
  return object;
}

const JsonObject::Member *JsonObject::find(StringRef key) const {
  for (const Member &member : members)
    if (member.key == key)
      return &member;
  return nullptr;
}

void JsonObject::set(StringRef key, json value, StringRef origin) {
  for (Member &member : members)
    if (member.key == key) {
      member.value = std::move(value);
      member.origin = origin.str();
      return;
    }
  members.push_back({key.str(), std::move(value), 1, 1, origin.str()});
}

Location JsonObject::getLoc(const Member &member) const {
  return FileLineColLoc::get(context, fileName, member.line, member.column);
}

Location JsonObject::getLoc() const { return FileLineColLoc::get(context, fileName, 1, 1); }

InFlightDiagnostic JsonObject::emitError(const Member &member) const {
  InFlightDiagnostic diag = mlir::emitError(getLoc(member));
  diag << "\"" << member.key << "\"";
  if (!member.origin.empty())
    diag << " (from " << member.origin << ")";
  diag << " ";
  return diag;
}

InFlightDiagnostic JsonObject::emitError() const { return mlir::emitError(getLoc()); }

StringRef aceso::nearestWord(StringRef word, ArrayRef<StringRef> candidates) {
  StringRef nearest;
  unsigned best = ~0u;
  for (StringRef candidate : candidates)
    if (unsigned distance = word.edit_distance(candidate); distance < best) {
      best = distance;
      nearest = candidate;
    }
  return nearest;
}
