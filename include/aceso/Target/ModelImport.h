//===- ModelImport.h - Models from their configuration files ----*- C++ -*-===//
//
// Reads a model's JSON file (docs/models.md) and builds the nn.model it describes. Which family
// builds it, the file's "model_type" says; see ModelFamily.h for how a family is added.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TARGET_MODELIMPORT_H
#define ACESO_TARGET_MODELIMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace aceso {

/// What a user asks for beside the file.
struct ModelOverrides {
  /// "key=value" each; the value is JSON, or a string where it is none.
  std::vector<std::string> settings;
  /// Element type (f16, bf16, f32, f64); empty: what the file says.
  std::string dtype;
};

/// The values of --set and --dtype. Call registerModelOptions() before the command line is parsed.
void registerModelOptions();
ModelOverrides getModelOverrides();

/// A module with the one nn.model that `text` describes; null after errors that name file, key and
/// what is allowed there. `fileName` is for messages.
mlir::OwningOpRef<mlir::ModuleOp> importModel(llvm::StringRef fileName, llvm::StringRef text,
                                              const ModelOverrides &overrides,
                                              mlir::MLIRContext *context);

/// The same for the file at `path`.
mlir::OwningOpRef<mlir::ModuleOp>
importModelFile(llvm::StringRef path, const ModelOverrides &overrides, mlir::MLIRContext *context);

/// Registers --import-model.
void registerImportModel();

} // namespace aceso

#endif // ACESO_TARGET_MODELIMPORT_H
