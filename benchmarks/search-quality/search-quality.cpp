//===- search-quality.cpp - The search against published results --------===//
//
// Searches every published GPT setting with formula `aceso`, and with `full`, and prints a row for
// each: the cost of the plan found, the bound, what the published search reached and in what time,
// our time on one thread (tables read, model facts collected, plan found), and the candidates.
//
//   search-quality --shared=DIR   (the folder that holds data/aceso-v100; see docs/dev/testing.md)
//
//===----------------------------------------------------------------------===//

#include "aceso/Analysis/PlanFacts.h"
#include "aceso/Search/Search.h"
#include "aceso/Search/StageModels.h"
#include "aceso/Target/ModelImport.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

using namespace aceso;

static llvm::cl::opt<std::string> sharedFolder("shared", llvm::cl::init("../shared"),
                                               llvm::cl::desc("Folder with data/aceso-v100"));
static llvm::cl::opt<std::string> modelsFolder("models", llvm::cl::init(ACESO_SOURCE_DIR "/models"),
                                               llvm::cl::desc("Folder with the model files"));
static llvm::cl::opt<unsigned> threads("search-threads", llvm::cl::init(1),
                                       llvm::cl::desc("Threads"));
static llvm::cl::opt<uint64_t> budget("search-budget", llvm::cl::init(SearchOptions().budget),
                                      llvm::cl::desc("Candidates for each start and round"));

namespace {
struct Setting {
  const char *name, *model;
  int64_t layers; ///< 0: as in the model file
  const char *tables;
  ClusterDesc cluster;
  int64_t globalBatch;
  /// What the published search reached within its 200 s; 0: not published.
  double publishedMs;
};
} // namespace

static const Setting settings[] = {
    {"1.3B 1x4 12000 MB", "gpt-1.3b", 0, "small", {1, 4, 12000, ""}, 512, 58760.92},
    {"1.3B 1x4", "gpt-1.3b", 0, "large", {1, 4, 28000, ""}, 1024, 101180},
    {"6.7B 2x8", "gpt-6.7b", 0, "large", {2, 8, 28000, ""}, 1024, 86594.34},
    {"8 layers 1x8", "gpt-scale-layer", 8, "large", {1, 8, 28000, ""}, 1024, 0},
    {"64 layers 1x8", "gpt-scale-layer", 64, "large", {1, 8, 28000, ""}, 1024, 0},
    {"1024 layers 1x8", "gpt-scale-layer", 1024, "large", {1, 8, 28000, ""}, 1024, 0},
    {"1.3B 4x8", "gpt-1.3b", 0, "large", {4, 8, 28000, ""}, 1024, 0},
    {"6.7B 4x8", "gpt-6.7b", 0, "large", {4, 8, 28000, ""}, 1024, 0},
};

static bool run(const Setting &setting, const char *formula, mlir::MLIRContext &context) {
  std::vector<std::string> overrides;
  if (setting.layers)
    overrides.push_back("n_layer=" + std::to_string(setting.layers));
  auto module =
      importModelFile(modelsFolder + "/" + setting.model + ".json", {overrides, ""}, &context);
  if (!module)
    return false;
  auto begin = std::chrono::steady_clock::now();
  ModelFacts facts = collectModelFacts(*(*module).getOps<nn::ModelOp>().begin());
  Result<CostTables> tables =
      CostTables::load(sharedFolder + "/data/aceso-v100/" + setting.tables, facts.tablePrefix);
  if (!tables) {
    std::fprintf(stderr, "%s\n", tables.error().c_str());
    return false;
  }
  auto shared = std::make_shared<const CostTables>(std::move(*tables));
  SearchOptions options;
  options.numThreads = threads;
  options.budget = budget;
  Result<SearchResult> result = searchPlan(
      [&] {
        return createStageModel(formula, facts, shared, setting.cluster, setting.globalBatch,
                                {1, 2, 4, 8});
      },
      options);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", setting.name, result.error().c_str());
    return false;
  }
  std::printf("| %-17s | %-5s | %10.2f | %10.2f | %5.2f | ", setting.name, formula,
              result->cost.iterationMs, result->leastIterationMs, result->gap() * 100);
  if (setting.publishedMs > 0 && result->cost.formula == "aceso")
    std::printf("%9.2f | %+6.2f | ", setting.publishedMs,
                (result->cost.iterationMs / setting.publishedMs - 1) * 100);
  else
    std::printf("%9s | %6s | ", "", "");
  std::printf("%2zu | %lld | %5.2f | %8llu |\n", result->plan.stages.size(),
              static_cast<long long>(result->plan.microBatch), seconds,
              static_cast<unsigned long long>(result->numJudged));
  return result->feasible;
}

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv, "The search against published results\n");
  if (!std::filesystem::exists(sharedFolder + "/data/aceso-v100")) {
    std::printf("skipped: no cost tables in %s/data/aceso-v100; name their folder with --shared\n",
                sharedFolder.c_str());
    return 0;
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<nn::NNDialect, par::ParDialect>();
  std::printf(
      "| setting | formula | found ms | bound ms | gap %% | published ms | to it %% | stages "
      "| micro-batch | seconds | candidates |\n|-|-|-|-|-|-|-|-|-|-|-|\n");
  bool ok = true;
  for (const Setting &setting : settings)
    for (const char *formula : {"aceso", "full"})
      ok &= run(setting, formula, context);
  return ok ? 0 : 1;
}
