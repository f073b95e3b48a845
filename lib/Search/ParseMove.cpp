//===- ParseMove.cpp - Moves from text --------------------------*- C++ -*-===//

#include "aceso/Search/Moves.h"

#include <charconv>
#include <functional>
#include <optional>

using namespace aceso;

namespace {

/// The options of one move as they are taken out; the first complaint is kept.
class OptionReader {
public:
  OptionReader(std::string_view name, std::vector<MoveOption> options)
      : name(name), options(std::move(options)) {}

  int64_t integer(std::string_view option, std::optional<int64_t> otherwise = std::nullopt) {
    std::optional<std::string> text = take(option, otherwise.has_value());
    return text ? toInteger(option, *text) : otherwise.value_or(0);
  }

  uint32_t position(std::string_view option, std::optional<int64_t> otherwise = std::nullopt) {
    int64_t value = integer(option, otherwise);
    if (value < 0 || value > UINT32_MAX)
      fail(option, std::to_string(value), "a number that is not negative");
    return value;
  }

  std::vector<uint32_t> positions(std::string_view option, bool isOptional = false) {
    std::vector<uint32_t> values;
    forEach(option, isOptional, [&](const std::string &text) {
      int64_t value = toInteger(option, text);
      if (value < 0 || value > UINT32_MAX)
        fail(option, text, "numbers that are not negative");
      values.push_back(value);
    });
    return values;
  }

  DeviceAxis axis(std::string_view option) {
    std::optional<std::string> text = take(option, false);
    return text ? toAxis(option, *text) : DeviceAxis::Tp;
  }

  std::vector<DeviceAxis> axes(std::string_view option) {
    std::vector<DeviceAxis> values;
    forEach(option, false,
            [&](const std::string &text) { values.push_back(toAxis(option, text)); });
    return values;
  }

  OpRanges ops(std::string_view option, bool isOptional = false) {
    std::optional<std::string> text = take(option, isOptional);
    if (!text)
      return {};
    Result<OpRanges> ranges = OpRanges::parse(*text);
    if (ranges)
      return *ranges;
    if (error.empty())
      error = std::string(name) + ": " + std::string(option) + "=" + ranges.error();
    return {};
  }

  bool recompute(std::string_view option) {
    std::optional<std::string> text = take(option, false);
    bool isRecompute = text == "recompute" || text == "true";
    if (text && !isRecompute && text != "keep" && text != "false")
      fail(option, *text, "recompute or keep (true or false)");
    return isRecompute;
  }

  /// Empty, or why the options are not good.
  std::string finish() {
    if (error.empty() && !options.empty())
      error = std::string(name) + " has no option '" + options.front().name + "'";
    return error;
  }

private:
  std::optional<std::string> take(std::string_view option, bool isOptional) {
    for (auto it = options.begin(); it != options.end(); ++it)
      if (it->name == option) {
        std::string value = it->value;
        options.erase(it);
        // MLIR puts lists into braces.
        if (value.size() >= 2 && value.front() == '{' && value.back() == '}')
          value = value.substr(1, value.size() - 2);
        return value;
      }
    if (!isOptional && error.empty())
      error = std::string(name) + " needs the option '" + std::string(option) + "'";
    return std::nullopt;
  }

  void fail(std::string_view option, const std::string &text, const char *expected) {
    if (error.empty())
      error = std::string(name) + ": " + std::string(option) + "=" + text + " must be " + expected;
  }

  int64_t toInteger(std::string_view option, const std::string &text) {
    int64_t value = 0;
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size())
      fail(option, text, "a number");
    return value;
  }

  DeviceAxis toAxis(std::string_view option, const std::string &text) {
    std::optional<DeviceAxis> axis = axisFromName(text);
    if (!axis)
      fail(option, text, "tp or dp");
    return axis.value_or(DeviceAxis::Tp);
  }

  void forEach(std::string_view option, bool isOptional,
               const std::function<void(const std::string &)> &visit) {
    std::optional<std::string> text = take(option, isOptional);
    if (!text || text->empty())
      return;
    for (size_t begin = 0; begin <= text->size();) {
      size_t end = std::min(text->find(',', begin), text->size());
      visit(text->substr(begin, end - begin));
      begin = end + 1;
    }
  }

  std::string_view name;
  std::vector<MoveOption> options;
  std::string error;
};

struct MoveKind {
  std::string_view name;
  std::unique_ptr<Move> (*read)(OptionReader &options);
};

