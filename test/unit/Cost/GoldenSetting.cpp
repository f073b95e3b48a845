//===- GoldenSetting.cpp - Golden plans and what they should cost -*- C++ -*-===//

#include "GoldenSetting.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace aceso;
using namespace aceso::test;
using nlohmann::json;

std::optional<std::string> aceso::test::sharedDataFolder() {
  const char *variable = std::getenv("ACESO_SHARED_DIR");
  std::string shared = variable ? variable : std::string(ACESO_SOURCE_DIR) + "/../shared";
  if (!std::filesystem::exists(shared + "/data/golden"))
    return std::nullopt;
  return shared + "/data";
}

/// The op list of a published model, by the rows of its tables: the rows of one layer (of an
/// encoder and of a decoder layer) are repeated.
static std::vector<std::string> profileKeys(const OpTable &table, int64_t numLayers) {
  std::vector<std::string> keys;
  auto add = [&](uint32_t first, uint32_t last, int64_t times = 1) {
    for (int64_t i = 0; i < times; ++i)
      for (uint32_t row = first; row <= last; ++row)
        keys.push_back(table.keyName(row));
  };
  switch (table.numKeys()) {
  case 16: // GPT
    add(0, 0);
    add(1, 13, numLayers);
    add(14, 15);
    break;
  case 39: // T5
    add(0, 0);
    add(1, 13, numLayers);
    add(14, 15);
    add(16, 36, numLayers);
    add(37, 38);
    break;
  default: // Wide-ResNet lists every op
    add(0, table.numKeys() - 1);
  }
  return keys;
}

std::unique_ptr<GoldenSetting> GoldenSetting::load(const std::string &goldenFile,
                                                   const std::string &tablesRoot) {
  auto setting = std::make_unique<GoldenSetting>();
  std::ifstream stream(goldenFile);
  if (!stream) {
    ADD_FAILURE() << goldenFile << " cannot be read";
    return nullptr;
  }
  setting->golden = json::parse(stream);
  const json &flags = setting->golden["flags"], &effective = setting->golden["effective"];
  setting->cluster = {flags["--num-nodes"], flags["--num-gpus-per-node"],
                      effective["memory_limit_mb"], ""};
  setting->globalBatch = flags["--global-batch-size"];
  setting->maxTp = effective["max_tp"];
  setting->extraPeakUnits = effective["peak_mem_in_backward_mb"].get<int64_t>() * unitsPerMiB;

  std::string prefix = setting->golden["table_prefix"];
  Result<CostTables> tables =
      CostTables::load(tablesRoot + "/" + setting->golden["tables"].get<std::string>(), prefix);
  if (!tables) {
    ADD_FAILURE() << tables.error();
    return nullptr;
  }
  setting->tables = std::make_shared<CostTables>(std::move(*tables));

  ModelFacts &facts = setting->facts;
  facts.name = facts.tablePrefix = prefix;
  for (std::string &key :
       profileKeys(setting->tables->getOps(), setting->golden["num_layers"].get<int64_t>())) {
    OpFacts op{};
    op.path = "op" + std::to_string(facts.ops.size());
    op.profileKey = std::move(key);
    op.numRules = 2;
    facts.ops.push_back(std::move(op));
  }
  EXPECT_EQ(facts.ops.size(), setting->golden["num_ops"]);
  ValueFacts parameter{};
  parameter.kind = ValueKind::Parameter;
  parameter.path = "w";
  parameter.elementBytes = effective["memory_main_params"] == 2 ? 2 : 4;
  facts.values.push_back(parameter);

  Result<AcesoFormula> formula = AcesoFormula::create(facts, setting->tables);
  if (!formula) {
    ADD_FAILURE() << formula.error();
    return nullptr;
  }
  setting->formula = std::move(*formula);
  return setting;
}

CompactPlan GoldenSetting::plan(const json &config) const {
  CompactPlan plan;
  plan.cluster = cluster;
  plan.globalBatch = config["global_batch_size"];
  plan.microBatch = config["micro_batch_size"];
  for (size_t stage = 0; stage < config["num_gpus"].size(); ++stage) {
    plan.stages.push_back({config["num_ops_in_each_stage"][stage], config["num_gpus"][stage]});
    for (size_t i = 0; i < plan.stages.back().numOps; ++i) {
      OpPlan op;
      op.tp = config["model_parallel_size_of_each_op"][stage][i];
      op.dp = config["data_parallel_size_of_each_op"][stage][i];
      op.rule = config["algo_of_each_op"][stage][i];
      op.recompute = config["recompute_ops"][stage][i].get<int>() != 0;
      plan.ops.push_back(op);
    }
  }
  return plan;
}

int64_t aceso::test::missingEntries(const json &expected) {
  int64_t missing = 0;
  for (const json &stage : expected["stages"])
    for (const char *field :
         {"missing_op_entries", "missing_ideal_entries", "missing_collective_entries"})
      missing += stage[field].get<int64_t>();
  return missing;
}

/// What a small difference of large values is measured against.
static double scaleOf(const std::string &field, const json &object) {
  if (field == "eff_loss_time_per_gpu_ms")
    return object["compute_time_ms"];
  if (field == "efficient_time")
    return object["time_ms"];
  return 0;
}

void aceso::test::expectCost(const json &expected, const json &actual, const std::string &where) {
  for (const auto &[field, value] : expected.items()) {
    // The chooser is no part of what a formula alone reports; another test compares it there.
    if (field == "move_deltas" || (field == "chosen_recompute" && !actual.contains(field)))
      continue;
    ASSERT_TRUE(actual.contains(field)) << where << ": no field " << field;
    const json &got = actual[field];
    if (field == "stages") {
      ASSERT_EQ(value.size(), got.size()) << where;
      for (size_t i = 0; i < value.size(); ++i)
        expectCost(value[i], got[i], where + " stage " + std::to_string(i));
    } else if (value.is_boolean() || value.is_string()) {
      EXPECT_EQ(value, got) << where << " " << field;
    } else {
      double want = value.get<double>();
      double tolerance = 1e-9 * std::max(std::abs(want), scaleOf(field, expected));
      EXPECT_NEAR(want, got.get<double>(), tolerance) << where << " " << field;
    }
  }
}
