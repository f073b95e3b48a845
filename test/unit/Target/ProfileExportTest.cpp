//===- ProfileExportTest.cpp - Programs that measure a model's ops --------===//

#include "IR.h"

#include "aceso/Cost/CostTables.h"
#include "aceso/Cost/Units.h"
#include "aceso/Target/ModelImport.h"
#include "aceso/Target/ProfileExport.h"

#include "mlir/Parser/Parser.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

using namespace mlir;
using namespace aceso;
using namespace aceso::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class ProfileExportTest : public testing::Test {
protected:
  ProfileSet exportSet(const std::string &file, const ProfileSetOptions &options,
                       const ModelOverrides &overrides = {}) {
    OwningOpRef<ModuleOp> module =
        importModelFile(std::string(ACESO_SOURCE_DIR) + file, overrides, context.get());
    FailureOr<ProfileSet> set = exportProfileSet(modelOf(*module), options);
    EXPECT_TRUE(succeeded(set)) << context.takeDiagnostics();
    return succeeded(set) ? std::move(*set) : ProfileSet();
  }

  ProfileSet quickstart(std::vector<int64_t> samples, const ModelOverrides &overrides = {}) {
    return exportSet("/models/gpt-quickstart.json", {4, std::move(samples), defaultTps(4), {0, 1}},
                     overrides);
  }

  TestContext context;
};

const Program &programOf(const ProfileSet &set, const ProfileKey &key) {
  for (size_t i = 0; i < set.entries.size(); ++i)
    if (set.entries[i].key == key)
      return set.measuredBy(i).program;
  ADD_FAILURE() << "no entry " << describeProfileKey(key);
  return set.entries.front().program;
}

/// The conversions of all segments of a kind, in order.
std::vector<StepKind> conversions(const Program &program, SegmentKind kind) {
  std::vector<StepKind> steps;
  for (const Segment &segment : program.stages.at(0).segments)
    if (segment.kind == kind)
      for (const Instruction &instruction : segment.instructions)
        if (instruction.kind == InstructionKind::Convert)
          steps.push_back(instruction.step.kind);
  return steps;
}

std::vector<StepKind> forward(const Program &program) {
  return conversions(program, SegmentKind::Forward);
}
std::vector<StepKind> backward(const Program &program) {
  return conversions(program, SegmentKind::Backward);
}

} // namespace

TEST_F(ProfileExportTest, EveryProgramOfTheQuickstartCanRun) {
  ProfileSet set = quickstart({1, 2, 4, 8});
  EXPECT_EQ(verifyProfileSet(set), "");
  EXPECT_EQ(set.tablePrefix, "gpt_quickstart");
  EXPECT_EQ(set.type, ElementType::F32);
  EXPECT_TRUE(set.skipped.empty());
  // 16 ops, 3 degrees, 2 rules, 4 numbers of samples.
  EXPECT_EQ(set.entries.size(), 16u * 3 * 2 * 4);
  for (size_t i = 0; i < set.entries.size(); ++i)
    EXPECT_EQ(set.measuredBy(i).program.numMicroBatches(), 4);
}

TEST_F(ProfileExportTest, EveryProgramOfEveryTypeCanRun) {
  for (auto [name, type] :
       {std::pair("f16", ElementType::F16), std::pair("bf16", ElementType::BF16),
        std::pair("f64", ElementType::F64)}) {
    ProfileSet set = quickstart({2}, {{}, name});
    EXPECT_EQ(verifyProfileSet(set), "");
    EXPECT_EQ(set.type, type);
    EXPECT_EQ(set.entries.size(), 16u * 3 * 2);
  }
}

TEST_F(ProfileExportTest, RowsComeInOrder) {
  ProfileSet set = quickstart({1, 2});
  std::vector<std::tuple<int64_t, int64_t, uint32_t>> configurations;
  std::vector<std::string> ops, first;
  for (const ProfileEntry &entry : set.entries) {
    std::tuple configuration(entry.key.samples, entry.key.tp, entry.key.rule);
    if (configurations.empty() || configurations.back() != configuration) {
      configurations.push_back(configuration);
      if (first.empty())
        first = ops;
      EXPECT_EQ(ops, first);
      ops.clear();
    }
    ops.push_back(entry.key.op);
  }
  EXPECT_TRUE(std::is_sorted(configurations.begin(), configurations.end()));
  EXPECT_EQ(configurations.size(), 12u);
  ASSERT_EQ(ops.size(), 16u);
  EXPECT_EQ(ops.front(), "encoder-embedding");
  EXPECT_EQ(ops.back(), "gpt-post-process");
  EXPECT_EQ(set.entries[1].path, "layers.0.ln_1");
}