/// The defaults are those of the passes (Passes.td).
const MoveKind moveKinds[] = {
    {"par-move-ops",
     [](OptionReader &o) -> std::unique_ptr<Move> {
       uint32_t stage = o.position("stage", 0);
       return std::make_unique<MoveOps>(stage, o.integer("count", 1));
     }},
    {"par-move-devices",
     [](OptionReader &o) -> std::unique_ptr<Move> {
       std::vector<uint32_t> from = o.positions("from");
       std::vector<DeviceAxis> fromAxes = o.axes("from-axes");
       uint32_t to = o.position("to");
       return std::make_unique<MoveDevices>(std::move(from), std::move(fromAxes), to,
                                            o.axis("to-axis"));
     }},
    {"par-exchange-axes",
     [](OptionReader &o) -> std::unique_ptr<Move> {
       uint32_t stage = o.position("stage", 0);
       OpRanges ops = o.ops("ops", /*isOptional=*/true);
       return std::make_unique<ExchangeAxes>(stage, std::move(ops), o.axis("to"));
     }},
    {"par-set-micro-batch",
     [](OptionReader &o) -> std::unique_ptr<Move> {
       return std::make_unique<SetMicroBatch>(o.integer("size"));
     }},
    {"par-set-recompute",
     [](OptionReader &o) -> std::unique_ptr<Move> {
       OpRanges ops = o.ops("ops");
       return std::make_unique<SetRecompute>(std::move(ops), o.recompute("value"));
     }},
    {"par-set-rule",
     [](OptionReader &o) -> std::unique_ptr<Move> {
       OpRanges ops = o.ops("ops");
       return std::make_unique<SetRule>(std::move(ops), o.position("rule"));
     }},
    {"par-set-degrees",
     [](OptionReader &o) -> std::unique_ptr<Move> {
       OpRanges ops = o.ops("ops");
       uint32_t tp = o.position("tp");
       return std::make_unique<SetDegrees>(std::move(ops), tp, o.position("dp"));
     }},
    {"par-set-stages",
     [](OptionReader &o) -> std::unique_ptr<Move> {
       std::vector<uint32_t> ops = o.positions("ops"), devices = o.positions("devices");
       return std::make_unique<SetStages>(std::move(ops), std::move(devices),
                                          o.positions("tp", /*isOptional=*/true));
     }},
};

} // namespace

/// The end of the run of characters from `begin` on that ends at one of `ends` outside of braces.
static size_t findOutsideBraces(std::string_view text, size_t begin, std::string_view ends) {
  int depth = 0;
  size_t at = begin;
  for (; at < text.size(); ++at) {
    if (depth == 0 && ends.find(text[at]) != std::string_view::npos)
      break;
    depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
  }
  return at;
}

Result<std::unique_ptr<Move>> aceso::parseMove(std::string_view text) {
  size_t brace = text.find('{');
  std::string_view name = text.substr(0, brace);
  std::vector<MoveOption> options;
  if (brace != std::string_view::npos) {
    if (text.back() != '}')
      return ErrorMessage{"'" + std::string(text) + "' lacks a closing brace"};
    std::string_view body = text.substr(brace + 1, text.size() - brace - 2);
    for (size_t begin = 0; begin < body.size();) {
      size_t end = findOutsideBraces(body, begin, " ");
      std::string_view option = body.substr(begin, end - begin);
      if (size_t equals = option.find('='); equals != std::string_view::npos)
        options.push_back(
            {std::string(option.substr(0, equals)), std::string(option.substr(equals + 1))});
      else if (!option.empty())
        options.push_back({std::string(option), ""});
      begin = end + 1;
    }
  }
  for (const MoveKind &kind : moveKinds) {
    if (kind.name != name)
      continue;
    OptionReader reader(name, std::move(options));
    std::unique_ptr<Move> move = kind.read(reader);
    if (std::string error = reader.finish(); !error.empty())
      return ErrorMessage{error};
    return move;
  }
  std::string names;
  for (const MoveKind &kind : moveKinds)
    names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return ErrorMessage{"'" + std::string(name) + "' is no move; there are " + names};
}

Result<MoveList> aceso::parseMoves(std::string_view text) {
  MoveList moves;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = findOutsideBraces(text, begin, ",");
    Result<std::unique_ptr<Move>> move = parseMove(text.substr(begin, end - begin));
    if (!move)
      return move.takeError();
    moves.push_back(std::move(*move));
    begin = end + 1;
  }
  return moves;
}
