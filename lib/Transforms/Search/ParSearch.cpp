//===- ParSearch.cpp - Pass par-search ------------------------------------===//

#include "SearchInput.h"

#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Dialect/Par/Transforms/Moves.h"
#include "aceso/Search/NothingFits.h"
#include "aceso/Search/SearchLog.h"
#include "aceso/Support/OutputFiles.h"
#include "aceso/Transforms/Search/Passes.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/raw_ostream.h"

#include <nlohmann/json.hpp>

namespace aceso {
#define GEN_PASS_DEF_PARSEARCHPASS
#include "aceso/Transforms/Search/Passes.h.inc"
} // namespace aceso

using namespace mlir;
using namespace aceso;

namespace {

struct ParSearchPass : aceso::impl::ParSearchPassBase<ParSearchPass> {
  using ParSearchPassBase::ParSearchPassBase;

  void runOnOperation() override {
    SmallVector<nn::ModelOp> models = llvm::to_vector(getOperation().getOps<nn::ModelOp>());
    SmallVector<par::PlanOp> plans = llvm::to_vector(getOperation().getOps<par::PlanOp>());
    Location loc = getOperation().getLoc();
    if (models.size() + plans.size() != 1) {
      emitError(loc) << "holds " << models.size() << " nn.model and " << plans.size()
                     << " par.plan; par-search takes a module with one of either";
      return signalPassFailure();
    }
    loc = models.empty() ? plans[0].getLoc() : models[0].getLoc();
    std::string error = models.empty() ? improve(plans[0]) : convert(models[0]);
    if (error.empty())
      return;
    emitError(loc) << error;
    signalPassFailure();
  }

private:
  // Each gives why it failed; empty if it did not.

  std::string convert(nn::ModelOp model) {
    for (auto [option, meaning] : {std::pair(&devicesPerNode, "devices of a node"),
                                   std::pair(&memoryMiB, "memory limit of a device in MiB"),
                                   std::pair(&globalBatch, "samples of a training step")})
      if (*option < 1)
        return "the option '" + option->getArgStr().str() + "' (" + meaning +
               ") must be given and at least 1" +
               (*option == notGiven ? "" : ", not " + std::to_string(option->getValue()));
    constexpr int64_t most = par::ClusterAttr::most;
    static_assert(most == mostSamples);
    int64_t numNodes = nodes == notGiven ? 1 : nodes;
    if (numNodes < 1 || numNodes > most || devicesPerNode > most || memoryMiB > most ||
        globalBatch > most)
      return "nodes, devices-per-node, memory-mb and global-batch are at least 1 and at most " +
             std::to_string(most);
    ClusterDesc cluster{numNodes, devicesPerNode, memoryMiB, device};
    Result<SearchInput> input = makeInput(collectModelFacts(model), cluster, globalBatch, 0);
    if (!input)
      return input.error();
    Location loc = model.getLoc();
    Result<SearchResult> result = search(*input, nullptr, loc);
    if (!result)
      return result.error();
    // The start as convert-nn-to-par makes it, then the moves.
    par::PlanOp plan = convertToPlan(model, result->bestStart().start);
    return apply(plan, *input, *result);
  }

  std::string improve(par::PlanOp plan) {
    CompactPlan start = toCompactPlan(plan);
    auto differs = [](const auto &option, int64_t own) {
      return option != notGiven && option != own
                 ? option.getArgStr().str() + "=" + std::to_string(option.getValue()) +
                       " is not the plan's own " + std::to_string(own) +
                       "; search from the model to change it"
                 : std::string();
    };
    for (const std::string &error : {differs(nodes, start.cluster.nodes),
                                     differs(devicesPerNode, start.cluster.devicesPerNode),
                                     differs(memoryMiB, start.cluster.memoryLimitMiB),
                                     differs(globalBatch, start.globalBatch)})
      if (!error.empty())
        return error;
    if (!device.empty() && device != start.cluster.device)
      return "device=" + device + " is not the plan's own '" + start.cluster.device +
             "'; search from the model to change it";
    if (!stages.empty() && (stages.size() != 1 || stages.front() != int64_t(start.stages.size())))
      return "stages: a search from a plan keeps its " + std::to_string(start.stages.size()) +
             "; search from the model to change them";
    Result<SearchInput> input =
        makeInput(collectModelFacts(plan), start.cluster, start.globalBatch, start.microBatch);
    if (!input)
      return input.error();
    Result<SearchResult> result = search(*input, &start, plan.getLoc());
    if (!result)
      return result.error();
    return apply(plan, *input, *result);
  }

  Result<SearchInput> makeInput(ModelFacts facts, const ClusterDesc &cluster, int64_t batch,
                                int64_t ownMicroBatch) {
    if (budget < 1 || hops < 1 || threads < 1 || timeLimitS < 0 || recomputeReserveMiB < 0)
      return ErrorMessage{"budget, hops and threads must be at least 1; time-limit-s and "
                          "recompute-reserve-mb must not be negative"};
    Result<SearchInput> input = SearchInput::create(
        std::move(facts), {profiles, formula}, cluster, batch,
        std::vector<int64_t>(microBatches.begin(), microBatches.end()), ownMicroBatch);
    if (input)
      input->reserveUnits = recomputeReserveMiB * unitsPerMiB;
    return input;
  }

