//===- JsonObject.h - A JSON object that knows its lines --------*- C++ -*-===//
//
// What importers of JSON files share: the members of the outermost object with the place of each,
// and diagnostics that point there. No exception of the JSON library leaves this class.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TARGET_JSONOBJECT_H
#define ACESO_TARGET_JSONOBJECT_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

namespace aceso {

/// The members of a JSON file's outermost object, in the order of the file.
class JsonObject {
public:
  struct Member {
    std::string key;
    nlohmann::json value;
    /// Where the key stands, from 1; the file's begin for a member that set() added.
    unsigned line = 0, column = 0;
    /// How the value was given if not by the file ("--set=n_layer=64"); empty otherwise.
    std::string origin;
  };

  /// Reads `text`; `fileName` is for messages. Nothing, after an error with line and column, if the
  /// text is no JSON, is no object, or has a key twice.
  static std::optional<JsonObject> parse(llvm::StringRef fileName, llvm::StringRef text,
                                         mlir::MLIRContext *context);

  /// The member with this key, or null.
  const Member *find(llvm::StringRef key) const;
  const std::vector<Member> &getMembers() const { return members; }

  /// Adds a member or replaces its value; `origin` says on whose behalf.
  void set(llvm::StringRef key, nlohmann::json value, llvm::StringRef origin);

  /// An error at the member's place, beginning with its key and, if need be, its origin.
  mlir::InFlightDiagnostic emitError(const Member &member) const;
  /// An error about the file as a whole, at its begin.
  mlir::InFlightDiagnostic emitError() const;

  llvm::StringRef getFileName() const { return fileName; }
  mlir::Location getLoc(const Member &member) const;
  mlir::Location getLoc() const;

private:
  JsonObject(llvm::StringRef fileName, mlir::MLIRContext *context)
      : fileName(fileName.str()), context(context) {}

  std::string fileName;
  mlir::MLIRContext *context;
  std::vector<Member> members;
};

/// The candidate with the smallest edit distance to `word`; the first wins a tie. Empty without
/// candidates.
llvm::StringRef nearestWord(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace aceso

#endif // ACESO_TARGET_JSONOBJECT_H
