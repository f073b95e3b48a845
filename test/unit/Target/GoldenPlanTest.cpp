//===- GoldenPlanTest.cpp - Published plans through the whole chain -*- C++ -*-===//
//
// Model file and plan file in, cost report out: every golden plan of GPT and of the layer-scaling
// model costs what the published cost model says, chooses what it recomputes, and comes back as the
// same file; so do the start plans. Skipped where the data is absent; our own small set never is.
//
//===----------------------------------------------------------------------===//

#include "GoldenSetting.h"
#include "IR.h"

#include "aceso/Analysis/PlanCostAnalysis.h"
#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Cost/PlanCheck.h"
#include "aceso/Target/AcesoConfig.h"
#include "aceso/Target/ModelImport.h"
#include "aceso/Transforms/Passes.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace aceso;
using namespace aceso::test;
using nlohmann::json;

namespace {

struct Setting {
  const char *name;
  /// Below models/, or below test/Inputs/ for our own set.
  const char *model;
  std::vector<std::string> settings;
  int minCompared;
  bool published = true;
};

void PrintTo(const Setting &setting, std::ostream *stream) { *stream << setting.name; }

class GoldenPlanTest : public testing::TestWithParam<Setting> {
protected:
  void SetUp() override {
    std::string root = ACESO_SOURCE_DIR, golden, model;
    if (GetParam().published) {
      std::optional<std::string> data = sharedDataFolder();
      if (!data)
        GTEST_SKIP()
            << "no published data: set ACESO_SHARED_DIR, or put `shared` beside the checkout";
      tables = *data;
      golden = *data + "/golden/";
      model = root + "/models/";
    } else {
      tables = root + "/test/unit/Cost/golden";
      golden = tables + "/";
      model = root + "/test/Inputs/";
    }
    std::ifstream stream(golden + GetParam().name + ".json");
    ASSERT_TRUE(stream) << golden << GetParam().name;
    setting = json::parse(stream);
    tables += "/" + setting["tables"].get<std::string>();
    module = importModelFile(model + GetParam().model, {GetParam().settings, ""}, context.get());
    ASSERT_TRUE(module) << context.takeDiagnostics();
    const json &flags = setting["flags"], &effective = setting["effective"];
    cluster = {flags["--num-nodes"], flags["--num-gpus-per-node"], effective["memory_limit_mb"],
               ""};
    reserveMiB = effective["peak_mem_in_backward_mb"];
  }

  /// A case's config; our own set leaves out what follows from the rest.
  json configOf(const json &entry) {
    json config = entry["config"];
    if (GetParam().published)
      return config;
    for (mlir::NamedAttribute field : modelOf(*module).getConfigAttr())
      if (auto text = llvm::dyn_cast<mlir::StringAttr>(field.getValue()))
        config[field.getName().str()] = text.str();
      else
        config[field.getName().str()] = llvm::cast<mlir::IntegerAttr>(field.getValue()).getInt();
    size_t numStages = config["num_gpus"].size();
    config["num_stages"] = numStages;
    for (size_t stage = 0; stage < numStages; ++stage) {
      bool recomputes = false, mixed = false;
      for (size_t op = 0; op < config["recompute_ops"][stage].size(); ++op) {
        recomputes |= config["recompute_ops"][stage][op] == 1;
        for (const char *list :
             {"model_parallel_size_of_each_op", "data_parallel_size_of_each_op", "algo_of_each_op"})
          mixed |= config[list][stage][op] != config[list][stage][0];
      }
      config["checkpoint_activations"].push_back(recomputes);
      config["resharding_stages"].push_back(mixed);
    }
    return config;
  }

  /// A case with switches that we do not offer, or no plan here.
  bool isSkipped(const json &entry) const {
    return (entry.contains("flag_overrides") && !entry["flag_overrides"].empty()) ||
           straddlesNodes(entry);
  }

