//===- ModelFields.h - The model's part of a plan file ----------*- C++ -*-===//

#ifndef ACESO_LIB_TARGET_ACESOCONFIG_MODELFIELDS_H
#define ACESO_LIB_TARGET_ACESOCONFIG_MODELFIELDS_H

#include "mlir/IR/BuiltinAttributes.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

namespace aceso {

/// A number, text or list of a model's `config` as JSON; none for other attributes.
std::optional<nlohmann::ordered_json> toJson(mlir::Attribute attribute);

/// The names in `config`, in the published order, others after them.
std::vector<llvm::StringRef> modelFields(mlir::DictionaryAttr config);

} // namespace aceso

#endif // ACESO_LIB_TARGET_ACESOCONFIG_MODELFIELDS_H
