//===- SearchLog.cpp - What a search did and why ----------------*- C++ -*-===//

#include "aceso/Search/SearchLog.h"

#include "aceso/Search/StepMoves.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdarg>
#include <cstdio>

using namespace aceso;
using nlohmann::ordered_json;

//===----------------------------------------------------------------------===//
// Moves
//===----------------------------------------------------------------------===//

Result<std::vector<MoveList>> aceso::movesOfSteps(const StartReport &report,
                                                  const ModelFacts &facts) {
  std::vector<MoveList> steps;
  const CompactPlan *from = &report.start;
  for (const CompactPlan &to : report.plans) {
    Result<MoveList> moves = movesOfStep(*from, to, facts);
    if (!moves)
      return moves.takeError();
    steps.push_back(std::move(*moves));
    from = &to;
  }
  return steps;
}

std::string aceso::replayPipeline(const std::vector<MoveList> &steps) {
  std::string moves;
  for (const MoveList &step : steps)
    if (!step.empty())
      moves += (moves.empty() ? "" : ",") + toString(step);
  // An empty list of passes on an op is none to MLIR's parser.
  return moves.empty() ? "builtin.module()" : "builtin.module(par.plan(" + moves + "))";
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
static std::string
format(const char *pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  char text[256];
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

static std::string stagesOf(size_t count) {
  return std::to_string(count) + (count == 1 ? " stage" : " stages");
}

static std::string describe(const Prediction &prediction) {
  return format("%.3f ms, %.1f MiB%s", prediction.iterationMs, prediction.maxMemoryMiB,
                prediction.feasible ? "" : " (over the limit)");
}

static std::string describe(const Bottleneck &bottleneck) {
  std::string text = format("stage %u, short of ", bottleneck.stage) +
                     std::string(resourceName(bottleneck.resources[0]));
  for (size_t i = 1; i < bottleneck.resources.size(); ++i)
    text += (i == 1 ? " (then " : ", ") + std::string(resourceName(bottleneck.resources[i]));
  return text + (bottleneck.resources.size() > 1 ? ")" : "");
}

static std::string describe(const Trial &trial) {
  return "    " + trial.remedy + ": " + trial.what + ": " + describe(trial.predicted) + ": " +
         trial.verdict + "\n";
}

static std::string describeStages(const CompactPlan &plan) {
  std::string text;
  uint32_t first = 0;
  for (const StagePlan &stage : plan.stages) {
    text += format("%s%u ops on %u", text.empty() ? "" : ", ", stage.numOps, stage.devices);
    bool isUniform = true;
    for (uint32_t op = first; op < first + stage.numOps; ++op)
      isUniform &= plan.ops[op].tp == plan.ops[first].tp;
    text += isUniform ? format(" (tp %u x dp %u)", plan.ops[first].tp, plan.ops[first].dp)
                      : " (mixed degrees)";
    first += stage.numOps;
  }
  return text;
}

std::string aceso::searchSummary(const SearchResult &result) {
  return format("%.3f ms an iteration, %.1f of %lld MiB, ", result.cost.iterationMs,
                result.cost.maxMemoryMiB,
                static_cast<long long>(result.plan.cluster.memoryLimitMiB)) +
         stagesOf(result.plan.stages.size()) +
         format(", micro-batch %lld; ", static_cast<long long>(result.plan.microBatch)) +
         format("no plan is below %.3f ms (%.2f %%); %llu candidates judged%s",
                result.leastIterationMs, result.gap() * 100,
                static_cast<unsigned long long>(result.numJudged),
                result.wasCutByClock ? "; the time limit cut the search short" : "");
}

Result<std::string> aceso::searchLogText(const SearchResult &result, const ModelFacts &facts,
                                         const std::string &startPipeline) {
  std::string text;
  for (const StartReport &report : result.starts) {
    text += "start with " + stagesOf(report.numStages) + ": ";
    if (!report.whyNot.empty()) {
      text += "none, " + report.whyNot + "\n";
      continue;
    }
    text += describe(report.startPredicted) + "\n";
    Result<std::vector<MoveList>> moves = movesOfSteps(report, facts);
    if (!moves)
      return moves.takeError();
    for (size_t i = 0; i < report.steps.size(); ++i) {
      const AlleviationStep &step = report.steps[i];
      text += "  step " + std::to_string(i + 1) + ": " + describe(step.bottleneck) + ": " +
              describe(step.before) + "\n";
      for (const Trial &trial : step.trials)
        text += describe(trial);
      text += "    moves: " + toString((*moves)[i]) + "\n";
    }
    if (!report.lastTrials.empty()) {
      text += "  nothing better:\n";
      for (const Trial &trial : report.lastTrials)
        text += describe(trial);
    }
    text += "  reached " + describe(report.reached);
    if (std::isfinite(report.leastIterationMs))
      text += format("; no plan of so many stages is below %.3f ms", report.leastIterationMs);
    text += format("; %llu candidates\n", static_cast<unsigned long long>(report.numJudged));
  }
  text += "best: " + describe(Prediction(result.cost)) + ", micro-batch " +
          std::to_string(result.plan.microBatch) + ": " + describeStages(result.plan) + "\n";
  if (result.feasible)
    text += format("bound: no plan is below %.3f ms; this one is at most %.2f %% above the best\n",
                   result.leastIterationMs, result.gap() * 100);
  text += format("%llu candidates judged%s\n", static_cast<unsigned long long>(result.numJudged),
                 result.wasCutByClock ? "; the time limit cut the search short" : "");
  Result<std::vector<MoveList>> moves = movesOfSteps(result.bestStart(), facts);
  if (!moves)
    return moves.takeError();
  std::string start = "the start with " + stagesOf(result.bestStart().numStages);
  if (!startPipeline.empty())
    text += "make " + start + " of the model: --pass-pipeline=\"" + startPipeline + "\"\n";
  text += "replay from " + start + ": --pass-pipeline=\"" + replayPipeline(*moves) + "\"\n";
  return text;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static ordered_json toJson(const Prediction &prediction) {
  return {{"iteration_time_ms", prediction.iterationMs},
          {"max_memory_mb", prediction.maxMemoryMiB},
          {"feasible", prediction.feasible}};
}

static ordered_json toJson(const std::vector<Trial> &trials) {
  ordered_json list = ordered_json::array();
  for (const Trial &trial : trials)
    list.push_back({{"remedy", trial.remedy},
                    {"what", trial.what},
                    {"predicted", toJson(trial.predicted)},
                    {"accepted", trial.accepted},
                    {"verdict", trial.verdict}});
  return list;
}

Result<ordered_json> aceso::searchLogJson(const SearchResult &result, const ModelFacts &facts,
                                          const std::string &startPipeline) {
  ordered_json log;
  log["formula"] = result.cost.formula;
  log["starts"] = ordered_json::array();
  for (const StartReport &report : result.starts) {
    ordered_json start = {{"stages", report.numStages}};
    if (!report.whyNot.empty()) {
      start["why_not"] = report.whyNot;
      log["starts"].push_back(std::move(start));
      continue;
    }
    Result<std::vector<MoveList>> moves = movesOfSteps(report, facts);
    if (!moves)
      return moves.takeError();
    start["start"] = toJson(report.startPredicted);
    start["steps"] = ordered_json::array();
    for (size_t i = 0; i < report.steps.size(); ++i) {
      const AlleviationStep &step = report.steps[i];
      ordered_json resources = ordered_json::array();
      for (Resource resource : step.bottleneck.resources)
        resources.push_back(resourceName(resource));
      start["steps"].push_back({{"bottleneck", step.bottleneck.stage},
                                {"resources", std::move(resources)},
                                {"before", toJson(step.before)},
                                {"trials", toJson(step.trials)},
                                {"moves", toString((*moves)[i])}});
    }
    start["last_trials"] = toJson(report.lastTrials);
    start["reached"] = toJson(report.reached);
    // Not a number in JSON: no plan of so many stages fits.
    if (std::isfinite(report.leastIterationMs))
      start["least_iteration_time_ms"] = report.leastIterationMs;
    start["candidates"] = report.numJudged;
    log["starts"].push_back(std::move(start));
  }
  log["best_start"] = result.bestStart().numStages;
  log["best"] = toJson(Prediction(result.cost));
  if (result.feasible) {
    log["least_iteration_time_ms"] = result.leastIterationMs;
    log["gap"] = result.gap();
  }
  log["candidates"] = result.numJudged;
  log["cut_by_clock"] = result.wasCutByClock;
  Result<std::vector<MoveList>> moves = movesOfSteps(result.bestStart(), facts);
  if (!moves)
    return moves.takeError();
  if (!startPipeline.empty())
    log["make_start"] = startPipeline;
  log["replay"] = replayPipeline(*moves);
  return log;
}
