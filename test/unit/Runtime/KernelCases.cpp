//===- KernelCases.cpp - Every kernel with random operands ----------------===//

#include "KernelCases.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "aceso/Program/KernelLetters.h"

namespace aceso::test {

namespace {

class Cases {
public:
  Cases(at::ScalarType type, uint64_t seed)
      : type(type), generator(at::detail::createCPUGenerator(seed)) {
    statistics = type == at::kDouble ? ElementType::F64 : ElementType::F32;
    context.seed = 7;
    context.step = 3;
    context.learningRate = 0.01;
    context.countedLabels = 11;
    context.globalBatch = 3 * b;
    context.firstSample = b;
  }

  std::vector<KernelCase> make() {
    contractions();
    attention();
    pointwise();
    dropout();
    normalization();
    embedding();
    crossEntropy();
    optimizer();
    return std::move(cases);
  }

private:
  static constexpr int64_t s = 12, b = 4, h = 8, f = 12, n = 4, d = 3, v = 24, classes = 17, p = 15;

  at::Tensor random(at::IntArrayRef sizes) {
    return at::randn(sizes, generator, at::TensorOptions().dtype(at::kDouble)).to(type);
  }
  at::Tensor randomStatistics(at::IntArrayRef sizes) {
    return random(sizes).to(toScalarType(statistics));
  }
  at::Tensor ids(int64_t most, at::IntArrayRef sizes) {
    return at::randint(0, most, sizes, generator, at::TensorOptions().dtype(at::kInt));
  }
  at::Tensor labels() {
    at::Tensor labels = ids(classes, {b, s});
    at::Tensor ignored =
        at::rand({b, s}, generator, at::TensorOptions().dtype(at::kDouble)).lt(0.2);
    return labels.masked_fill_(ignored, -100);
  }

  KernelCase &add(const std::string &name, const std::string &letters, const std::string &nosplit,
                  std::map<char, int64_t> extents, std::vector<at::Tensor> operands,
                  AttributeMap attributes = {}, std::vector<ElementType> resultTypes = {}) {
    cases.push_back({name, letters, nosplit, std::move(attributes), std::move(extents),
                     std::move(operands), std::move(resultTypes), context});
    return cases.back();
  }

  void contractions() {
    add("nn.linear", "s b k, o k -> s b o", "", {{'s', s}, {'b', b}, {'k', h}, {'o', f}},
        {random({s, b, h}), random({f, h})});
    add("nn.linear", "s b k, o k, +o -> s b o", "", {{'s', s}, {'b', b}, {'k', h}, {'o', f}},
        {random({s, b, h}), random({f, h}), random({f})});
    add("nn.linear", "s b k, (o x) k, +(o x) -> s b (o x)", "",
        {{'s', s}, {'b', b}, {'k', h}, {'o', n}, {'x', 3 * d}},
        {random({s, b, h}), random({n * 3 * d, h}), random({n * 3 * d})}, {{"extents.x", 3 * d}});
    // Gradients of linear layers, of attention, of biases.
    std::map<char, int64_t> linear = {{'s', s}, {'b', b}, {'k', h}, {'o', f}};
    add("nn.einsum", "s b o, o k -> s b k", "", linear, {random({s, b, f}), random({f, h})});
    add("nn.einsum", "s b o, s b k -> o k", "", linear, {random({s, b, f}), random({s, b, h})});
    add("nn.einsum", "s b o -> o", "", linear, {random({s, b, f})});
    // What no product of matrices can do without a copy.
    add("nn.einsum", "b s o, s b k -> o k", "", linear, {random({b, s, f}), random({s, b, h})});
    add("nn.einsum", "s b o, s k -> o k", "", linear, {random({s, b, f}), random({s, h})});
    std::map<char, int64_t> grouped = {{'s', s}, {'b', b}, {'k', h}, {'o', n}, {'x', 3 * d}};
    add("nn.einsum", "s b (o x), (o x) k -> s b k", "", grouped,
        {random({s, b, n * 3 * d}), random({n * 3 * d, h})}, {{"extents.x", 3 * d}});
    add("nn.einsum", "s b (o x), s b k -> (o x) k", "", grouped,
        {random({s, b, n * 3 * d}), random({s, b, h})}, {{"extents.x", 3 * d}});
    add("nn.einsum", "s b (o x) -> (o x)", "", grouped, {random({s, b, n * 3 * d})},
        {{"extents.x", 3 * d}});
    std::map<char, int64_t> heads = {{'s', s}, {'t', s}, {'b', b}, {'n', n}, {'d', d}};
    add("nn.einsum", "b n s t, t b n d -> s b n d", "", heads,
        {random({b, n, s, s}), random({s, b, n, d})}, {{"scale", 0.3}});
    add("nn.einsum", "b n s t, s b n d -> t b n d", "", heads,
        {random({b, n, s, s}), random({s, b, n, d})}, {{"scale", 0.3}});
    add("nn.einsum", "s b (n d), t b n d -> b n s t", "", heads,
        {random({s, b, n * d}), random({s, b, n, d})});
    add("nn.einsum", "b n s t, s b (n d) -> t b n d", "", heads,
        {random({b, n, s, s}), random({s, b, n * d})}, {{"extents.d", d}});
    add("nn.attention_score", "s b n d, t b n d -> b n s t", "", heads,
        {random({s, b, n, d}), random({s, b, n, d})}, {{"scale", 0.3}});
    add("nn.attention_context", "b n s t, t b n d -> s b (n d)", "", heads,
        {random({b, n, s, s}), random({s, b, n, d})});
  }