  /// (Only in our own set.)
  bool straddlesNodes(const json &entry) const {
    int64_t first = 0;
    bool straddles = false;
    for (int64_t devices : entry["config"]["num_gpus"]) {
      straddles |= !keepsToNodes(first, devices, cluster.devicesPerNode);
      first += devices;
    }
    return straddles;
  }

  /// A module with the plan that `config` says for a copy of the model.
  mlir::OwningOpRef<mlir::ModuleOp> planModule(const std::string &name, const json &config) {
    mlir::OwningOpRef<mlir::ModuleOp> copy(module->clone());
    if (!importAcesoConfig(name + ".json", config.dump(), modelOf(*copy), cluster))
      ADD_FAILURE() << name << ": " << context.takeDiagnostics();
    return copy;
  }

  template <typename Options>
  mlir::LogicalResult run(mlir::ModuleOp module, std::unique_ptr<mlir::Pass> (*create)(Options),
                          Options options) {
    mlir::PassManager passes(context.get());
    passes.addPass(create(std::move(options)));
    return passes.run(module);
  }

  /// What --par-print-cost writes; none if it fails.
  std::optional<json> printedCost(mlir::ModuleOp module) {
    std::string file = testing::TempDir() + "aceso_cost_" + std::to_string(getpid()) + ".json";
    ParPrintCostPassOptions options;
    options.profiles = tables;
    options.formula = "aceso";
    options.format = "json";
    options.recomputeReserveMiB = reserveMiB;
    options.file = file;
    if (mlir::failed(run(module, createParPrintCostPass, options)))
      return std::nullopt;
    std::ifstream stream(file);
    json printed = json::parse(stream);
    stream.close();
    std::filesystem::remove(file);
    return printed;
  }

  TestContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  json setting;
  ClusterDesc cluster;
  std::string tables;
  int64_t reserveMiB = 0;
};

} // namespace

TEST_P(GoldenPlanTest, PrintedCost) {
  int compared = 0, refused = 0;
  for (const json &entry : setting["cases"]) {
    if (isSkipped(entry))
      continue;
    std::string name = entry["name"];
    mlir::OwningOpRef<mlir::ModuleOp> plan = planModule(name, configOf(entry));
    std::optional<json> printed = printedCost(*plan);
    if (missingEntries(entry["expected"]) > 0) {
      EXPECT_FALSE(printed) << name << ": a look-up has no entry";
      EXPECT_NE(context.takeDiagnostics().find(".csv: no "), std::string::npos);
      ++refused;
      continue;
    }
    ASSERT_TRUE(printed) << name << ": " << context.takeDiagnostics();
    expectCost(entry["expected"], *printed, name);
    EXPECT_TRUE((*printed)["stages"][0].contains("chosen_recompute")) << name;
    ++compared;
  }
  EXPECT_GE(compared, GetParam().minCompared);
  std::cout << GetParam().name << ": " << compared << " plans compared, " << refused
            << " refused for want of entries\n";
}

TEST_P(GoldenPlanTest, ChosenRecompute) {
  std::unique_ptr<Result<PlanFormula>> formula;
  for (const json &entry : setting["cases"]) {
    if (isSkipped(entry) || missingEntries(entry["expected"]) > 0)
      continue;
    mlir::OwningOpRef<mlir::ModuleOp> module = planModule(entry["name"], configOf(entry));
    par::PlanOp plan = planOf(*module);
    CompactPlan compact = toCompactPlan(plan);
    if (!formula)
      formula = std::make_unique<Result<PlanFormula>>(
          createFormula({tables, "aceso"}, collectModelFacts(plan), cluster));
    ASSERT_TRUE(*formula) << formula->error();
    Result<uint32_t> flags = (**formula).chooseRecompute(compact, reserveMiB * unitsPerMiB);
    ASSERT_TRUE(flags) << flags.error();
    applyCompactPlan(plan, compact);
    for (auto [index, marker] : llvm::enumerate(par::getStages(plan))) {
      std::string digits;
      for (nn::NNOp unit : marker.getUnits())
        digits += par::getShard(unit).isRecomputed() ? '1' : '0';
      EXPECT_EQ(entry["expected"]["stages"][index]["chosen_recompute"], digits)
          << entry["name"] << " stage " << index;
    }
  }
}

