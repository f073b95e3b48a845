//===- Models.cpp - The ops of three models, as letters -------------------===//

#include "Models.h"

namespace aceso::test {

namespace {
using ValueId = OpGraph::ValueId;

/// Builds transformer layers; a layer is the published list of ops.
class Transformer {
public:
  explicit Transformer(const TransformerSizes &sizes) : sizes(sizes) {}

  ValueId dropout(ValueId x) {
    return graph.op("dropout", Signature::parse("s b h -> s b h", "-s"), {x})[0];
  }

  ValueId layerNorm(ValueId x) {
    return graph.op("layernorm", Signature::parse("s b h, h, +h -> s b h", "-s", "h"),
                    {x, parameter({sizes.hidden}), parameter({sizes.hidden})})[0];
  }

  ValueId biasDropoutAdd(ValueId x, ValueId residual) {
    return graph.op("bias-dropout-add", Signature::parse("s b h, +h, +s b h -> s b h", "-s"),
                    {x, parameter({sizes.hidden}), residual})[0];
  }

  /// A linear layer to `count` tensors per head, split into heads.
  std::vector<ValueId> heads(const std::string &name, ValueId x, int64_t count) {
    int64_t width = count * sizes.hidden, dim = sizes.hidden / sizes.heads;
    std::map<char, int64_t> minors = {{'q', count}, {'d', dim}};
    ValueId joined =
        graph.op(name, Signature::parse("s b k, (n q d) k, +(n q d) -> s b (n q d)", "nk", "q"),
                 {x, parameter({width, sizes.hidden}), parameter({width})}, minors)[0];
    std::string pattern = "s b (n q d) ->";
    for (int64_t i = 0; i < count; ++i)
      pattern += i ? ", s b n d" : " s b n d";
    return graph.op(name + "-split", Signature::parse(pattern, "n-", "q"), {joined}, minors);
  }

  ValueId attend(ValueId query, ValueId key, ValueId value) {
    ValueId score = graph.op("score", Signature::parse("s b n d, t b n d -> b n s t", "n", "d"),
                             {query, key})[0];
    ValueId weights =
        graph.op("softmax", Signature::parse("b n s t -> b n s t", "n", "t"), {score})[0];
    weights =
        graph.op("attention-dropout", Signature::parse("b n s t -> b n s t", "n"), {weights})[0];
    ValueId context = graph.op("context", Signature::parse("b n s t, t b n d -> s b (n d)", "n"),
                               {weights, value})[0];
    return graph.op("dense", Signature::parse("s b k, o k -> s b o", "ko"),
                    {context, parameter({sizes.hidden, sizes.hidden})})[0];
  }

  ValueId selfAttention(ValueId x) {
    std::vector<ValueId> qkv = heads("qkv", layerNorm(x), 3);
    return biasDropoutAdd(attend(qkv[0], qkv[1], qkv[2]), x);
  }

  ValueId crossAttention(ValueId x, ValueId memory) {
    ValueId query = heads("cross-q", layerNorm(x), 1)[0];
    std::vector<ValueId> keyValue = heads("cross-kv", memory, 2);
    return biasDropoutAdd(attend(query, keyValue[0], keyValue[1]), x);
  }

  ValueId mlp(ValueId x) {
    int64_t width = 4 * sizes.hidden;
    ValueId y = graph.op("fc1", Signature::parse("s b k, f k -> s b f", "fk"),
                         {layerNorm(x), parameter({width, sizes.hidden})})[0];
    y = graph.op("gelu", Signature::parse("s b f, +f -> s b f", "f-"), {y, parameter({width})})[0];
    y = graph.op("fc2", Signature::parse("s b k, o k -> s b o", "ko"),
                 {y, parameter({sizes.hidden, width})})[0];
    return biasDropoutAdd(y, x);
  }

  ValueId embedding(ValueId table) {
    ValueId ids = graph.input({sizes.batch, sizes.sequence});
    ValueId y = graph.op("embedding", Signature::parse("b s, v h, +s h -> s b h", "v"),
                         {ids, table, parameter({sizes.sequence, sizes.hidden})})[0];
    return dropout(y);
  }

