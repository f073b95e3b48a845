//===- KernelReferenceTest.cpp - Kernels against LibTorch's autograd ------===//
//
// Forward kernels against the formula written with LibTorch's functions, gradient kernels against
// what autograd makes of that formula, in f64.
//
//===----------------------------------------------------------------------===//

#include "KernelCases.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/autograd.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace aceso;
using namespace aceso::test;

namespace {

constexpr double tolerance = 1e-12;

at::Tensor variable(const at::Tensor &tensor) {
  return tensor.detach().clone().requires_grad_(true);
}

/// Gradients of `output` with respect to `inputs` for the given gradient of the output.
std::vector<at::Tensor> gradients(const at::Tensor &output, const std::vector<at::Tensor> &inputs,
                                  const at::Tensor &dy) {
  return torch::autograd::grad({output}, inputs, {dy}, /*retain_graph=*/true);
}

std::vector<KernelCase> casesOf(const std::string &name) {
  std::vector<KernelCase> cases;
  for (uint64_t seed = 0; seed < 3; ++seed)
    for (KernelCase &one : kernelCases(at::kDouble, seed))
      if (one.name == name)
        cases.push_back(std::move(one));
  EXPECT_FALSE(cases.empty());
  return cases;
}

double number(const KernelCase &one, const char *attribute) {
  return std::get<double>(one.attributes.at(attribute));
}

void expectClose(const std::vector<at::Tensor> &actual, const std::vector<at::Tensor> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_LE(difference(actual[i], expected[i]), tolerance) << "result " << i;
}

at::Tensor causalScores(const at::Tensor &x, double scale, bool causal) {
  at::Tensor scaled = x * scale;
  if (!causal)
    return scaled;
  at::Tensor hidden = at::ones({x.size(2), x.size(3)}, at::kBool).triu(1);
  return scaled.masked_fill(hidden, -std::numeric_limits<double>::infinity());
}

} // namespace

TEST(KernelReferenceTest, Linear) {
  for (const KernelCase &one : casesOf("nn.linear")) {
    at::Tensor expected = at::matmul(one.operands[0], one.operands[1].t());
    if (one.operands.size() == 3)
      expected = expected + one.operands[2];
    expectClose(runWhole(one), {expected});
  }
}

TEST(KernelReferenceTest, LinearGradientsAreEinsums) {
  at::Tensor x = variable(at::randn({5, 2, 3}, at::kDouble));
  at::Tensor w = variable(at::randn({4, 3}, at::kDouble));
  at::Tensor bias = variable(at::randn({4}, at::kDouble));
  at::Tensor dy = at::randn({5, 2, 4}, at::kDouble);
  auto expected = gradients(at::linear(x, w, bias), {x, w, bias}, dy);
  std::map<char, int64_t> extents = {{'s', 5}, {'b', 2}, {'k', 3}, {'o', 4}};
  auto einsum = [&](const std::string &letters, std::vector<at::Tensor> operands) {
    KernelCase one{"nn.einsum", letters, "", {}, extents, std::move(operands)};
    return runWhole(one)[0];
  };
  expectClose({einsum("s b o, o k -> s b k", {dy, w.detach()}),
               einsum("s b o, s b k -> o k", {dy, x.detach()}), einsum("s b o -> o", {dy})},
              expected);
}

TEST(KernelReferenceTest, AttentionScoreAndContext) {
  for (const KernelCase &one : casesOf("nn.attention_score")) {
    at::Tensor q = one.operands[0].permute({1, 2, 0, 3}), k = one.operands[1].permute({1, 2, 3, 0});
    expectClose(runWhole(one), {at::matmul(q, k) * number(one, "scale")});
  }
  for (const KernelCase &one : casesOf("nn.attention_context")) {
    at::Tensor context = at::matmul(one.operands[0], one.operands[1].permute({1, 2, 0, 3}));
    expectClose(runWhole(one), {context.permute({2, 0, 1, 3}).flatten(2)});
  }
}

/// Not a number in fresh memory must not reach the result.
TEST(KernelReferenceTest, AttentionScoreIgnoresWhatMemoryHeld) {
  KernelCase one = kernelCase("nn.attention_score", at::kFloat, 1);
  for (int i = 0; i < 20; ++i) {
    at::Tensor dirt = at::full({4, 4, 12, 12}, std::nan(""), at::kFloat);
    dirt.reset();
    EXPECT_TRUE(runWhole(one)[0].isfinite().all().item<bool>());
  }
}