  void attention() {
    std::map<char, int64_t> square = {{'s', s}, {'t', s}, {'b', b}, {'n', n}};
    at::Tensor scores = random({b, n, s, s});
    add("nn.softmax", "b n s t -> b n s t", "t", square, {scores},
        {{"causal", true}, {"scale", 0.7}});
    add("nn.softmax", "b n s t -> b n s t", "t", square, {scores}, {{"scale", 1.0}});
    add("nn.softmax_grad", "b n s t, b n s t -> b n s t", "t", square,
        {at::softmax(scores.to(at::kDouble), -1).to(type), random({b, n, s, s})}, {{"scale", 0.7}});
    std::map<char, int64_t> heads = {{'s', s}, {'b', b}, {'n', n}, {'q', 3}, {'d', d}};
    add("nn.split_heads", "s b (n q d) -> s b n d, s b n d, s b n d", "", heads,
        {random({s, b, n * 3 * d})});
    add("nn.merge_heads", "s b n d, s b n d, s b n d -> s b (n q d)", "", heads,
        {random({s, b, n, d}), random({s, b, n, d}), random({s, b, n, d})},
        {{"extents.q", int64_t(3)}});
  }

  void pointwise() {
    std::map<char, int64_t> features = {{'s', s}, {'b', b}, {'f', f}};
    add("nn.gelu", "s b f, f -> s b f", "", features, {random({s, b, f}), random({f})});
    add("nn.gelu_grad", "s b f, f, s b f -> s b f", "", features,
        {random({s, b, f}), random({f}), random({s, b, f})});
    at::Tensor factor = randomStatistics({});
    add("nn.scale", "s b f, () -> s b f", "", features, {random({s, b, f}), factor});
    add("nn.dot", "s b f, s b f -> ()", "", features, {random({s, b, f}), random({s, b, f})}, {},
        {statistics});
    add("nn.dot", "s b f, s b f, +() -> ()", "", features,
        {random({s, b, f}), random({s, b, f}), factor}, {}, {statistics});
    std::map<char, int64_t> capital = {{'A', s}, {'B', b}};
    add("nn.sum", "A B, A B, A B -> A B", "", capital,
        {random({s, b}), random({s, b}), random({s, b})});
    add("exec.cast", "A B -> A B", "", capital, {random({s, b})}, {}, {ElementType::F64});
    add("exec.cast", "A B -> A B", "", capital, {random({s, b})}, {}, {ElementType::BF16});
  }

