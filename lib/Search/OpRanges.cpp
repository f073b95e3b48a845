//===- OpRanges.cpp - Positions of ops as text ------------------*- C++ -*-===//

#include "aceso/Search/Moves.h"

#include <charconv>

using namespace aceso;

OpRanges OpRanges::of(const std::vector<uint32_t> &ops) {
  OpRanges result;
  for (uint32_t op : ops) {
    if (!result.ranges.empty() && result.ranges.back().last + 1 == op)
      result.ranges.back().last = op;
    else
      result.ranges.push_back({op, op});
  }
  return result;
}

/// The number at the begin of `text`, which is taken off it; false if there is none.
static bool takeNumber(std::string_view &text, uint32_t &number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc())
    return false;
  text.remove_prefix(end - text.data());
  return true;
}

Result<OpRanges> OpRanges::parse(std::string_view text) {
  OpRanges result;
  std::string_view rest = text;
  auto fail = [&] {
    return ErrorMessage{
        "'" + std::string(text) +
        "' is no list of ops: write ascending positions and ranges, each op once, as "
        "in 0-12,20"};
  };
  for (;;) {
    Range range;
    if (!takeNumber(rest, range.first))
      return fail();
    range.last = range.first;
    if (rest.starts_with('-')) {
      rest.remove_prefix(1);
      if (!takeNumber(rest, range.last))
        return fail();
    }
    if (range.last < range.first ||
        (!result.ranges.empty() && range.first <= result.ranges.back().last))
      return fail();
    // Neighbours join, so that equal sets are equal.
    if (!result.ranges.empty() && result.ranges.back().last + 1 == range.first)
      result.ranges.back().last = range.last;
    else
      result.ranges.push_back(range);
    if (rest.empty())
      return result;
    if (!rest.starts_with(','))
      return fail();
    rest.remove_prefix(1);
  }
}

std::string OpRanges::toString() const {
  std::string text;
  for (const Range &range : ranges) {
    text += (text.empty() ? "" : ",") + std::to_string(range.first);
    if (range.last != range.first)
      text += "-" + std::to_string(range.last);
  }
  return text;
}
