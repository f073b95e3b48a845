//===- GptFacts.cpp - Facts of a GPT, written by hand -----------*- C++ -*-===//

#include "GptFacts.h"

#include <gtest/gtest.h>

using namespace aceso;
using namespace aceso::test;

namespace {

constexpr int64_t dynamic = ValueFacts::kDynamic;

class Builder {
public:
  explicit Builder(unsigned elementBytes) : elementBytes(elementBytes) {}

  ValueId value(ValueKind kind, std::vector<int64_t> shape, const std::string &path = "",
                std::vector<int64_t> majors = {}) {
    if (majors.empty())
      majors = shape;
    facts.values.push_back({kind, std::move(shape), std::move(majors), elementBytes, path});
    return facts.values.size() - 1;
  }
  ValueId parameter(const std::string &path, std::vector<int64_t> shape,
                    std::vector<int64_t> majors = {}) {
    return value(ValueKind::Parameter, std::move(shape), path, std::move(majors));
  }

  void op(const std::string &path, const std::string &key, uint32_t block) {
    OpFacts op{};
    op.path = path;
    op.profileKey = key;
    op.block = block;
    op.numRules = 2;
    op.kind = kinds.try_emplace(key, kinds.size()).first->second;
    facts.ops.push_back(std::move(op));
  }

  /// A primitive of the last op with one result of `shape`. `reads`: operands that the gradient
  /// reads.
  ValueId primitive(const std::string &pattern, const std::string &rules,
                    const std::vector<ValueId> &operands, std::vector<int64_t> shape,
                    std::vector<bool> reads, const std::string &nosplit = "",
                    std::map<char, int64_t> minor = {}, std::vector<int64_t> majors = {}) {
    ValueId result = value(ValueKind::Activation, std::move(shape), "", std::move(majors));
    addPrimitive(pattern, rules, operands, {result}, std::move(reads), nosplit, std::move(minor));
    return result;
  }

  void addPrimitive(const std::string &pattern, const std::string &rules,
                    const std::vector<ValueId> &operands, const std::vector<ValueId> &results,
                    std::vector<bool> reads, const std::string &nosplit,
                    std::map<char, int64_t> minor) {
    PrimitiveFacts primitive;
    primitive.signature = Signature::parse(pattern, rules, nosplit);
    primitive.signature.extents = std::move(minor);
    auto shapes = [&](const std::vector<ValueId> &ids) {
      std::vector<std::vector<int64_t>> shapes;
      for (ValueId id : ids)
        shapes.push_back(facts.values[id].shape);
      return shapes;
    };
    std::string error;
    EXPECT_TRUE(primitive.signature.bindShapes(shapes(operands), shapes(results), error)) << error;
    primitive.signature.extents.erase(batchLetter);
    primitive.operands = operands;
    primitive.results = results;
    primitive.gradientReadsOperand = std::move(reads);
    facts.ops.back().primitives.push_back(std::move(primitive));
  }

  ModelFacts facts;
  unsigned elementBytes;
  std::map<std::string, uint32_t> kinds;
};

} // namespace