TEST(KernelReferenceTest, AttentionGradientsAreEinsums) {
  std::map<char, int64_t> extents = {{'s', 5}, {'t', 6}, {'b', 2}, {'n', 3}, {'d', 4}};
  at::Tensor q = variable(at::randn({5, 2, 3, 4}, at::kDouble));
  at::Tensor k = variable(at::randn({6, 2, 3, 4}, at::kDouble));
  at::Tensor dScores = at::randn({2, 3, 5, 6}, at::kDouble);
  auto einsum = [&](const std::string &letters, std::vector<at::Tensor> operands, double scale,
                    AttributeMap attributes = {}) {
    attributes["scale"] = scale;
    KernelCase one{"nn.einsum", letters, "", attributes, extents, std::move(operands)};
    return runWhole(one)[0];
  };
  auto expected = gradients(at::matmul(q.permute({1, 2, 0, 3}), k.permute({1, 2, 3, 0})) * 0.5,
                            {q, k}, dScores);
  expectClose({einsum("b n s t, t b n d -> s b n d", {dScores, k.detach()}, 0.5),
               einsum("b n s t, s b n d -> t b n d", {dScores, q.detach()}, 0.5)},
              expected);
  at::Tensor p = variable(at::randn({2, 3, 5, 6}, at::kDouble));
  at::Tensor dContext = at::randn({5, 2, 12}, at::kDouble);
  at::Tensor context = at::matmul(p, k.permute({1, 2, 0, 3})).permute({2, 0, 1, 3}).flatten(2);
  expected = gradients(context, {p, k}, dContext);
  expectClose({einsum("s b (n d), t b n d -> b n s t", {dContext, k.detach()}, 1),
               einsum("b n s t, s b (n d) -> t b n d", {p.detach(), dContext}, 1,
                      {{"extents.d", int64_t(4)}})},
              expected);
}

TEST(KernelReferenceTest, Softmax) {
  for (const KernelCase &one : casesOf("nn.softmax")) {
    at::Tensor x = variable(one.operands[0]);
    double scale = number(one, "scale");
    at::Tensor y = at::softmax(causalScores(x, scale, one.attributes.contains("causal")), -1);
    expectClose(runWhole(one), {y.detach()});
    at::Tensor dy = at::randn_like(y);
    KernelCase gradient = kernelCase("nn.softmax_grad", at::kDouble, 0);
    gradient.operands = {y.detach(), dy};
    gradient.attributes["scale"] = scale;
    expectClose(runWhole(gradient), gradients(y, {x}, dy));
  }
}

TEST(KernelReferenceTest, Heads) {
  for (const KernelCase &one : casesOf("nn.split_heads")) {
    at::Tensor x = variable(one.operands[0]);
    at::Tensor heads = x.view({12, 4, 4, 3, 3});
    std::vector<at::Tensor> expected = {heads.select(3, 0), heads.select(3, 1), heads.select(3, 2)};
    std::vector<at::Tensor> results = runWhole(one);
    expectClose(results, expected);
    KernelCase merge = kernelCase("nn.merge_heads", at::kDouble, 0);
    merge.operands = results;
    expectClose(runWhole(merge), {x.detach()});
  }
}

TEST(KernelReferenceTest, Gelu) {
  for (const KernelCase &one : casesOf("nn.gelu")) {
    at::Tensor x = variable(one.operands[0]), bias = variable(one.operands[1]);
    at::Tensor z = x + bias;
    // The tanh form, written out.
    at::Tensor y = 0.5 * z * (1 + at::tanh(std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z)));
    expectClose(runWhole(one), {y.detach()});
    at::Tensor dy = at::randn_like(y);
    KernelCase gradient = kernelCase("nn.gelu_grad", at::kDouble, 0);
    gradient.operands = {one.operands[0], one.operands[1], dy};
    auto expected = gradients(y, {x, bias}, dy);
    at::Tensor dx = runWhole(gradient)[0];
    expectClose({dx, at::sum(dx, at::IntArrayRef{0, 1})}, expected);
  }
}

TEST(KernelReferenceTest, Sum) {
  for (const KernelCase &one : casesOf("nn.sum"))
    expectClose(runWhole(one), {one.operands[0] + one.operands[1] + one.operands[2]});
}

