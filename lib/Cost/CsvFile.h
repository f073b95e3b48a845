//===- CsvFile.h - Lines and exact decimals of a table file -----*- C++ -*-===//
//
// Tables were written by several programs: lines end in LF or CR LF, fields may have blanks around
// them. Numbers are read as exact integers, never through floating point.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_COST_CSVFILE_H
#define ACESO_LIB_COST_CSVFILE_H

#include "aceso/Support/Result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aceso {

class CsvFile {
public:
  static Result<CsvFile> read(const std::string &path);

  /// Fields of the next line that is not empty, without the blanks around them; false at the end.
  bool next();
  const std::vector<std::string_view> &fields() const { return current; }

  /// "PATH:LINE".
  std::string where() const { return path + ":" + std::to_string(line); }
  const std::string &getPath() const { return path; }

private:
  CsvFile() = default;

  std::string path, text;
  size_t position = 0;
  unsigned line = 0;
  std::vector<std::string_view> current;
};

/// A decimal number times 10^`decimals`, exactly. Errors name `column`; they lack the place in the
/// file.
Result<int64_t> parseScaled(std::string_view field, unsigned decimals, std::string_view column);

/// MiB in units (Units.h).
Result<int64_t> parseUnits(std::string_view field, std::string_view column);

/// MiB in bytes; what is no whole byte is rounded to the nearest.
Result<int64_t> parseMiBToBytes(std::string_view field, std::string_view column);

/// A positive number as a double.
Result<double> parsePositive(std::string_view field, std::string_view column);

} // namespace aceso

#endif // ACESO_LIB_COST_CSVFILE_H