  /// Head and cross entropy as primitives with one composite gradient.
  void lossOf(ValueId x, ValueId table) {
    ValueId labels = graph.input({sizes.sequence, sizes.batch});
    ValueId mask = graph.input({sizes.sequence, sizes.batch});
    ValueId logits = graph.op("head", Signature::parse("s b k, v k -> s b v", "v"), {x, table})[0];
    ValueId max = graph.op("loss-max", Signature::parse("s b v -> max: s b", "v"), {logits}, {},
                           /*hasGradient=*/false)[0];
    std::vector<ValueId> sums =
        graph.op("loss-sums", Signature::parse("s b v, s b, s b -> s b, s b", "v"),
                 {logits, max, labels}, {}, /*hasGradient=*/false);
    graph.op("loss", Signature::parse("s b, s b, s b -> ()", "-"), {sums[0], sums[1], mask}, {},
             /*hasGradient=*/false);
    ValueId gradient =
        graph.op("loss-gradient", Signature::parse("s b v, s b, s b, s b, s b -> s b v", "v"),
                 {logits, max, sums[0], labels, mask}, {}, /*hasGradient=*/false)[0];
    graph.setGradient(logits, gradient);
  }

  ValueId parameter(std::vector<int64_t> shape) { return graph.parameter(std::move(shape)); }

  TransformerSizes sizes;
  OpGraph graph;
};
} // namespace

OpGraph gptLayers(const TransformerSizes &sizes, int numLayers) {
  Transformer model(sizes);
  ValueId x = model.dropout(model.graph.input({sizes.sequence, sizes.batch, sizes.hidden}));
  for (int layer = 0; layer < numLayers; ++layer)
    x = model.mlp(model.selfAttention(x));
  model.layerNorm(x);
  return std::move(model.graph);
}

OpGraph gpt(const TransformerSizes &sizes, int numLayers) {
  Transformer model(sizes);
  ValueId table = model.parameter({sizes.vocabulary, sizes.hidden});
  ValueId x = model.embedding(table);
  for (int layer = 0; layer < numLayers; ++layer)
    x = model.mlp(model.selfAttention(x));
  model.lossOf(model.layerNorm(x), table);
  return std::move(model.graph);
}

OpGraph t5(const TransformerSizes &sizes, int numDecoderLayers) {
  Transformer model(sizes);
  ValueId table = model.parameter({sizes.vocabulary, sizes.hidden});
  ValueId memory = model.layerNorm(model.mlp(model.selfAttention(model.embedding(table))));
  ValueId x = model.embedding(table);
  for (int layer = 0; layer < numDecoderLayers; ++layer)
    x = model.mlp(model.crossAttention(model.selfAttention(x), memory));
  model.lossOf(model.layerNorm(x), table);
  return std::move(model.graph);
}

OpGraph resNet(int64_t batch, int64_t channels, int numBlocks) {
  OpGraph graph;
  auto conv = [&](ValueId x, int64_t from, int64_t to) {
    return graph.op("conv", Signature::parse("b i x y, o i p q -> b o x y", "oi", "xypq"),
                    {x, graph.parameter({to, from, 1, 1})})[0];
  };
  auto batchNorm = [&](ValueId x, int64_t width) {
    std::vector<ValueId> stats =
        graph.op("bn-stats", Signature::parse("b c x y -> c, c", "-", "xy"), {x}, {},
                 /*hasGradient=*/false);
    return graph.op("bn-apply", Signature::parse("b c x y, c, c, c, +c -> b c x y", "-", "xy"),
                    {x, stats[0], stats[1], graph.parameter({width}), graph.parameter({width})})[0];
  };
  auto relu = [&](ValueId x) {
    return graph.op("relu", Signature::parse("b c x y -> b c x y", "-", "xy"), {x})[0];
  };
  ValueId x = relu(graph.input({batch, channels, 2, 2}));
  int64_t width = channels;
  for (int block = 0; block < numBlocks; ++block) {
    ValueId y = batchNorm(conv(x, width, channels), channels);
    y = batchNorm(conv(y, channels, 2 * channels), 2 * channels);
    y = batchNorm(conv(y, 2 * channels, 4 * channels), 4 * channels);
    ValueId residual = block == 0 ? batchNorm(conv(x, width, 4 * channels), 4 * channels) : x;
    Signature add = Signature::parse("b c x y, +b c x y -> b c x y", "-", "xy");
    add.isSum = true;
    x = relu(graph.op("add", add, {y, residual})[0]);
    width = 4 * channels;
  }
  ValueId pooled = graph.op("avgpool", Signature::parse("b c x y -> b c", "-", "xy"), {x})[0];
  graph.op("fc", Signature::parse("b k, o k, +o -> b o", "-"),
           {pooled, graph.parameter({16, width}), graph.parameter({16})});
  return graph;
}

} // namespace aceso::test
