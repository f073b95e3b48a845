//===- Search.cpp - The best plan for a model and a cluster -----*- C++ -*-===//

#include "aceso/Search/Search.h"

#include "Partitioner.h"

#include "aceso/Cost/InitialPlan.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

using namespace aceso;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// One start on its way.
struct Run {
  StartReport report;
  /// Where it is.
  CompactPlan plan;
  PlanCost cost;
  bool isAlive() const { return report.whyNot.empty(); }
};

/// What one thread has.
struct Worker {
  std::unique_ptr<StageModel> model;
  std::unique_ptr<Workshop> workshop;
  bool wasCutByClock = false;
};

class Searcher {
public:
  Searcher(const StageModelFactory &makeModel, const SearchOptions &options)
      : makeModel(makeModel), options(options) {
    // What a clock can count.
    constexpr double mostS = 1e9;
    if (options.timeLimitS > 0)
      deadline = Budget::Clock::now() +
                 std::chrono::duration_cast<Budget::Clock::duration>(
                     std::chrono::duration<double>(std::min(options.timeLimitS, mostS)));
  }

  Result<SearchResult> search(const CompactPlan *start);

private:
  Result<bool> makeWorkers(size_t count);
  /// Calls `work(worker, i)` for each i < count, spread over the threads: the last one first, as
  /// many stages take longest.
  template <typename Work> void forEach(size_t count, Work work);

  void begin(Worker &worker, Run &run, const CompactPlan *given);
  void alleviate(Worker &worker, Run &run, bool thorough, double belowMs);
  void findBound(Worker &worker, Run &run);
  SearchResult conclude();
  static std::string describeRefusals(const std::vector<Run> &runs);

  const StageModelFactory &makeModel;
  const SearchOptions &options;
  std::optional<Budget::Clock::time_point> deadline;
  std::vector<Worker> workers;
  std::vector<Run> runs;
};

} // namespace

Result<bool> Searcher::makeWorkers(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    Result<std::unique_ptr<StageModel>> model = makeModel();
    if (!model)
      return model.takeError();
    workers.push_back({std::move(*model), nullptr});
    workers.back().workshop = std::make_unique<Workshop>(*workers.back().model);
  }
  return true;
}

template <typename Work> void Searcher::forEach(size_t count, Work work) {
  std::atomic<size_t> next = 0;
  auto loop = [&](Worker &worker) {
    for (size_t i = next++; i < count; i = next++)
      work(worker, count - 1 - i);
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < workers.size(); ++i)
    threads.emplace_back(loop, std::ref(workers[i]));
  loop(workers[0]);
  for (std::thread &thread : threads)
    thread.join();
}

void Searcher::begin(Worker &worker, Run &run, const CompactPlan *given) {
  StageModel &model = *worker.model;
  StartReport &report = run.report;
  if (given) {
    report.start = *given;
    report.whyNot = checkSearchRules(model.getRules(), *given);
    if (!report.whyNot.empty()) {
      report.whyNot =
          "formula " + model.formulaName() + " cannot search from this plan: " + report.whyNot;
      return;
    }
  } else {
    InitialPlanOptions start;
    start.numStages = report.numStages;
    start.cluster = model.getCluster();
    start.globalBatch = model.getGlobalBatch();
    start.microBatch = model.getRules().microBatches.front();
    start.maxTp = model.getRules().tps.back();
    Result<CompactPlan> plan = balancedInitialPlan(model.numOps(), start);
    if (!plan) {
      report.whyNot = plan.error();
      return;
    }
    report.whyNot = checkSearchRules(model.getRules(), *plan);
    if (!report.whyNot.empty())
      return;
    Result<CompactPlan> chosen = model.chooseStartRecompute(std::move(*plan));
    if (!chosen) {
      report.whyNot = chosen.error();
      return;
    }
    report.start = std::move(*chosen);
  }
  Result<SearchPlan> compact = model.fromCompact(report.start);
  if (!compact) {
    report.whyNot = compact.error();
    return;
  }
  run.plan = report.start;
  run.cost = model.evaluate(*compact);
  report.startPredicted = report.reached = Prediction(run.cost);
}

void Searcher::alleviate(Worker &worker, Run &run, bool thorough, double belowMs) {
  StageModel &model = *worker.model;
  worker.workshop->forgetPlans();
  Budget budget(model, options.budget, deadline);
  Alleviation alleviation(
      *worker.workshop, [&](const SearchPlan &plan) { return model.evaluate(plan); }, budget);
  Result<SearchPlan> plan = model.fromCompact(run.plan);
  auto take = [&](AlleviationStep step) {
    // Read back: what comes next depends on the plan alone, not on how it was found.
    run.plan = model.toCompact(step.plan);
    run.cost = step.cost;
    plan = model.fromCompact(run.plan);
    run.report.plans.push_back(run.plan);
    // Its patterns mean nothing outside this model.
    step.plan = {};
    run.report.steps.push_back(std::move(step));
  };
  while (!budget.isSpent()) {
    AlleviationStep step = alleviation.step(*plan, run.cost, false, 0);
    if (!step.plan.stages.empty()) {
      take(std::move(step));
      continue;
    }
    if (thorough) {
      step = alleviation.step(*plan, run.cost, true, belowMs);
      if (!step.plan.stages.empty()) {
        take(std::move(step));
        continue;
      }
      run.report.lastTrials = std::move(step.trials);
      break;
    }
    run.report.lastTrials = std::move(step.trials);
    std::vector<AlleviationStep> steps = alleviation.hop(*plan, run.cost, options.maxHops);
    if (steps.empty())
      break;
    for (AlleviationStep &hop : steps)
      take(std::move(hop));
  }
  run.report.reached = Prediction(run.cost);
  run.report.numJudged += budget.used();
  worker.wasCutByClock |= budget.wasCutByClock();
}