TEST_P(GoldenPlanTest, FilesComeBackEqual) {
  for (const json &entry : setting["cases"]) {
    if (straddlesNodes(entry))
      continue;
    json config = configOf(entry);
    mlir::OwningOpRef<mlir::ModuleOp> plan = planModule(entry["name"], config);
    ASSERT_TRUE(mlir::succeeded(mlir::verify(*plan))) << context.takeDiagnostics();
    std::optional<nlohmann::ordered_json> exported = exportAcesoConfig(planOf(*plan));
    ASSERT_TRUE(exported) << context.takeDiagnostics();
    for (const auto &[field, value] : config.items())
      EXPECT_EQ(value, json((*exported)[field])) << entry["name"] << " " << field;
    EXPECT_EQ(config.size(), exported->size()) << entry["name"];
  }
}

TEST_P(GoldenPlanTest, InitialPoints) {
  for (const json &point : setting["initial_points"]) {
    mlir::OwningOpRef<mlir::ModuleOp> copy(module->clone());
    ConvertNNToParPassOptions options;
    options.stages = point["num_stages"];
    options.nodes = cluster.nodes;
    options.devicesPerNode = cluster.devicesPerNode;
    options.memoryMiB = cluster.memoryLimitMiB;
    options.globalBatch = setting["flags"]["--global-batch-size"];
    options.microBatch = setting["flags"]["--micro-batch-size"][0];
    options.maxDevices = setting["effective"]["max_tp"];
    options.profiles = tables;
    options.formula = "aceso";
    options.recomputeReserveMiB = reserveMiB;
    mlir::LogicalResult converted = run(*copy, createConvertNNToParPass, options);
    ASSERT_EQ(point["possible"].get<bool>(), mlir::succeeded(converted))
        << options.stages << " stages: " << context.takeDiagnostics();
    if (mlir::failed(converted)) {
      EXPECT_NE(context.takeDiagnostics().find("cannot be given out"), std::string::npos);
      continue;
    }
    par::PlanOp plan = planOf(*copy);
    EXPECT_EQ(point["micro_batch_size"], plan.getMicroBatch());
    for (auto [index, marker] : llvm::enumerate(par::getStages(plan))) {
      auto units = marker.getUnits();
      EXPECT_EQ(point["num_gpus"][index], marker.getDevices());
      EXPECT_EQ(point["num_ops_in_each_stage"][index], units.size());
      EXPECT_EQ(
          point["recomputed_ops"][index],
          llvm::count_if(units, [](nn::NNOp unit) { return par::getShard(unit).isRecomputed(); }))
          << options.stages << " stages, stage " << index;
    }
    std::optional<json> cost = printedCost(*copy);
    ASSERT_TRUE(cost) << context.takeDiagnostics();
    for (const char *field : {"iteration_time_ms", "max_memory_mb"}) {
      double expected = point[field];
      EXPECT_NEAR(expected, (*cost)[field].get<double>(), 1e-9 * expected) << field;
    }
    EXPECT_EQ(point["feasible"], (*cost)["feasible"]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Settings, GoldenPlanTest,
    testing::Values(Setting{"tiny", "gpt-tiny.json", {"torch_dtype=float16"}, 11, false},
                    Setting{"small_gpt_1_3B", "gpt-1.3b.json", {}, 27},
                    Setting{"large_gpt_1_3B", "gpt-1.3b.json", {}, 27},
                    Setting{"large_gpt_6_7B", "gpt-6.7b.json", {}, 28},
                    Setting{"scale_layer_8", "gpt-scale-layer.json", {"n_layer=8"}, 27},
                    Setting{"scale_layer_64", "gpt-scale-layer.json", {"n_layer=64"}, 27},
                    Setting{"scale_layer_1024", "gpt-scale-layer.json", {"n_layer=1024"}, 27}),
    [](const testing::TestParamInfo<Setting> &info) { return std::string(info.param.name); });
