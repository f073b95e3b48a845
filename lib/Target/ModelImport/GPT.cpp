//===- GPT.cpp - The GPT family ---------------------------------*- C++ -*-===//
//
// Decoder-only transformer with layer norms in front, at the granularity of the published op
// tables: 13 ops a layer and 3 around them. The tied table and
// initial values are Megatron's. Keys are those of Hugging Face's GPT-2, and a few of our own:
// docs/models.md.
//
//===----------------------------------------------------------------------===//

#include "ModelBuilder.h"
#include "ModelFamily.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace aceso;

namespace {

struct GPTConfig {
  CommonKeys common;
  int64_t numLayers, hidden, heads, inner, positions, sequence;
  /// Classes of the loss, and rows of the table: the same padded.
  int64_t vocabulary, paddedVocabulary;
  double embeddingDropout, attentionDropout, residualDropout, epsilon, initializerRange;
  bool scalesScores, scalesByLayer, tiesHead;
};

} // namespace

/// Largest size of any dimension: products of two stay exact in 64 bits, in elements and in bytes.
static constexpr int64_t maxSize = 1 << 28;
static constexpr int64_t maxLayers = 100'000;

static GPTConfig readGPTConfig(ModelKeys &keys, MLIRContext *context) {
  GPTConfig config;
  config.common = readCommonKeys(keys, "gpt", context);
  config.numLayers = keys.getInteger("n_layer", 1, maxLayers);
  config.hidden = keys.getInteger("n_embd", 1, maxSize);
  config.heads = keys.getInteger("n_head", 1, maxSize);
  if (!keys.hasFailed() && config.hidden % config.heads != 0)
    keys.emitError("n_head") << "is " << config.heads << ", which does not divide n_embd, "
                             << config.hidden;
  config.positions = keys.getInteger(keys.either("n_positions", "n_ctx"), 1, maxSize);
  config.sequence = keys.getInteger("seq_length", 1, maxSize, config.positions);
  if (!keys.hasFailed() && config.sequence > config.positions)
    keys.emitError("seq_length") << "is " << config.sequence << ", more than n_positions, "
                                 << config.positions;
  config.inner = keys.getIntegerOrNull("n_inner", 1, maxSize, 4 * config.hidden);
  config.vocabulary = keys.getInteger("vocab_size", 1, maxSize);
  int64_t multiple = keys.getInteger("pad_vocab_to_multiple_of", 1, maxSize, 128);
  config.paddedVocabulary = (config.vocabulary + multiple - 1) / multiple * multiple;
  config.embeddingDropout = keys.getProbability("embd_pdrop", 0.1);
  config.attentionDropout = keys.getProbability("attn_pdrop", 0.1);
  config.residualDropout = keys.getProbability("resid_pdrop", 0.1);
  config.epsilon = keys.getPositive("layer_norm_epsilon", 1e-5);
  config.initializerRange = keys.getPositive("initializer_range", 0.02);
  config.scalesScores = keys.getBool("scale_attn_weights", true);
  config.scalesByLayer = keys.getBool("scale_attn_by_inverse_layer_idx", false);
  config.tiesHead = keys.getBool("tie_word_embeddings", true);
  keys.getChoice("activation_function", {"gelu_new"}, "gelu_new");
  if (keys.getBool("add_cross_attention", false))
    keys.emitError("add_cross_attention") << "must be false: a GPT has no encoder to attend to";
  // What a checkpoint's file says about tokens, tasks and the program that wrote it.
  keys.ignore({"_attn_implementation_autoset",
               "_name_or_path",
               "_num_labels",
               "architectures",
               "bos_token_id",
               "eos_token_id",
               "finetuning_task",
               "gradient_checkpointing",
               "id2label",
               "label2id",
               "model_type",
               "n_special",
               "output_past",
               "pad_token_id",
               "predict_special_tokens",
               "reorder_and_upcast_attn",
               "summary_activation",
               "summary_first_dropout",
               "summary_proj_to_labels",
               "summary_type",
               "summary_use_proj",
               "task_specific_params",
               "transformers_version",
               "use_cache"});
  return config;
}