/// Each is the other's gradient.
TEST(KernelReferenceTest, ScaleAndDot) {
  for (const KernelCase &one : casesOf("nn.scale")) {
    at::Tensor x = variable(one.operands[0]), factor = variable(one.operands[1]);
    at::Tensor y = x * factor;
    expectClose(runWhole(one), {y.detach()});
    at::Tensor dy = at::randn_like(y);
    KernelCase scale = one, dot = kernelCase("nn.dot", at::kDouble, 0);
    scale.operands = {dy, one.operands[1]};
    dot.operands = {dy, one.operands[0]};
    expectClose({runWhole(scale)[0], runWhole(dot)[0]}, gradients(y, {x, factor}, dy));
  }
  for (const KernelCase &one : casesOf("nn.dot")) {
    at::Tensor x = variable(one.operands[0]), y = variable(one.operands[1]);
    at::Tensor sum = (x * y).sum();
    if (one.operands.size() == 3)
      sum = sum + one.operands[2];
    expectClose(runWhole(one), {sum.detach()});
    at::Tensor dsum = at::randn({}, at::kDouble);
    KernelCase scale = kernelCase("nn.scale", at::kDouble, 0);
    scale.operands = {one.operands[1], dsum};
    expectClose(runWhole(scale), gradients(sum, {x}, dsum));
  }
}

TEST(KernelReferenceTest, LayerNorm) {
  for (const KernelCase &one : casesOf("nn.layer_norm_stats")) {
    at::Tensor x = variable(one.operands[0]), g = variable(one.operands[1]);
    at::Tensor shift = variable(one.operands[2]);
    at::Tensor mean = x.mean({2}, true);
    at::Tensor rstd = ((x - mean).square().mean({2}, true) + number(one, "eps")).rsqrt();
    at::Tensor y = (x - mean) * rstd * g + shift;
    std::vector<at::Tensor> results = runWhole(one);
    expectClose(results, {y.detach(), mean.detach().squeeze(2), rstd.detach().squeeze(2)});
    at::Tensor dy = at::randn_like(y);
    KernelCase gradient = kernelCase("nn.layer_norm_grad", at::kDouble, 0);
    gradient.operands = {one.operands[0], results[1], results[2], one.operands[1], dy};
    expectClose(runWhole(gradient), gradients(y, {x, g, shift}, dy));
  }
}

TEST(KernelReferenceTest, Lookup) {
  for (const KernelCase &one : casesOf("nn.lookup")) {
    at::Tensor table = variable(one.operands[1]), positions = variable(one.operands[2]);
    at::Tensor ids = one.operands[0].to(at::kLong).t();
    at::Tensor y = table.index({ids}) + positions.narrow(0, 0, ids.size(0)).unsqueeze(1);
    expectClose(runWhole(one), {y.detach()});
    at::Tensor dy = at::randn_like(y);
    auto expected = gradients(y, {table, positions}, dy);
    KernelCase tableGradient = kernelCase("nn.lookup_grad", at::kDouble, 0);
    tableGradient.operands = {one.operands[0], dy};
    KernelCase positionGradient = kernelCase("nn.position_grad", at::kDouble, 0);
    positionGradient.operands = {dy};
    expectClose({runWhole(tableGradient)[0], runWhole(positionGradient)[0]}, expected);
  }
}

TEST(KernelReferenceTest, IdsOutsideOfTheTableAreRefused) {
  KernelCase one = kernelCase("nn.lookup", at::kDouble, 0);
  one.operands[0][1][2] = 24;
  try {
    runWhole(one);
    FAIL() << "an id that the table has no row for";
  } catch (const std::out_of_range &error) {
    EXPECT_STREQ(error.what(), "test.path: id 24 is not one of the 24 rows of the table; the data "
                               "does not fit the model's vocabulary");
  }
}

TEST(KernelReferenceTest, LabelsOutsideOfTheClassesAreRefused) {
  KernelCase one = kernelCase("nn.class_sums", at::kDouble, 0);
  one.operands[2][1][2] = 17;
  EXPECT_THROW(runWhole(one), std::out_of_range);
  one.operands[2][1][2] = -1;
  EXPECT_THROW(runWhole(one), std::out_of_range);
}

TEST(KernelReferenceTest, SequenceLongerThanThePositionsIsRefused) {
  KernelCase one = kernelCase("nn.lookup", at::kDouble, 0);
  one.extents['p'] = 8;
  one.operands[2] = one.operands[2].narrow(0, 0, 8).contiguous();
  EXPECT_THROW(runWhole(one), std::invalid_argument);
}

