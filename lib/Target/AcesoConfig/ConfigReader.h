//===- ConfigReader.h - Fields of a plan file, with their types -*- C++ -*-===//

#ifndef ACESO_LIB_TARGET_ACESOCONFIG_CONFIGREADER_H
#define ACESO_LIB_TARGET_ACESOCONFIG_CONFIGREADER_H

#include "aceso/Target/JsonObject.h"

namespace aceso {

/// Reads fields; the first that is missing or has another type or size is reported, and everything
/// after it reads as empty.
class ConfigReader {
public:
  explicit ConfigReader(const JsonObject &object) : object(object) {}

  bool hasFailed() const { return failed; }

  int64_t integer(llvm::StringRef field, int64_t least, int64_t most);
  /// A list of `size` numbers.
  std::vector<int64_t> integers(llvm::StringRef field, size_t size, int64_t least, int64_t most);
  std::vector<bool> booleans(llvm::StringRef field, size_t size);
  /// A list of lists, one after the other; list i has sizes[i] numbers.
  std::vector<int64_t> lists(llvm::StringRef field, llvm::ArrayRef<int64_t> sizes, int64_t least,
                             int64_t most);

  /// Reports at the field; the message goes on after its name.
  mlir::InFlightDiagnostic fail(llvm::StringRef field);

private:
  using Json = nlohmann::json;
  const Json *find(llvm::StringRef field);
  /// The list; null after an error.
  const Json *list(llvm::StringRef field, size_t size);
  /// `place` is "" or "[1][2]".
  int64_t number(llvm::StringRef field, const std::string &place, const Json &value, int64_t least,
                 int64_t most);

  const JsonObject &object;
  bool failed = false;
};

} // namespace aceso

#endif // ACESO_LIB_TARGET_ACESOCONFIG_CONFIGREADER_H
