//===- AcesoConfig.h - Plans in the published JSON format -------*- C++ -*-===//
//
// The plan files of the published system: the model's sizes, batches, and for
// every stage lists with an entry an op. A file holds no cluster, memory limit, vocabulary or
// element type.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TARGET_ACESOCONFIG_H
#define ACESO_TARGET_ACESOCONFIG_H

#include "aceso/Cost/CompactPlan.h"
#include "aceso/Dialect/Par/Par.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace aceso {

/// The plan as a published file says it, fields in the published order. None after an error at the
/// op: a rule or a kind of recompute that the format cannot say, or a model of no published family.
std::optional<nlohmann::ordered_json> exportAcesoConfig(par::PlanOp plan);

/// Gives `model` the plan that `text` says. Null, after errors that name the field, if the text is
/// no plan of this model and cluster; then the model is as it was. `fileName` is for messages.
par::PlanOp importAcesoConfig(llvm::StringRef fileName, llvm::StringRef text, nn::ModelOp model,
                              const ClusterDesc &cluster);

/// Registers --export-aceso-config and --import-aceso-config.
void registerAcesoConfig();

} // namespace aceso

#endif // ACESO_TARGET_ACESOCONFIG_H
