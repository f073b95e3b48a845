//===- ParameterMemoryTest.cpp - What parameters take, priced and lowered -===//
//
// What formula `full` counts for weights, main copies, gradients and moments, against the slots of
// the programs that the same plans lower to.
//
//===----------------------------------------------------------------------===//

#include "RandomPlan.h"
#include "TableText.h"
#include "TestFolder.h"

#include "aceso/Analysis/PlanFacts.h"
#include "aceso/Cost/FullFormula.h"
#include "aceso/Registration.h"
#include "aceso/Target/ProgramExport.h"
#include "aceso/Transforms/Pipelines.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <set>

using namespace mlir;
using namespace aceso;
using namespace aceso::test;

namespace {

/// Bytes of one rank.
struct Bytes {
  int64_t weights = 0, mainCopies = 0, gradients = 0, moments = 0;
  bool operator==(const Bytes &) const = default;
};

std::ostream &operator<<(std::ostream &os, const Bytes &bytes) {
  return os << "weights " << bytes.weights << ", main copies " << bytes.mainCopies << ", gradients "
            << bytes.gradients << ", moments " << bytes.moments;
}

/// Of the slots of a stage. Tensors of slots that hold the same part of one parameter in the same
/// type are one: the home copy of a wide type is also the weight.
Bytes bytesOf(const Program &program, const StageProgram &stage) {
  Bytes bytes;
  Mesh mesh(stage.mesh);
  std::set<std::tuple<Index, std::vector<DigitList>>> weights;
  for (const Slot &slot : stage.slots) {
    const TensorDesc &tensor = slot.tensor;
    int64_t size =
        boxOf(mesh, tensor.layout, tensor.shape, 0).numElements() * elementBytes(tensor.type);
    switch (slot.role) {
    case SlotRole::Parameter:
      if (tensor.type != program.parameters[slot.parameter].type)
        bytes.mainCopies += size;
      break;
    case SlotRole::Weight:
      if (weights.insert({slot.parameter, tensor.layout.dims}).second)
        bytes.weights += size;
      break;
    case SlotRole::Gradient:
      bytes.gradients += size;
      break;
    case SlotRole::Moment1:
    case SlotRole::Moment2:
      bytes.moments += size;
      break;
    default:
      break;
    }
  }
  return bytes;
}

class ParameterMemoryTest : public testing::TestWithParam<const char *> {
protected:
  ParameterMemoryTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
  }

  /// A row for whatever a plan may ask; what it says does not matter here.
  void writeTables(const ModelFacts &facts) {
    std::set<std::string> keys;
    for (const OpFacts &op : facts.ops)
      keys.insert(op.profileKey);
    std::string text = opHeader;
    for (const std::string &key : keys)
      text += "\n" + key + ",130,250,1,1,9,2,0.5,0.25";
    for (const char *samples : {"1", "2", "4", "8"})
      for (const char *tp : {"1", "2", "3", "4"})
        for (const char *rule : {"0", "1", "2"})
          tables.write(facts.tablePrefix + "_mbs" + samples + "_tp" + tp + "_algo" + rule + ".csv",
                       text + "\n");
    for (const char *link : {"p2p_intra_node.csv", "p2p_inter_node.csv"})
      tables.write(link, "0.0009765625,1024\n1,1\n");
    for (const char *kind : {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"})
      tables.write("prim_" + facts.tablePrefix + "_" + kind + "_2gpus.csv",
                   "data_size(MB),time(ms)\n0,1\n1024,1\n");
  }

  std::vector<Bytes> priced(par::PlanOp plan) {
    ModelFacts facts = collectModelFacts(plan);
    writeTables(facts);
    Result<CostTables> read = CostTables::load(tables.path, facts.tablePrefix);
    EXPECT_TRUE(read) << read.error();
    Result<FullFormula> full = FullFormula::create(
        facts, std::make_shared<CostTables>(std::move(*read)), toClusterDesc(plan.getCluster()));
    EXPECT_TRUE(full) << full.error();
    CompactPlan compact = toCompactPlan(plan);
    Result<std::vector<FullStageLinks>> links = full->links(compact);
    EXPECT_TRUE(links) << links.error();
    std::vector<Bytes> stages;
    uint32_t first = 0;
    for (size_t i = 0; i < compact.stages.size(); ++i) {
      const StagePlan &stage = compact.stages[i];
      Result<FullStageSums> sums =
          full->sumOps(first, stage.numOps, &compact.ops[first], compact.microBatch, stage.devices);
      EXPECT_TRUE(sums) << sums.error();
      const FullStageLinks &shared = (*links)[i];
      stages.push_back({sums->weightBytes + shared.weightBytes, sums->mainBytes + shared.mainBytes,
                        sums->gradientBytes + shared.gradientBytes,
                        sums->optimizerBytes + shared.optimizerBytes});
      first += stage.numOps;
    }
    return stages;
  }

  MLIRContext context;
  TestFolder tables;
};

TEST_P(ParameterMemoryTest, FormulaCountsWhatProgramsHold) {
  unsigned numPlans = 0;
  for (unsigned seed = 0; numPlans < 25; ++seed) {
    OwningOpRef<ModuleOp> module = loadTinyModel(&context, {{}, GetParam()});
    std::mt19937 generator(seed);
    PlanTraits traits;
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    par::PlanOp plan = makeRandomPlan(*module, generator, {}, traits);
    if (!plan || failed(verify(*module)))
      continue;
    std::vector<Bytes> expected = priced(plan);
    PassManager manager(&context);
    buildLowerToExec(manager, LowerToExecOptions());
    ASSERT_TRUE(succeeded(manager.run(*module)));
    FailureOr<Program> program = exportProgram(*module->getOps<exec::ProgramOp>().begin());
    ASSERT_TRUE(succeeded(program));
    ASSERT_EQ(program->stages.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_EQ(bytesOf(*program, program->stages[i]), expected[i])
          << "plan of seed " << seed << ", stage " << i;
    ++numPlans;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, ParameterMemoryTest, testing::Values("f16", "bf16", "f32", "f64"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
