//===- Fields.h - Names of the published plan format ------------*- C++ -*-===//

#ifndef ACESO_LIB_TARGET_ACESOCONFIG_FIELDS_H
#define ACESO_LIB_TARGET_ACESOCONFIG_FIELDS_H

#include "llvm/ADT/StringRef.h"

namespace aceso::field {

inline constexpr llvm::StringLiteral globalBatch = "global_batch_size";
inline constexpr llvm::StringLiteral microBatch = "micro_batch_size";
inline constexpr llvm::StringLiteral numStages = "num_stages";
inline constexpr llvm::StringLiteral devices = "num_gpus";
inline constexpr llvm::StringLiteral recomputes = "checkpoint_activations";
inline constexpr llvm::StringLiteral isMixed = "resharding_stages";
inline constexpr llvm::StringLiteral numOps = "num_ops_in_each_stage";
inline constexpr llvm::StringLiteral tp = "model_parallel_size_of_each_op";
inline constexpr llvm::StringLiteral dp = "data_parallel_size_of_each_op";
inline constexpr llvm::StringLiteral recompute = "recompute_ops";
inline constexpr llvm::StringLiteral rule = "algo_of_each_op";

/// Those of the plan, in the order of the published files; they follow the model's.
inline constexpr llvm::StringLiteral ofPlan[] = {globalBatch, microBatch, numStages, devices,
                                                 recomputes,  isMixed,    numOps,    tp,
                                                 dp,          recompute,  rule};

/// Those of models, of all published families in one order; a model has some of them.
inline constexpr llvm::StringLiteral ofModels[] = {"model_name",
                                                   "model_size",
                                                   "num_layers",
                                                   "encoder_seq_length",
                                                   "decoder_seq_length",
                                                   "seq_length",
                                                   "max_position_embeddings",
                                                   "num_attention_heads",
                                                   "kv_channels",
                                                   "hidden_size",
                                                   "ffn_hidden_size",
                                                   "in_channels",
                                                   "width_factor"};

} // namespace aceso::field

#endif // ACESO_LIB_TARGET_ACESOCONFIG_FIELDS_H
