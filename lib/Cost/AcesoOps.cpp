//===- AcesoOps.cpp - What the `aceso` formula knows of op names -*- C++ -*-===//

#include "aceso/Cost/AcesoOps.h"

using namespace aceso;

namespace {

constexpr SpecFactor one = SpecFactor::One, tp = SpecFactor::Tp, dp = SpecFactor::Dp;

constexpr SpecPattern spec(SpecFactor replicas, SpecFactor d0, SpecFactor d1, SpecFactor d2) {
  return {true, replicas, {d0, d1, d2}};
}

constexpr SpecPattern none = {};
/// [s, b, .]: replicated over tp; its last dimension over tp.
constexpr SpecPattern whole = spec(tp, one, dp, one), split = spec(one, one, dp, tp);
/// [b, n, s, s] with its heads over tp; [b, ...] replicated over tp.
constexpr SpecPattern heads = spec(one, dp, tp, one), batchFirst = spec(tp, dp, one, one);

/// Layouts of one group of op names. '*' in a pattern stands for any text; the first match counts.
struct LayoutRow {
  std::string_view pattern;
  bool tunable;
  SpecPattern input[AcesoOpTraits::numRules], output[AcesoOpTraits::numRules];
};

constexpr LayoutRow layoutRows[] = {
    // GPT and T5.
    {"encoder-embedding", true, {none, none}, {whole, whole}},
    {"decoder-embedding", false, {none, none}, {none, none}},
    {"*final-layernorm", false, {whole, whole}, {batchFirst, batchFirst}},
    {"*layernorm", false, {whole, whole}, {whole, whole}},
    {"*-attention-qkv*", true, {whole, split}, {split, whole}},
    {"*-attention-score*", false, {split, split}, {heads, heads}},
    {"*-attention-softmax*", false, {heads, heads}, {heads, heads}},
    {"*-post-attention-dropout*", false, {whole, whole}, {whole, whole}},
    {"*-attention-dropout*", false, {heads, heads}, {heads, heads}},
    {"*-attention-context*", false, {heads, heads}, {split, split}},
    {"*-attention-dense*", true, {split, whole}, {whole, split}},
    {"*-MLP-GEMM-1", true, {whole, split}, {split, whole}},
    {"*-MLP-gelu", false, {split, split}, {split, split}},
    {"*-MLP-GEMM-2", true, {split, whole}, {whole, split}},
    {"*-post-MLP-dropout", false, {whole, whole}, {whole, whole}},
    {"*-post-process", false, {batchFirst, batchFirst}, {none, none}},
    // Wide-ResNet: [b, c, x, y], whatever the rule.
    {"*conv*", true, {batchFirst, batchFirst}, {batchFirst, batchFirst}},
    {"*downsample*", true, {batchFirst, batchFirst}, {batchFirst, batchFirst}},
    {"*bn*", false, {batchFirst, batchFirst}, {batchFirst, batchFirst}},
    {"*relu*", false, {batchFirst, batchFirst}, {batchFirst, batchFirst}},
    {"*pool", false, {batchFirst, batchFirst}, {batchFirst, batchFirst}},
    {"fc", false, {batchFirst, batchFirst}, {batchFirst, batchFirst}},
};

/// The shared-space rule: half activations that count as held.
struct HeldRow {
  std::string_view pattern;
  uint8_t halves;
};

constexpr HeldRow heldRows[] = {
    {"enc-attention-dropout", 3}, {"enc-attention-softmax", 0}, {"bn1", 0}, {"*-bn3*", 0},
    {"*0-0*-downsample*", 2},     {"*-downsample*", 0},
};

constexpr std::string_view segmentStarts[] = {"enc-1st-layernorm", "*-conv1*"};

constexpr std::string_view neverChosenOps[] = {
    "enc-1st-layernorm", "*-conv1*",          "*-relu*",         "encoder-embedding",
    "gpt-post-process",  "decoder-embedding", "t5-post-process", "conv1",
};

constexpr std::string_view twoRuleOps[] = {
    "*-attention-qkv*", "*-attention-dense*", "*-MLP-GEMM-*", "*conv*", "*downsample*",
};

constexpr AcesoFamily families[] = {
    {"gpt", "gpt-post-process", true},
    {"t5", "t5-post-process", false},
    {"resnet", "fc", true},
};

} // namespace