  void dropout() {
    add("nn.dropout", "b n s t -> b n s t", "", {{'s', s}, {'t', s}, {'b', b}, {'n', n}},
        {random({b, n, s, s})}, {{"p", 0.3}});
    std::map<char, int64_t> hidden = {{'s', s}, {'b', b}, {'h', h}};
    add("nn.dropout", "s b h -> s b h", "", hidden, {random({s, b, h})}, {{"p", 0.5}});
    add("nn.dropout", "s b h -> s b h", "", hidden, {random({s, b, h})}, {{"p", 0.0}});
    for (double probability : {0.3, 0.0, 1.0})
      add("nn.bias_dropout_add", "s b h, h, s b h -> s b h", "", hidden,
          {random({s, b, h}), random({h}), random({s, b, h})}, {{"p", probability}});
  }

  void normalization() {
    std::map<char, int64_t> hidden = {{'s', s}, {'b', b}, {'h', h}};
    ElementType result = toElementType(type);
    add("nn.layer_norm_stats", "s b h, h, h -> s b h, s b, s b", "h", hidden,
        {random({s, b, h}), random({h}), random({h})}, {{"eps", 1e-5}},
        {result, statistics, statistics});
    at::Tensor x = random({s, b, h});
    at::Tensor wide = x.to(at::kDouble);
    at::Tensor mean = wide.mean(2);
    at::Tensor rstd = (wide.var(2, /*unbiased=*/false) + 1e-5).rsqrt();
    at::ScalarType statisticsType = toScalarType(statistics);
    add("nn.layer_norm_grad", "s b h, s b, s b, h, s b h -> s b h, h, h", "h", hidden,
        {x, mean.to(statisticsType), rstd.to(statisticsType), random({h}), random({s, b, h})});
  }

  void embedding() {
    add("nn.lookup", "b s, v h, +p h -> s b h", "ps",
        {{'s', s}, {'b', b}, {'h', h}, {'v', v}, {'p', p}},
        {ids(v, {b, s}), random({v, h}), random({p, h})});
    add("nn.lookup_grad", "b s, s b h -> v h", "s", {{'s', s}, {'b', b}, {'h', h}, {'v', v}},
        {ids(v, {b, s}), random({s, b, h})});
    add("nn.position_grad", "s b h -> p h", "ps", {{'s', s}, {'b', b}, {'h', h}, {'p', p}},
        {random({s, b, h})});
  }

  void crossEntropy() {
    std::map<char, int64_t> extents = {{'s', s}, {'b', b}, {'v', v}};
    AttributeMap attributes = {{"num_classes", classes}};
    at::Tensor logits = random({s, b, v}), chosen = labels();
    at::Tensor wide = logits.to(at::kDouble).narrow(2, 0, classes);
    at::ScalarType statisticsType = toScalarType(statistics);
    at::Tensor max = wide.amax({2});
    at::Tensor sum = (wide - max.unsqueeze(2)).exp().sum({2});
    at::Tensor narrowMax = max.to(statisticsType), narrowSum = sum.to(statisticsType);
    add("nn.class_max", "s b v -> max:s b", "", extents, {logits}, attributes, {statistics});
    add("nn.class_sums", "s b v, s b, b s -> s b, s b", "", extents, {logits, narrowMax, chosen},
        attributes, {statistics, statistics});
    add("nn.token_loss", "s b, s b, b s -> ()", "", extents,
        {narrowSum, randomStatistics({s, b}), chosen}, {}, {statistics});
    add("nn.cross_entropy_grad", "s b v, s b, s b, b s, () -> s b v", "", extents,
        {logits, narrowMax, narrowSum, chosen, randomStatistics({})}, attributes);
  }

