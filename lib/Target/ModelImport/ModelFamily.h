//===- ModelFamily.h - The families of models that can be built -*- C++ -*-===//
//
// A family is one entry of a table: the "model_type" that selects it and the function that builds
// it. Adding one is a file beside GPT.cpp and a line in ModelFamily.cpp (docs/dev/add-a-model.md).
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_TARGET_MODELIMPORT_MODELFAMILY_H
#define ACESO_LIB_TARGET_MODELIMPORT_MODELFAMILY_H

#include "ModelKeys.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace aceso {

struct ModelFamily {
  /// The value of "model_type" that selects it, the name that Hugging Face gives the family.
  llvm::StringRef modelType;
  /// Reads its keys and builds a module with one nn.model; null after reported errors.
  mlir::OwningOpRef<mlir::ModuleOp> (*build)(ModelKeys &keys, mlir::MLIRContext *context);
};

llvm::ArrayRef<ModelFamily> getModelFamilies();

mlir::OwningOpRef<mlir::ModuleOp> buildGPT(ModelKeys &keys, mlir::MLIRContext *context);

} // namespace aceso

#endif // ACESO_LIB_TARGET_MODELIMPORT_MODELFAMILY_H