/// The four kernels together are LibTorch's cross entropy, with its gradient.
TEST(KernelReferenceTest, CrossEntropy) {
  for (const KernelCase &one : casesOf("nn.class_max")) {
    at::Tensor logits = variable(one.operands[0]);
    KernelCase sumsCase = kernelCase("nn.class_sums", at::kDouble, 3);
    at::Tensor labels = sumsCase.operands[2];
    at::Tensor flat = logits.narrow(2, 0, 17).reshape({-1, 17});
    at::Tensor loss =
        at::cross_entropy_loss(flat, labels.t().reshape(-1).to(at::kLong), {}, at::Reduction::Sum) /
        11.0;
    at::Tensor max = runWhole(one)[0];
    sumsCase.operands = {one.operands[0], max, labels};
    std::vector<at::Tensor> sums = runWhole(sumsCase);
    KernelCase lossCase = kernelCase("nn.token_loss", at::kDouble, 0);
    lossCase.operands = {sums[0], sums[1], labels};
    expectClose(runWhole(lossCase), {loss.detach()});
    KernelCase gradient = kernelCase("nn.cross_entropy_grad", at::kDouble, 0);
    at::Tensor seed = at::full({}, 1.5, at::kDouble);
    gradient.operands = {one.operands[0], max, sums[0], labels, seed};
    expectClose(runWhole(gradient), gradients(loss, {logits}, seed));
  }
}

/// Large logits must not overflow, also in f32.
TEST(KernelReferenceTest, CrossEntropyOfLargeLogits) {
  for (at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    KernelCase max = kernelCase("nn.class_max", type, 1);
    max.operands[0] = max.operands[0] * 1000;
    KernelCase sums = kernelCase("nn.class_sums", type, 1);
    sums.operands[0] = max.operands[0];
    sums.operands[1] = runWhole(max)[0].to(at::kFloat);
    for (const at::Tensor &result : runWhole(sums))
      EXPECT_TRUE(result.isfinite().all().item<bool>());
  }
}

//===----------------------------------------------------------------------===//
// Optimizer, against the formulas
//===----------------------------------------------------------------------===//

TEST(KernelReferenceTest, AdamW) {
  for (const KernelCase &one : casesOf("exec.adamw")) {
    at::Tensor p = one.operands[0].clone(), m = one.operands[2].clone(),
               v = one.operands[3].clone();
    at::Tensor g = one.operands[1] * (one.operands.size() == 5 ? 0.4 : 1.0);
    double b1 = 0.9, b2 = 0.98, lr = 0.01, step = 4;
    p = p * (1 - lr * 0.1);
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    at::Tensor corrected = (v / (1 - std::pow(b2, step))).sqrt() + 1e-6;
    p = p - lr * (m / (1 - std::pow(b1, step))) / corrected;
    expectClose(runWhole(one), {p, m, v});
  }
}

TEST(KernelReferenceTest, Sgd) {
  for (const KernelCase &one : casesOf("exec.sgd")) {
    at::Tensor p = one.operands[0].clone();
    at::Tensor g = one.operands[1] * (one.operands.size() == 3 ? 0.4 : 1.0);
    at::Tensor expected = p - 0.01 * (g + number(one, "weight_decay") * p);
    expectClose(runWhole(one), {expected});
  }
  for (const KernelCase &one : casesOf("exec.sgd_momentum")) {
    at::Tensor p = one.operands[0].clone();
    at::Tensor m = 0.9 * one.operands[2] + 0.4 * one.operands[1] + 0.1 * p;
    expectClose(runWhole(one), {p - 0.01 * m, m});
  }
}

TEST(KernelReferenceTest, Clipping) {
  for (const KernelCase &one : casesOf("exec.square_sum"))
    expectClose(runWhole(one), {one.operands[0].square().sum()});
  for (const KernelCase &one : casesOf("exec.clip_coefficient")) {
    double norm = std::sqrt(one.operands[0].item<double>()), most = number(one, "max_norm");
    double coefficient = most > 0 ? std::min(1.0, most / (norm + 1e-6)) : 1.0;
    expectClose(runWhole(one),
                {at::full({}, norm, at::kDouble), at::full({}, coefficient, at::kDouble)});
  }
  EXPECT_EQ(runWhole(kernelCase("exec.loss_seed", at::kDouble, 0))[0].item<double>(), 1);
  EXPECT_EQ(runWhole(kernelCase("exec.zero", at::kDouble, 0))[0].item<double>(), 0);
}