static bool matches(std::string_view pattern, std::string_view text) {
  size_t star = pattern.find('*');
  if (star == std::string_view::npos)
    return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star))
    return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  if (pattern.empty())
    return true;
  for (; !text.empty(); text.remove_prefix(1))
    if (matches(pattern, text))
      return true;
  return false;
}

template <size_t n>
static bool matchesAny(const std::string_view (&patterns)[n], std::string_view text) {
  for (std::string_view pattern : patterns)
    if (matches(pattern, text))
      return true;
  return false;
}

static int64_t value(SpecFactor factor, int64_t tp, int64_t dp) {
  switch (factor) {
  case SpecFactor::One:
    return 1;
  case SpecFactor::Tp:
    return tp;
  case SpecFactor::Dp:
    return dp;
  }
  return 1;
}

TensorSpec aceso::instantiate(const SpecPattern &pattern, int64_t tp, int64_t dp) {
  TensorSpec spec;
  spec.given = pattern.given;
  if (!pattern.given)
    return spec;
  spec.replicas = value(pattern.replicas, tp, dp);
  for (unsigned i = 0; i < spec.slices.size(); ++i)
    spec.slices[i] = value(pattern.slices[i], tp, dp);
  return spec;
}

std::optional<AcesoOpTraits> aceso::acesoOpTraits(std::string_view opKey) {
  for (const LayoutRow &row : layoutRows) {
    if (!matches(row.pattern, opKey))
      continue;
    AcesoOpTraits traits;
    traits.tunable = row.tunable;
    for (unsigned rule = 0; rule < AcesoOpTraits::numRules; ++rule) {
      traits.input[rule] = row.input[rule];
      traits.output[rule] = row.output[rule];
    }
    for (const HeldRow &held : heldRows)
      if (matches(held.pattern, opKey)) {
        traits.heldHalves = held.halves;
        break;
      }
    traits.startsSegment = matchesAny(segmentStarts, opKey);
    traits.neverChosen = matchesAny(neverChosenOps, opKey);
    traits.hasSecondRule = matchesAny(twoRuleOps, opKey);
    return traits;
  }
  return std::nullopt;
}

const AcesoFamily *aceso::acesoFamilyOfMarker(std::string_view opKey) {
  for (const AcesoFamily &family : families)
    if (family.markerOp == opKey)
      return &family;
  return nullptr;
}

std::string aceso::acesoFamilyNames() {
  std::string names;
  for (const AcesoFamily &family : families)
    names += (names.empty() ? "" : ", ") + std::string(family.name) + " (" +
             std::string(family.markerOp) + ")";
  return names;
}

std::optional<AcesoConversion> aceso::acesoConversion(const TensorSpec &have,
                                                      const TensorSpec &need) {
  AcesoConversion conversion;
  if (!have.given || !need.given || have == need)
    return conversion;
  auto firstGrowing = [&](unsigned except) -> std::optional<unsigned> {
    for (unsigned k = 0; k < have.slices.size(); ++k)
      if (k != except && have.slices[k] < need.slices[k])
        return k;
    return std::nullopt;
  };
  constexpr unsigned noDim = ~0u;

  // Replicas become slices: local, but its backward gathers.
  if (have.replicas > need.replicas && firstGrowing(noDim)) {
    conversion.backward = CollectiveKind::AllGather;
    conversion.groupSize = have.replicas / need.replicas;
    return conversion;
  }
  for (unsigned j = 0; j < have.slices.size(); ++j) {
    if (have.slices[j] <= need.slices[j])
      continue;
    conversion.groupSize = have.slices[j] / need.slices[j];
    if (have.replicas < need.replicas) {
      conversion.forward = CollectiveKind::AllGather;
      return conversion;
    }
    if (!firstGrowing(j))
      return std::nullopt;
    conversion.forward = conversion.backward = CollectiveKind::AllToAll;
    return conversion;
  }
  return std::nullopt;
}