  void optimizer() {
    std::map<char, int64_t> extents = {{'A', s}, {'B', h}};
    at::Tensor coefficient = at::full({}, 0.4, at::TensorOptions().dtype(toScalarType(statistics)));
    auto tensor = [&] { return random({s, h}); };
    AttributeMap adamw = {
        {"beta1", 0.9}, {"beta2", 0.98}, {"epsilon", 1e-6}, {"weight_decay", 0.1}};
    ElementType own = toElementType(type);
    if (type == at::kFloat || type == at::kDouble) {
      add("exec.adamw", "A B, A B, A B, A B, () -> A B, A B, A B", "", extents,
          {tensor(), tensor(), tensor(), tensor().square(), coefficient}, adamw, {own, own, own});
      add("exec.adamw", "A B, A B, A B, A B -> A B, A B, A B", "", extents,
          {tensor(), tensor(), tensor(), tensor().square()}, adamw, {own, own, own});
    }
    add("exec.sgd", "A B, A B, () -> A B", "", extents, {tensor(), tensor(), coefficient},
        {{"weight_decay", 0.1}});
    add("exec.sgd", "A B, A B -> A B", "", extents, {tensor(), tensor()}, {{"weight_decay", 0.0}});
    add("exec.sgd_momentum", "A B, A B, A B, () -> A B, A B", "", extents,
        {tensor(), tensor(), tensor(), coefficient}, {{"momentum", 0.9}, {"weight_decay", 0.1}});
    add("exec.square_sum", "A B -> ()", "", extents, {tensor()}, {}, {statistics});
    add("exec.clip_coefficient", "() -> (), ()", "", {}, {randomStatistics({}).square()},
        {{"max_norm", 0.25}}, {statistics, statistics});
    add("exec.clip_coefficient", "() -> (), ()", "", {}, {randomStatistics({}).square()},
        {{"max_norm", 0.0}}, {statistics, statistics});
    add("exec.loss_seed", "-> ()", "", {}, {}, {}, {statistics});
    add("exec.zero", "-> ()", "", {}, {}, {}, {statistics});
  }

  at::ScalarType type;
  ElementType statistics;
  at::Generator generator;
  StepContext context;
  std::vector<KernelCase> cases;
};

} // namespace

std::vector<KernelCase> kernelCases(at::ScalarType type, uint64_t seed) {
  return Cases(type, seed).make();
}

KernelCase kernelCase(const std::string &name, at::ScalarType type, uint64_t seed) {
  for (KernelCase &one : kernelCases(type, seed))
    if (one.name == name)
      return one;
  throw std::invalid_argument("no case for " + name);
}

std::pair<Mesh, Assignment> randomSplit(const KernelCase &one, std::mt19937 &random) {
  std::string error;
  Signature signature = *parseLetters(one.letters, one.nosplit, error);
  std::vector<int64_t> radices;
  for (unsigned i = 0, count = 1 + random() % 3; i < count; ++i)
    radices.push_back(random() % 3 == 0 ? 3 : 2);
  Mesh mesh(radices);
  std::string majors, minors;
  for (const auto *tensors : {&signature.operands, &signature.results})
    for (const TensorLetters &tensor : *tensors)
      for (const std::string &dim : tensor.dims) {
        majors += dim[0];
        minors += dim.substr(1);
      }
  Assignment assignment;
  for (unsigned digit = 0; digit < mesh.numDigits() && !majors.empty(); ++digit) {
    char letter = majors[random() % majors.size()];
    bool maySplit =
        one.nosplit.find(letter) == std::string::npos && minors.find(letter) == std::string::npos &&
        one.extents.at(letter) % (mesh.product(assignment[letter]) * radices[digit]) == 0;
    if (maySplit)
      assignment[letter].insert(
          assignment[letter].begin() + random() % (assignment[letter].size() + 1), digit);
  }
  return {mesh, assignment};
}

} // namespace aceso::test