TEST_F(ProfileExportTest, OneDeviceAReplicaMovesNothing) {
  ProfileSet set = quickstart({2});
  for (const ProfileEntry &entry : set.entries)
    if (entry.key.tp == 1) {
      const Program &program = programOf(set, entry.key);
      EXPECT_THAT(forward(program), IsEmpty()) << describeProfileKey(entry.key);
      EXPECT_THAT(backward(program), IsEmpty()) << describeProfileKey(entry.key);
    }
}

TEST_F(ProfileExportTest, ConversionsAreThoseOfTheOp) {
  ProfileSet set = quickstart({2});
  struct Case {
    const char *op;
    uint32_t rule;
    std::vector<StepKind> forward, backward;
  };
  const StepKind reduce = StepKind::AllReduce;
  for (const Case &one : std::vector<Case>{
           {"enc-MLP-GEMM-1", 0, {}, {reduce}}, // column-parallel
           {"enc-MLP-GEMM-1", 1, {reduce}, {}}, // row-parallel
           {"enc-MLP-GEMM-2", 0, {reduce}, {}},
           {"enc-MLP-GEMM-2", 1, {}, {reduce}},
           {"enc-attention-qkv", 0, {}, {reduce}},
           {"enc-attention-qkv", 1, {reduce}, {}},
           {"enc-attention-dense", 0, {reduce}, {}},
           {"encoder-embedding", 0, {reduce}, {}},
           {"encoder-embedding", 1, {StepKind::ReduceScatter}, {StepKind::AllGather}},
           {"enc-1st-layernorm", 0, {}, {}},
           {"enc-1st-layernorm", 1, {}, {}},
           {"enc-attention-score", 0, {}, {}},
           {"enc-attention-softmax", 1, {}, {}},
           {"enc-MLP-gelu", 0, {}, {}},
           {"enc-post-MLP-dropout", 1, {}, {}},
           // Largest logit, sum of exponentials and logit of the label; gradient of the features.
           {"gpt-post-process", 0, {reduce, reduce, reduce}, {reduce}},
       })
    for (int64_t tp : {2, 4}) {
      ProfileKey key{one.op, 2, tp, one.rule};
      const Program &program = programOf(set, key);
      EXPECT_EQ(forward(program), one.forward) << describeProfileKey(key);
      EXPECT_EQ(backward(program), one.backward) << describeProfileKey(key);
    }
}

/// All the work of the op's backward is there under its path: a gradient for each operand and each
/// parameter, and what adds the latter to those of other micro-batches.
TEST_F(ProfileExportTest, EveryGradientIsWanted) {
  ProfileSet set = quickstart({2}, {{}, "bf16"});
  const Program &program = programOf(set, {"enc-MLP-GEMM-1", 2, 4, 0});
  std::vector<std::string> kernels;
  size_t accumulations = 0, others = 0;
  for (const Segment &segment : program.stages[0].segments) {
    if (segment.kind != SegmentKind::Backward)
      continue;
    for (const Instruction &instruction : segment.instructions) {
      bool isOwn = instruction.path == "layers.0.mlp.fc1";
      if (instruction.kind == InstructionKind::Kernel && isOwn)
        kernels.push_back(instruction.name + " " + instruction.letters);
      if (instruction.kind == InstructionKind::Accumulate)
        ++(isOwn ? accumulations : others);
    }
  }
  EXPECT_THAT(kernels, ElementsAre("nn.einsum s b o, o k -> s b k", "nn.einsum s b o, s b k -> o k",
                                   "exec.cast A B -> A B"));
  EXPECT_EQ(accumulations, 1u);
  EXPECT_EQ(others, 1u); // the source's
}