ModelFacts aceso::test::gptFacts(const GptSize &size) {
  int64_t s = size.sequence, h = size.hidden, n = size.heads, d = h / n, f = 4 * h,
          v = size.vocabulary;
  Builder b(size.elementBytes);
  b.facts.name = b.facts.tablePrefix = "gpt_tiny";
  ValueId ids = b.value(ValueKind::Input, {dynamic, s}, "ids");
  ValueId labels = b.value(ValueKind::Input, {dynamic, s}, "labels");
  ValueId words = b.parameter("embedding.word", {v, h});
  ValueId positions = b.parameter("embedding.position", {s, h});
  std::vector<int64_t> stream = {s, dynamic, h}, scores = {dynamic, n, s, s};
  std::vector<int64_t> perHead = {s, dynamic, n, d};
  constexpr bool yes = true, no = false;

  b.op("embedding", "encoder-embedding", 0);
  ValueId rows = b.primitive("b s, v h, +p h -> s b h", "vv", {ids, words, positions}, stream,
                             {yes, no, no}, "ps");
  ValueId x = b.primitive("s b h -> s b h", "-s", {rows}, stream, {no});

  for (int64_t layer = 0; layer < size.layers; ++layer) {
    std::string path = "layers." + std::to_string(layer) + ".";
    uint32_t block = layer + 1;
    auto parameter = [&](const char *name, std::vector<int64_t> shape,
                         std::vector<int64_t> majors = {}) {
      return b.parameter(path + name, std::move(shape), std::move(majors));
    };
    auto layerNorm = [&](const char *name, const char *key) {
      b.op(path + name, key, block);
      return b.primitive("s b h, h, h -> s b h", "-s",
                         {x, parameter("scale", {h}), parameter("shift", {h})}, stream,
                         {yes, yes, no}, "h");
    };

    ValueId normed = layerNorm("norm1", "enc-1st-layernorm");
    b.op(path + "qkv", "enc-attention-qkv", block);
    ValueId merged = b.primitive(
        "s b k, (o x) k, +(o x) -> s b (o x)", "ok",
        {normed, parameter("qkv.weight", {3 * h, h}, {n, h}), parameter("qkv.bias", {3 * h}, {n})},
        {s, dynamic, 3 * h}, {yes, yes, no}, "", {{'x', 3 * d}}, {s, dynamic, n});
    std::vector<ValueId> qkv;
    for (int i = 0; i < 3; ++i)
      qkv.push_back(b.value(ValueKind::Activation, perHead));
    b.addPrimitive("s b (n q d) -> s b n d, s b n d, s b n d", "n-", {merged}, qkv, {no}, "",
                   {{'q', 3}});
    b.op(path + "score", "enc-attention-score", block);
    ValueId score =
        b.primitive("s b n d, t b n d -> b n s t", "nn", {qkv[0], qkv[1]}, scores, {yes, yes});
    b.op(path + "softmax", "enc-attention-softmax", block);
    ValueId soft = b.primitive("b n s t -> b n s t", "nn", {score}, scores, {no}, "t");
    b.facts.ops.back().primitives.back().gradientReadsResult = {yes};
    b.op(path + "dropout", "enc-attention-dropout", block);
    ValueId dropped = b.primitive("b n s t -> b n s t", "nn", {soft}, scores, {no});
    b.op(path + "context", "enc-attention-context", block);
    ValueId context = b.primitive("b n s t, t b n d -> s b (n d)", "nn", {dropped, qkv[2]}, stream,
                                  {yes, yes}, "", {}, {s, dynamic, n});
    b.op(path + "dense", "enc-attention-dense", block);
    ValueId dense = b.primitive("s b k, o k -> s b o", "ko",
                                {context, parameter("dense.weight", {h, h})}, stream, {yes, yes});
    b.op(path + "attention_add", "enc-post-attention-dropout", block);
    x = b.primitive("s b h, h, s b h -> s b h", "--", {dense, parameter("dense.bias", {h}), x},
                    stream, {no, no, no});
    normed = layerNorm("norm2", "enc-2nd-layernorm");
    b.op(path + "fc1", "enc-MLP-GEMM-1", block);
    ValueId wide =
        b.primitive("s b k, o k -> s b o", "ok", {normed, parameter("fc1.weight", {f, h})},
                    {s, dynamic, f}, {yes, yes});
    b.op(path + "gelu", "enc-MLP-gelu", block);
    ValueId active = b.primitive("s b f, f -> s b f", "ff", {wide, parameter("fc1.bias", {f})},
                                 {s, dynamic, f}, {yes, yes});
    b.op(path + "fc2", "enc-MLP-GEMM-2", block);
    ValueId narrow = b.primitive("s b k, o k -> s b o", "ko",
                                 {active, parameter("fc2.weight", {h, f})}, stream, {yes, yes});
    b.op(path + "mlp_add", "enc-post-MLP-dropout", block);
    x = b.primitive("s b h, h, s b h -> s b h", "--", {narrow, parameter("fc2.bias", {h}), x},
                    stream, {no, no, no});
  }

  b.op("norm", "final-layernorm", size.layers + 1);
  x = b.primitive("s b h, h, h -> s b h", "--",
                  {x, b.parameter("norm.scale", {h}), b.parameter("norm.shift", {h})}, stream,
                  {yes, yes, no}, "h");
  b.op("head", "gpt-post-process", size.layers + 2);
  std::vector<int64_t> perToken = {s, dynamic};
  ValueId logits =
      b.primitive("s b k, o k -> s b o", "oo", {x, words}, {s, dynamic, v}, {yes, yes});
  ValueId max = b.primitive("s b v -> max:s b", "vv", {logits}, perToken, {yes});
  ValueId sum = b.value(ValueKind::Activation, perToken);
  ValueId picked = b.value(ValueKind::Activation, perToken);
  b.addPrimitive("s b v, s b, b s -> s b, s b", "vv", {logits, max, labels}, {sum, picked},
                 {yes, yes, yes}, "", {});
  b.primitive("s b, s b, b s -> ()", "--", {sum, picked, labels}, {}, {yes, yes, yes});
  // One gradient for the whole cross entropy.
  for (size_t i = 1; i < b.facts.ops.back().primitives.size(); ++i)
    b.facts.ops.back().primitives[i].hasOwnGradient = false;
  return b.facts;
}
