//===- ModelBuilder.h - Builds an nn.model op by op -------------*- C++ -*-===//
//
// What the builders of all families share: the keys that every model file has, the model op with
// its inputs, parameters and units under their paths.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_TARGET_MODELIMPORT_MODELBUILDER_H
#define ACESO_LIB_TARGET_MODELIMPORT_MODELBUILDER_H

#include "ModelKeys.h"

#include "aceso/Dialect/NN/NN.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace aceso {

/// Keys that mean the same in every family.
struct CommonKeys {
  /// "name", the symbol of the model, and "model_size", the label in published plan files.
  std::string name, modelSize;
  /// "profile": the cost tables' prefix; empty if the file names none.
  std::string profile;
  /// "dtype" or "torch_dtype".
  mlir::FloatType elementType;
};

/// Reads the common keys; `family` is the default name.
CommonKeys readCommonKeys(ModelKeys &keys, llvm::StringRef family, mlir::MLIRContext *context);

/// An input of a model: its name in nn.name and its type.
struct ModelInput {
  llvm::StringRef name;
  mlir::Type type;
};

/// Builds one nn.model in a module of its own. Parameters are gathered at the top, in the order in
/// which they are asked for.
class ModelBuilder {
public:
  /// `config` is the model's part of a published plan file, field by field.
  ModelBuilder(const ModelKeys &keys, const CommonKeys &common, mlir::DictionaryAttr config,
               llvm::ArrayRef<ModelInput> inputs, mlir::MLIRContext *context);

  mlir::Value getInput(unsigned index) { return model.getBody().getArgument(index); }
  mlir::RankedTensorType type(llvm::ArrayRef<int64_t> shape) const {
    return mlir::RankedTensorType::get(shape, elementType);
  }
  /// What losses and statistics are kept in.
  mlir::Type accumulationType() const { return nn::accumulationType(elementType); }

  /// Weights drawn from a normal distribution with mean 0.
  mlir::Value normal(const llvm::Twine &path, llvm::ArrayRef<int64_t> shape, double deviation);
  /// A bias or shift: zeros, kept from weight decay.
  mlir::Value zeros(const llvm::Twine &path, llvm::ArrayRef<int64_t> shape);
  /// The scale of a norm: ones, kept from weight decay.
  mlir::Value ones(const llvm::Twine &path, llvm::ArrayRef<int64_t> shape);

  /// Appends a unit of planning. `profileKey` is its name in cost tables; `attributes` are its own.
  template <typename Op>
  Op unit(llvm::StringRef path, llvm::StringRef profileKey, mlir::TypeRange results,
          mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    llvm::SmallVector<mlir::NamedAttribute> all(attributes);
    all.push_back(b.getNamedAttr("path", b.getStringAttr(path)));
    all.push_back(b.getNamedAttr("profile", b.getStringAttr(profileKey)));
    return Op::create(b, pathLoc(path), results, operands, all);
  }
  mlir::NamedAttribute attribute(llvm::StringRef name, double value) {
    return b.getNamedAttr(name, b.getF64FloatAttr(value));
  }
  mlir::NamedAttribute attribute(llvm::StringRef name, llvm::StringRef value) {
    return b.getNamedAttr(name, b.getStringAttr(value));
  }

  mlir::NamedAttribute attribute(llvm::StringRef name, int64_t value) {
    return b.getNamedAttr(name, b.getI64IntegerAttr(value));
  }
  mlir::NamedAttribute flag(llvm::StringRef name) { return b.getNamedAttr(name, b.getUnitAttr()); }

  /// Ends the model with its loss and hands it over.
  mlir::OwningOpRef<mlir::ModuleOp> finish(mlir::Value loss);

private:
  mlir::Value parameter(const llvm::Twine &path, llvm::ArrayRef<int64_t> shape, nn::InitAttr init,
                        bool isDecayed);
  mlir::Location pathLoc(llvm::StringRef path);

  mlir::OpBuilder b;
  mlir::Location fileLoc;
  mlir::FloatType elementType;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  nn::ModelOp model;
  mlir::Operation *lastParameter = nullptr;
};

} // namespace aceso

#endif // ACESO_LIB_TARGET_MODELIMPORT_MODELBUILDER_H
