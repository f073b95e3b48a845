//===- GoldenSetting.h - Golden plans and what they should cost -*- C++ -*-===//
//
// One setting: a model, its tables, start plans, and plans with the cost that a reference gives
// them. Used for the published set (beside the checkout) and for our own small one.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_COST_GOLDENSETTING_H
#define ACESO_TEST_UNIT_COST_GOLDENSETTING_H

#include "aceso/Cost/AcesoFormula.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace aceso::test {

/// The folder with published data (environment ACESO_SHARED_DIR, or `shared` beside the checkout);
/// none if there is no such folder.
std::optional<std::string> sharedDataFolder();

struct GoldenSetting {
  nlohmann::json golden;
  ModelFacts facts;
  std::shared_ptr<const CostTables> tables;
  std::optional<AcesoFormula> formula;
  ClusterDesc cluster;
  int64_t globalBatch = 0, maxTp = 0, extraPeakUnits = 0;

  /// Reads `goldenFile`, whose tables stand in a folder below `tablesRoot`. Test failure if it
  /// cannot.
  static std::unique_ptr<GoldenSetting> load(const std::string &goldenFile,
                                             const std::string &tablesRoot);

  /// A case's `config`.
  CompactPlan plan(const nlohmann::json &config) const;
};

/// Sum of a case's missing_*_entries.
int64_t missingEntries(const nlohmann::json &expected);

/// Compares every field of `expected` with the one of `actual`, 1e-9 relative. Where a value is the
/// difference of larger ones, they are what the tolerance is relative to.
void expectCost(const nlohmann::json &expected, const nlohmann::json &actual,
                const std::string &where);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_COST_GOLDENSETTING_H