/// With tp 1 all rules are one; the three layer norms are one op, and so are the two residual sums.
TEST_F(ProfileExportTest, EqualProgramsAreMeasuredOnce) {
  ProfileSet set = quickstart({2});
  const std::map<std::string, std::string> equalOps = {
      {"enc-2nd-layernorm", "enc-1st-layernorm"},
      {"final-layernorm", "enc-1st-layernorm"},
      {"enc-post-MLP-dropout", "enc-post-attention-dropout"}};
  size_t numPrograms = 0;
  for (size_t i = 0; i < set.entries.size(); ++i) {
    const ProfileKey &key = set.entries[i].key;
    ProfileKey expected = key;
    if (auto equal = equalOps.find(key.op); equal != equalOps.end())
      expected.op = equal->second;
    if (key.tp == 1)
      expected.rule = 0;
    EXPECT_EQ(describeProfileKey(set.measuredBy(i).key), describeProfileKey(expected));
    numPrograms += !set.entries[i].sameAs;
  }
  EXPECT_EQ(numPrograms, 13u * (1 + 2 * 2));
}

TEST_F(ProfileExportTest, InputsKeepToTheVocabulary) {
  ProfileSet set = quickstart({2}, {{"vocab_size=200"}, ""});
  const ProfileEntry &embedding = set.entries.front(), &head = set.entries[15];
  // The table is padded to 256 rows; classes are not.
  EXPECT_THAT(embedding.inputBounds, ElementsAre(256, 0));
  ASSERT_EQ(embedding.program.inputs.size(), 2u);
  EXPECT_EQ(embedding.program.inputs[0].name, "ids");
  EXPECT_EQ(embedding.program.inputs[1].name, "gradient0");
  EXPECT_THAT(head.inputBounds, ElementsAre(0, 200));
  EXPECT_EQ(head.program.inputs[1].name, "labels");
}

/// A unit says how many; a primitive, which no model that is verified holds, does not.
TEST_F(ProfileExportTest, IndicesThatNobodyCountsAreSkipped) {
  ParserConfig unverified(context.get(), /*verifyAfterParse=*/false);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
    nn.model @lookups(%ids: tensor<?x4xi32>) -> tensor<f32> attributes {profile = "lookups"} {
      %w = nn.parameter "w" <ones> : tensor<8x8xf32>
      %p = nn.parameter "p" <ones> : tensor<4x8xf32>
      %rows = nn.lookup "lookup" (%ids, %w, %p) {rules = "v", profile = "indices"}
        : (tensor<?x4xi32>, tensor<8x8xf32>, tensor<4x8xf32>) -> tensor<4x?x8xf32>
      %loss = nn.dot "loss" (%rows, %rows) {letters = "s b h", rules = "h", profile = "loss"}
        : (tensor<4x?x8xf32>, tensor<4x?x8xf32>) -> tensor<f32>
      nn.return %loss : tensor<f32>
    })",
                                                             unverified);
  ASSERT_TRUE(module);
  FailureOr<ProfileSet> set = exportProfileSet(modelOf(*module), {1, {1}, {1}, {0}});
  ASSERT_TRUE(succeeded(set)) << context.takeDiagnostics();
  ASSERT_EQ(set->skipped.size(), 1u);
  EXPECT_EQ(set->skipped[0].reason,
            "op 'lookup' does not say how many indices there are for its operand 0, so none can be "
            "made up");
  EXPECT_EQ(set->entries.size(), 1u);
}