/// The model's fields of a published plan file.
static DictionaryAttr publishedConfig(const GPTConfig &config, MLIRContext *context) {
  Builder b(context);
  return b.getDictionaryAttr({
      b.getNamedAttr("model_name", b.getStringAttr("gpt")),
      b.getNamedAttr("model_size", b.getStringAttr(config.common.modelSize)),
      b.getNamedAttr("num_layers", b.getI64IntegerAttr(config.numLayers)),
      b.getNamedAttr("seq_length", b.getI64IntegerAttr(config.sequence)),
      b.getNamedAttr("max_position_embeddings", b.getI64IntegerAttr(config.positions)),
      b.getNamedAttr("num_attention_heads", b.getI64IntegerAttr(config.heads)),
      b.getNamedAttr("hidden_size", b.getI64IntegerAttr(config.hidden)),
  });
}

namespace {

/// Builds layers one after the other. Shapes are [s, b, h] between units; b is dynamic.
class GPTBuilder {
public:
  GPTBuilder(const GPTConfig &config, ModelBuilder &builder)
      : config(config), builder(builder), s(config.sequence), h(config.hidden), n(config.heads),
        d(config.hidden / config.heads), f(config.inner),
        // The sum of 2 L residual contributions keeps the variance of one.
        outDeviation(config.initializerRange / std::sqrt(2.0 * config.numLayers)) {}

  Value layer(int64_t index, Value x) {
    std::string path = "layers." + std::to_string(index);
    Value normed = layerNorm(path + ".ln_1", "enc-1st-layernorm", x);
    x = attention(index, path + ".attention", normed, x);
    normed = layerNorm(path + ".ln_2", "enc-2nd-layernorm", x);
    return mlp(path + ".mlp", normed, x);
  }

  Value layerNorm(const std::string &path, StringRef profileKey, Value x) {
    Value scale = builder.ones(path + ".weight", {h}), shift = builder.zeros(path + ".bias", {h});
    return builder.unit<nn::LayerNormOp>(path, profileKey, x.getType(), {x, scale, shift},
                                         builder.attribute("eps", config.epsilon));
  }

private:
  Value attention(int64_t index, const std::string &path, Value x, Value residual) {
    Value weight = builder.normal(path + ".qkv.weight", {3 * h, h}, config.initializerRange);
    Value bias = builder.zeros(path + ".qkv.bias", {3 * h});
    RankedTensorType perHead = builder.type({s, dynamic, n, d});
    auto qkv = builder.unit<nn::QKVOp>(path + ".qkv", "enc-attention-qkv",
                                       {perHead, perHead, perHead}, {x, weight, bias});

    RankedTensorType scores = builder.type({dynamic, n, s, s});
    Value score = builder.unit<nn::AttentionScoreOp>(path + ".score", "enc-attention-score", scores,
                                                     {qkv.getQ(), qkv.getK()},
                                                     builder.attribute("scale", scoreScale(index)));
    Value probabilities = builder.unit<nn::SoftmaxOp>(
        path + ".softmax", "enc-attention-softmax", scores, score,
        {builder.attribute("scale", rangeFactor(index)), builder.flag("causal")});
    probabilities = builder.unit<nn::DropoutOp>(
        path + ".dropout", "enc-attention-dropout", scores, probabilities,
        {builder.attribute("letters", "b n s t"), builder.attribute("rules", "ns"),
         builder.attribute("p", config.attentionDropout)});
    Value context = builder.unit<nn::AttentionContextOp>(path + ".context", "enc-attention-context",
                                                         x.getType(), {probabilities, qkv.getV()});

    return project(path + ".dense", "enc-attention-dense", path + ".add",
                   "enc-post-attention-dropout", context, h, residual);
  }

