//===- Validators.h - What a value of an option must be ---------*- C++ -*-===//
//
// CLI11's own checks print bounds with all digits of the largest double, and the numbers behind
// names.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TOOLS_ACESO_RUN_VALIDATORS_H
#define ACESO_TOOLS_ACESO_RUN_VALIDATORS_H

#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <map>
#include <sstream>
#include <string>

namespace aceso {

/// A finite number that is `least` or more, or with `isAbove` more than that.
inline CLI::Validator numberFrom(double least, bool isAbove = false) {
  std::ostringstream range;
  range << (isAbove ? "above " : "from ") << least;
  return CLI::Validator(
      [least, isAbove, range = range.str()](const std::string &text) -> std::string {
        double value = 0;
        if (CLI::detail::lexical_cast(text, value) && std::isfinite(value) &&
            (isAbove ? value > least : value >= least))
          return "";
        return "'" + text + "' is no number " + range;
      },
      range.str());
}

/// A whole number in digits, from 0 to `most`.
inline CLI::Validator wholeNumberTo(uint64_t most) {
  std::string range = "from 0 to " + std::to_string(most);
  return CLI::Validator(
      [most, range](const std::string &text) -> std::string {
        uint64_t value = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && value <= most)
          return "";
        return "'" + text + "' is no number " + range + " in digits";
      },
      range);
}

/// One of the names, which stands for its value.
template <typename T> CLI::Validator oneOf(std::map<std::string, T> values) {
  std::string names;
  for (const auto &[name, value] : values)
    names += (names.empty() ? "" : "|") + name;
  return CLI::Validator(
      [values, names](std::string &text) -> std::string {
        auto found = values.find(text);
        if (found == values.end())
          return "'" + text + "' is none of " + names;
        text = std::to_string(static_cast<int>(found->second));
        return "";
      },
      names);
}

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_VALIDATORS_H