/// 128 tokens, 256 features, 4 heads of 64, 256 rows in the table, f32; two devices.
TEST_F(ProfileExportTest, SizesCountWhatIsInFlight) {
  ProfileSet set = quickstart({1});
  auto expect = [&](const char *op, int64_t input, int64_t output, int64_t weights) {
    for (const ProfileEntry &entry : set.entries)
      if (entry.key == ProfileKey{op, 1, 2, 0}) {
        EXPECT_EQ(entry.inputBytes, 4 * input) << op;
        EXPECT_EQ(entry.outputBytes, 4 * output) << op;
        EXPECT_EQ(entry.weightBytes, 4 * weights) << op;
        return;
      }
    ADD_FAILURE() << op;
  };
  constexpr int64_t tokens = 128, hidden = tokens * 256, half = hidden / 2;
  constexpr int64_t scores = 4 / 2 * tokens * tokens;
  expect("encoder-embedding", tokens, hidden, 256 * 256 / 2 + 128 * 256);
  expect("enc-1st-layernorm", hidden, hidden + hidden, 2 * 256); // and the residual
  expect("enc-attention-qkv", 2 * hidden, 3 * half + hidden, 3 * 256 * 256 / 2 + 3 * 256 / 2);
  expect("enc-attention-score", 3 * half + hidden, scores + half + hidden, 0); // and the values
  expect("enc-attention-softmax", scores + half + hidden, scores + half + hidden, 0);
  expect("enc-attention-context", scores + half + hidden, half + hidden, 0);
  expect("enc-attention-dense", half + hidden, hidden + hidden, 256 * 256 / 2);
  expect("enc-post-attention-dropout", 2 * hidden, hidden, 256);
  expect("gpt-post-process", hidden + tokens, 1, 256 * 256 / 2);
}

/// The published columns, from which ours differ in three things that are stated here.
TEST_F(ProfileExportTest, SizesAreThePublishedOnes) {
  const char *folder = std::getenv("ACESO_SHARED_DIR");
  std::filesystem::path shared = folder ? folder : ACESO_SOURCE_DIR "/../shared";
  if (!std::filesystem::exists(shared / "data/aceso-v100/small"))
    GTEST_SKIP() << "no published tables at " << shared << "; set ACESO_SHARED_DIR";
  Result<CostTables> tables =
      CostTables::load((shared / "data/aceso-v100/small").string(), "gpt_1_3B");
  ASSERT_TRUE(tables) << tables.error();
  ProfileSet set = exportSet("/models/gpt-1.3b.json", {4, {1, 2}, defaultTps(4), {0}});
  ASSERT_EQ(set.entries.size(), 16u * 3 * 2);

  constexpr int64_t item = 2, hidden = 2048, features = 8192, sequence = 2048;
  for (const ProfileEntry &entry : set.entries) {
    int64_t tp = entry.key.tp;
    // Our weights count vectors too: biases and what belongs to norms.
    std::map<std::string, int64_t> vectors = {
        {"enc-1st-layernorm", 2 * hidden},      {"enc-2nd-layernorm", 2 * hidden},
        {"final-layernorm", 2 * hidden},        {"enc-attention-qkv", 3 * hidden / tp},
        {"enc-post-attention-dropout", hidden}, {"enc-MLP-gelu", features / tp},
        {"enc-post-MLP-dropout", hidden}};
    // Theirs carry the bias of a linear layer to the next op, where ours read it.
    std::map<std::string, int64_t> biasIn = {{"enc-post-attention-dropout", hidden},
                                             {"enc-MLP-gelu", features / tp},
                                             {"enc-post-MLP-dropout", hidden}};
    std::map<std::string, int64_t> biasOut = {{"enc-attention-dense", hidden},
                                              {"enc-MLP-GEMM-1", features / tp},
                                              {"enc-MLP-GEMM-2", hidden}};
    // Theirs have no labels.
    int64_t labels = entry.key.op == "gpt-post-process" ? 4 * sequence * entry.key.samples : 0;

    std::optional<OpTable::KeyId> id = tables->getOps().findKey(entry.key.op);
    ASSERT_TRUE(id) << entry.key.op;
    const OpRow *row = tables->getOps().find(*id, entry.key.samples, tp, 0);
    ASSERT_TRUE(row) << describeProfileKey(entry.key);
    auto expectMiB = [&](const char *column, int64_t bytes, int64_t units) {
      // Three decimals.
      EXPECT_NEAR(double(bytes) / (1 << 20), double(units) / unitsPerMiB, 0.00101)
          << describeProfileKey(entry.key) << ", " << column;
    };
    expectMiB("input_size", entry.inputBytes + item * biasIn[entry.key.op] - labels,
              row->inputUnits);
    expectMiB("output_size", entry.outputBytes + item * biasOut[entry.key.op], row->outputUnits);
    expectMiB("weights", entry.weightBytes - item * vectors[entry.key.op], row->weightUnits);
  }
}
