//===- SearchLog.h - What a search did and why ------------------*- C++ -*-===//

#ifndef ACESO_SEARCH_SEARCHLOG_H
#define ACESO_SEARCH_SEARCHLOG_H

#include "aceso/Search/Move.h"
#include "aceso/Search/Search.h"

#include <nlohmann/json_fwd.hpp>

namespace aceso {

/// The moves that lead from the start of `report` to where it arrived, a list for each of its
/// steps.
Result<std::vector<MoveList>> movesOfSteps(const StartReport &report, const ModelFacts &facts);

/// "builtin.module(par.plan(par-move-ops{...},...))": replays all steps on the start plan;
/// "builtin.module()" if there are none.
std::string replayPipeline(const std::vector<MoveList> &steps);

/// One line: what the plan takes, how far from the bound it is, how much was judged. For a result
/// that fits.
std::string searchSummary(const SearchResult &result);

/// Every start with its steps: the bottleneck and what it is short of, what was tried with its
/// predicted effect, what was taken or why not, and the moves that say it; then the best plan, how
/// far from the bound it is, and the pipelines that make its start (`startPipeline`; empty: the
/// user has it) and replay the steps. For people. Error: a step that cannot be said in moves.
Result<std::string> searchLogText(const SearchResult &result, const ModelFacts &facts,
                                  const std::string &startPipeline = "");

/// The same as JSON. Times in ms, memory in MiB.
Result<nlohmann::ordered_json> searchLogJson(const SearchResult &result, const ModelFacts &facts,
                                             const std::string &startPipeline = "");

} // namespace aceso

#endif // ACESO_SEARCH_SEARCHLOG_H