  /// A result that fits, written to the log.
  Result<SearchResult> search(const SearchInput &input, const CompactPlan *start, Location loc) {
    SearchOptions options;
    for (int64_t count : stages) {
      if (count < 1 || count > par::ClusterAttr::most)
        return ErrorMessage{"stages=" + std::to_string(count) + " is no number of stages"};
      options.stageCounts.push_back(count);
    }
    options.budget = budget;
    options.maxHops = hops;
    options.numThreads = threads;
    options.timeLimitS = timeLimitS;
    Result<SearchResult> result = searchPlan([&] { return input.makeModel(); }, options, start);
    if (!result)
      return result;
    std::string pipeline = start ? "" : startPipeline(result->bestStart().start);
    if (std::string error = writeLog(*result, input.facts, pipeline); !error.empty())
      return ErrorMessage{error};
    if (result->wasCutByClock)
      remark::missed(loc, remark::RemarkOpts::name("time-limit").category("par-search"))
          << remark::reason("the time limit cut the search short");
    if (result->feasible)
      return result;
    auto makeModel = [&](const ClusterDesc &cluster, const std::vector<int64_t> &sizes) {
      return input.makeModel(cluster, sizes);
    };
    if (start) {
      auto largest = llvm::max_element(result->cost.stages, [](const auto &a, const auto &b) {
        return a.memoryUnits < b.memoryUnits;
      });
      return ErrorMessage{
          "found no plan of " + std::to_string(start->stages.size()) +
          " stages within memory-mb=" + std::to_string(start->cluster.memoryLimitMiB) +
          ": in the one that comes nearest, stage " +
          std::to_string(largest - result->cost.stages.begin()) + " needs " +
          llvm::formatv("{0:f1} MiB, {1:f1} MiB too much", largest->memoryMiB,
                        largest->memoryMiB - double(start->cluster.memoryLimitMiB))
              .str() +
          "; search from the model for other stage counts"};
    }
    return ErrorMessage{
        explainNothingFits(*result, makeModel, input.microBatches, options).toString()};
  }

  /// How a user makes this start of the model.
  std::string startPipeline(const CompactPlan &start) const {
    std::string text;
    llvm::raw_string_ostream os(text);
    os << "builtin.module(convert-nn-to-par{stages=" << start.stages.size()
       << " nodes=" << start.cluster.nodes << " devices-per-node=" << start.cluster.devicesPerNode;
    if (!device.empty())
      os << " device=" << device;
    uint32_t maxDevices = 1;
    for (const StagePlan &stage : start.stages)
      maxDevices = std::max(maxDevices, stage.devices);
    os << " memory-mb=" << start.cluster.memoryLimitMiB << " global-batch=" << start.globalBatch
       << " micro-batch=" << start.microBatch << " max-devices-per-stage=" << maxDevices
       << " profiles=" << profiles << " formula=" << formula;
    if (recomputeReserveMiB != 0)
      os << " recompute-reserve-mb=" << recomputeReserveMiB.getValue();
    os << "})";
    return text;
  }

  std::string writeLog(const SearchResult &result, const ModelFacts &facts,
                       const std::string &startPipeline) {
    if (log.empty())
      return "";
    std::string text;
    if (StringRef(log).ends_with(".json")) {
      Result<nlohmann::ordered_json> json = searchLogJson(result, facts, startPipeline);
      if (!json)
        return json.error();
      text = json->dump(2) + "\n";
    } else {
      Result<std::string> lines = searchLogText(result, facts, startPipeline);
      if (!lines)
        return lines.error();
      text = *lines;
    }
    if (log == "-") {
      llvm::outs() << text;
      return "";
    }
    std::string problem = tryWriteWhole(log, text);
    return problem.empty() ? "" : "log=" + problem;
  }

  std::string apply(par::PlanOp plan, const SearchInput &input, const SearchResult &result) {
    Result<std::vector<MoveList>> steps = movesOfSteps(result.bestStart(), input.facts);
    if (!steps)
      return steps.error();
    for (const MoveList &moves : *steps)
      if (failed(par::applyMoves(plan, moves)))
        return "a step of the search was refused";
    // What was promised must be what the IR costs.
    Result<PlanCost> cost = PlanCostAnalysis(plan).getCost(input.cost);
    if (!cost)
      return cost.error();
    if (*cost != result.cost)
      return llvm::formatv("the search predicted {0} ms, but the analysis finds {1} ms: this is a "
                           "defect of the search",
                           result.cost.iterationMs, cost->iterationMs)
          .str();
    llvm::errs() << getArgument() << ": " << searchSummary(result) << "\n";
    for (const AlleviationStep &step : result.bestStart().steps)
      for (const Trial &trial : step.trials)
        remarkOn(plan.getLoc(), "par-search", trial, step.bottleneck);
    remark::passed(plan.getLoc(), remark::RemarkOpts::name("best").category("par-search"))
        << remark::metric("iteration_ms", result.cost.iterationMs)
        << remark::metric("max_memory_mb", result.cost.maxMemoryMiB)
        << remark::metric("least_iteration_ms", result.leastIterationMs)
        << remark::metric("stages", result.plan.stages.size())
        << remark::metric("candidates", result.numJudged);
    return "";
  }
};

} // namespace
