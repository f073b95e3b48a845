//===- CsvFile.cpp - Lines and exact decimals of a table file ---*- C++ -*-===//

#include "CsvFile.h"

#include "aceso/Cost/Units.h"
#include "aceso/Support/InputFile.h"

#include <charconv>
#include <cmath>

using namespace aceso;

Result<CsvFile> CsvFile::read(const std::string &path) {
  Result<std::string> text = readWhole(path, "give the folder of the model's cost tables");
  if (!text)
    return text.takeError();
  CsvFile file;
  file.path = path;
  file.text = *std::move(text);
  return file;
}

static std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool CsvFile::next() {
  while (position < text.size()) {
    size_t end = std::min(text.find('\n', position), text.size());
    std::string_view rest = trimmed(std::string_view(text).substr(position, end - position));
    position = end + 1;
    ++line;
    if (rest.empty())
      continue;
    current.clear();
    while (true) {
      size_t comma = rest.find(',');
      current.push_back(trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos)
        return true;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

static ErrorMessage fieldError(std::string_view column, std::string_view field,
                               const std::string &problem) {
  return {"column '" + std::string(column) + "': '" + std::string(field) + "' " + problem};
}

Result<int64_t> aceso::parseScaled(std::string_view field, unsigned decimals,
                                   std::string_view column) {
  size_t point = std::min(field.find('.'), field.size());
  std::string_view whole = field.substr(0, point);
  std::string_view fraction = field.substr(std::min(point + 1, field.size()));
  while (!fraction.empty() && fraction.back() == '0')
    fraction.remove_suffix(1);

  auto isDigits = [](std::string_view text) {
    return text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (whole.empty() || !isDigits(whole) || !isDigits(fraction))
    return fieldError(column, field, "is not a decimal number of at least 0, such as 12.345");
  if (fraction.size() > decimals)
    return fieldError(column, field,
                      "has more than " + std::to_string(decimals) +
                          " decimals; write it with fewer, rounded");
  if (whole.size() + decimals > 18)
    return fieldError(column, field, "is too large");

  int64_t value = 0;
  for (char digit : whole)
    value = value * 10 + (digit - '0');
  for (unsigned i = 0; i < decimals; ++i)
    value = value * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return value;
}

Result<int64_t> aceso::parseUnits(std::string_view field, std::string_view column) {
  // Three decimals, so that half of a value is a whole number of units.
  Result<int64_t> thousandths = parseScaled(field, 3, column);
  if (!thousandths)
    return thousandths;
  return *thousandths * (unitsPerMiB / 1000);
}

Result<int64_t> aceso::parseMiBToBytes(std::string_view field, std::string_view column) {
  // 1 KiB is 0.0009765625 MiB.
  constexpr unsigned decimals = 10;
  constexpr int64_t scale = 10000000000;
  Result<int64_t> scaled = parseScaled(field, decimals, column);
  if (!scaled)
    return scaled;
  int64_t whole = *scaled / scale, fraction = *scaled % scale;
  return whole * bytesPerMiB + (fraction * bytesPerMiB + scale / 2) / scale;
}

Result<double> aceso::parsePositive(std::string_view field, std::string_view column) {
  double value = 0;
  auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value) ||
      value <= 0)
    return fieldError(column, field, "is not a number above 0");
  return value;
}
