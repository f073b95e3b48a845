//===- Models.h - The ops of three models, as letters -----------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_LAYOUT_MODELS_H
#define ACESO_TEST_UNIT_LAYOUT_MODELS_H

#include "OpGraph.h"

namespace aceso::test {

/// Sizes of a model. Rules of ops: the published ones first, then sequence parallelism.
struct TransformerSizes {
  int64_t batch = 8, sequence = 16, hidden = 16, heads = 8, vocabulary = 32;
};

/// Attention and MLP layers without embedding and head: dropout, layers, layer norm.
OpGraph gptLayers(const TransformerSizes &sizes, int numLayers);
/// With embedding, tied head and loss.
OpGraph gpt(const TransformerSizes &sizes, int numLayers);
/// One encoder layer and `numDecoderLayers` decoder layers with cross attention.
OpGraph t5(const TransformerSizes &sizes, int numDecoderLayers);
/// `numBlocks` bottleneck blocks, the first with a downsample convolution.
OpGraph resNet(int64_t batch, int64_t channels, int numBlocks);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_LAYOUT_MODELS_H