void Searcher::findBound(Worker &worker, Run &run) {
  run.report.leastIterationMs = infinity;
  for (int64_t size : worker.model->getRules().microBatches)
    run.report.leastIterationMs = std::min(
        run.report.leastIterationMs, worker.workshop->partitioner(size).getBound().leastIterationMs(
                                         run.report.numStages, run.report.leastIterationMs));
}

/// Why there is no start with any stage count, equal reasons once.
std::string Searcher::describeRefusals(const std::vector<Run> &runs) {
  std::vector<std::pair<std::string, std::string>> refusals; // reason, stage counts
  for (const Run &run : runs) {
    std::string count = std::to_string(run.report.numStages), reason = run.report.whyNot;
    if (std::string prefix = "stages=" + count + ": "; reason.starts_with(prefix))
      reason.erase(0, prefix.size());
    auto known = std::find_if(refusals.begin(), refusals.end(),
                              [&](const auto &refusal) { return refusal.first == reason; });
    if (known == refusals.end())
      refusals.push_back({reason, count});
    else
      known->second += ", " + count;
  }
  std::string text;
  for (const auto &[reason, counts] : refusals)
    text += (text.empty() ? "stages=" : "; stages=") + counts + ": " + reason;
  return text;
}

SearchResult Searcher::conclude() {
  SearchResult result;
  result.leastIterationMs = infinity;
  bool isFirst = true;
  for (uint32_t i = 0; i < runs.size(); ++i) {
    const Run &run = runs[i];
    if (!run.isAlive())
      continue;
    result.leastIterationMs = std::min(result.leastIterationMs, run.report.leastIterationMs);
    result.numJudged += run.report.numJudged;
    if (isFirst || Prediction(run.cost).isBetterThan(Prediction(result.cost))) {
      isFirst = false;
      result.best = i;
      result.plan = run.plan;
      result.cost = run.cost;
    }
  }
  result.feasible = result.cost.feasible;
  for (const Worker &worker : workers)
    result.wasCutByClock |= worker.wasCutByClock;
  for (Run &run : runs)
    result.starts.push_back(std::move(run.report));
  return result;
}

Result<SearchResult> Searcher::search(const CompactPlan *start) {
  Result<bool> first = makeWorkers(1);
  if (!first)
    return first.takeError();
  const StageModel &model = *workers[0].model;
  if (start) {
    runs.emplace_back().report.numStages = start->stages.size();
  } else {
    std::vector<uint32_t> counts = options.stageCounts;
    if (counts.empty())
      for (uint32_t count = 1; count <= model.getRules().maxStages &&
                               count <= model.getCluster().numDevices() && count <= model.numOps();
           ++count)
        counts.push_back(count);
    for (uint32_t count : counts)
      runs.emplace_back().report.numStages = count;
  }
  if (std::min<size_t>(options.numThreads, runs.size()) > 1)
    if (Result<bool> more = makeWorkers(std::min<size_t>(options.numThreads, runs.size()) - 1);
        !more)
      return more.takeError();

  forEach(runs.size(), [&](Worker &worker, size_t i) {
    begin(worker, runs[i], start);
    if (!runs[i].isAlive())
      return;
    alleviate(worker, runs[i], false, 0);
    findBound(worker, runs[i]);
  });
  if (std::none_of(runs.begin(), runs.end(), [](const Run &run) { return run.isAlive(); })) {
    if (start)
      return ErrorMessage{runs[0].report.whyNot};
    return ErrorMessage{"there is no start: " + describeRefusals(runs)};
  }
  // All of them try to beat the best one; those that cannot are left alone.
  double belowMs = infinity;
  for (const Run &run : runs)
    if (run.isAlive() && run.cost.feasible)
      belowMs = std::min(belowMs, run.cost.iterationMs);
  forEach(runs.size(), [&](Worker &worker, size_t i) {
    if (runs[i].isAlive() && runs[i].report.leastIterationMs < belowMs)
      alleviate(worker, runs[i], true, belowMs == infinity ? 0 : belowMs);
  });
  return conclude();
}

Result<SearchResult> aceso::searchPlan(const StageModelFactory &makeModel,
                                       const SearchOptions &options, const CompactPlan *start) {
  return Searcher(makeModel, options).search(start);
}