  Value mlp(const std::string &path, Value x, Value residual) {
    Value weight = builder.normal(path + ".fc1.weight", {f, h}, config.initializerRange);
    Value bias = builder.zeros(path + ".fc1.bias", {f});
    RankedTensorType wide = builder.type({s, dynamic, f});
    x = builder.unit<nn::LinearOp>(path + ".fc1", "enc-MLP-GEMM-1", wide, {x, weight},
                                   builder.attribute("rules", "ok"));
    x = builder.unit<nn::GeluOp>(path + ".gelu", "enc-MLP-gelu", wide, {x, bias});
    return project(path + ".fc2", "enc-MLP-GEMM-2", path + ".add", "enc-post-MLP-dropout", x, f,
                   residual);
  }

  /// The linear layer back to the residual stream and the op that adds its result. The bias belongs
  /// to the latter: it is added where the sum is whole.
  Value project(const std::string &linearPath, StringRef linearKey, const std::string &addPath,
                StringRef addKey, Value x, int64_t features, Value residual) {
    Value weight = builder.normal(linearPath + ".weight", {h, features}, outDeviation);
    Value bias = builder.zeros(linearPath + ".bias", {h});
    x = builder.unit<nn::LinearOp>(linearPath, linearKey, residual.getType(), {x, weight},
                                   builder.attribute("rules", "ko"));
    return builder.unit<nn::BiasDropoutAddOp>(addPath, addKey, residual.getType(),
                                              {x, bias, residual},
                                              builder.attribute("p", config.residualDropout));
  }

  double scoreScale(int64_t index) const {
    double scale = config.scalesScores ? 1 / std::sqrt(static_cast<double>(d)) : 1.0;
    if (config.scalesByLayer)
      scale /= static_cast<double>(index + 1);
    return scale / rangeFactor(index);
  }

  /// Scores of deep layers can leave the range of f16: they are divided by this, and softmax, which
  /// computes in f32, multiplies with it again.
  double rangeFactor(int64_t index) const {
    return config.common.elementType.isF16() ? std::max<double>(1, static_cast<double>(index)) : 1;
  }

  static constexpr int64_t dynamic = ShapedType::kDynamic;
  const GPTConfig &config;
  ModelBuilder &builder;
  int64_t s, h, n, d, f;
  double outDeviation;
};

} // namespace

OwningOpRef<ModuleOp> aceso::buildGPT(ModelKeys &keys, MLIRContext *context) {
  GPTConfig config = readGPTConfig(keys, context);
  if (failed(keys.finish("gpt2")))
    return {};
  auto tokens =
      RankedTensorType::get({ShapedType::kDynamic, config.sequence}, IntegerType::get(context, 32));
  ModelBuilder builder(keys, config.common, publishedConfig(config, context),
                       {{"ids", tokens}, {"labels", tokens}}, context);
  GPTBuilder gpt(config, builder);

  SmallVector<int64_t, 2> tableShape{config.paddedVocabulary, config.hidden};
  Value table = builder.normal("wte", tableShape, config.initializerRange);
  Value positions =
      builder.normal("wpe", {config.positions, config.hidden}, config.initializerRange);
  RankedTensorType stream = builder.type({config.sequence, ShapedType::kDynamic, config.hidden});
  Value x = builder.unit<nn::EmbeddingOp>("embedding", "encoder-embedding", stream,
                                          {builder.getInput(0), table, positions},
                                          builder.attribute("p", config.embeddingDropout));
  for (int64_t index = 0; index < config.numLayers; ++index)
    x = gpt.layer(index, x);
  x = gpt.layerNorm("final_ln", "final-layernorm", x);
  Value head =
      config.tiesHead ? table : builder.normal("head.weight", tableShape, config.initializerRange);
  return builder.finish(builder.unit<nn::LinearCrossEntropyOp>(
      "head", "gpt-post-process", RankedTensorType::get({}, builder.accumulationType()),
      {x, head, builder.getInput(1)}, builder.attribute("num_classes", config.vocabulary)));
}
