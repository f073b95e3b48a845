//===- ModelKeys.h - Typed reading of a model's keys ------------*- C++ -*-===//
//
// Every family reads its keys through one object, which checks types and ranges and in the end
// knows what the file says that nobody asked for. So the list of keys is stated once: where they
// are read.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_TARGET_MODELIMPORT_MODELKEYS_H
#define ACESO_LIB_TARGET_MODELIMPORT_MODELKEYS_H

#include "aceso/Target/JsonObject.h"

namespace aceso {

/// Reads keys of a JsonObject. A reader that finds a value missing or wrong reports it, returns
/// something harmless and goes on, so that one run shows every mistake; finish() says whether there
/// was one.
class ModelKeys {
public:
  explicit ModelKeys(const JsonObject &object) : object(object) {}

  /// A whole number from `min` to `max`. Without `fallback` the key must be there.
  int64_t getInteger(llvm::StringRef key, int64_t min, int64_t max,
                     std::optional<int64_t> fallback = std::nullopt);
  /// The same, but null also means the fallback.
  int64_t getIntegerOrNull(llvm::StringRef key, int64_t min, int64_t max, int64_t fallback);
  /// A probability: 0 <= p < 1.
  double getProbability(llvm::StringRef key, double fallback);
  /// A number above 0.
  double getPositive(llvm::StringRef key, double fallback);
  bool getBool(llvm::StringRef key, bool fallback);
  /// A string that is not empty, or the fallback, which may be.
  std::string getString(llvm::StringRef key, llvm::StringRef fallback);
  /// One of `choices`; without `fallback` the key must be there.
  std::string getChoice(llvm::StringRef key, llvm::ArrayRef<llvm::StringRef> choices,
                        std::optional<llvm::StringRef> fallback = std::nullopt);

  /// Which of two spellings of one key to read: `key`, unless only `alias` is there or it alone
  /// comes from the command line. An error if both are there and differ.
  llvm::StringRef either(llvm::StringRef key, llvm::StringRef alias);
  /// Keys that mean nothing here and may have any value.
  void ignore(llvm::ArrayRef<llvm::StringRef> keys);

  /// Reports that the value of `key` does not fit for a reason that concerns other keys too.
  mlir::InFlightDiagnostic emitError(llvm::StringRef key);
  const JsonObject &getObject() const { return object; }
  bool hasFailed() const { return failed; }

  /// Reports every key that nobody read or ignored. Failure if this or any reader found an error.
  mlir::LogicalResult finish(llvm::StringRef modelType);

private:
  /// The member, now known; null if absent, reported if `required`.
  const JsonObject::Member *lookUp(llvm::StringRef key, const llvm::Twine &allowed, bool required);
  void reject(const JsonObject::Member &member, const llvm::Twine &allowed);

  JsonObject object;
  std::vector<std::string> known;
  bool failed = false;
};

} // namespace aceso

#endif // ACESO_LIB_TARGET_MODELIMPORT_MODELKEYS_H
