//===- PublishedSetting.cpp - Settings of the published search --*- C++ -*-===//

#include "PublishedSetting.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

using namespace aceso;
using namespace aceso::test;

void aceso::test::numberOps(ModelFacts &facts) {
  std::map<std::string, uint32_t> counts, kinds;
  for (const OpFacts &op : facts.ops)
    ++counts[op.profileKey];
  std::set<std::string> current;
  std::string layer;
  bool wasRepeated = false;
  uint32_t block = 0;
  for (OpFacts &op : facts.ops) {
    op.kind = kinds.try_emplace(op.profileKey, kinds.size()).first->second;
    bool isRepeated = counts[op.profileKey] > 1;
    // Wide-ResNet lists every op, and their names say the layer.
    std::string named = op.profileKey.rfind("block-", 0) == 0
                            ? op.profileKey.substr(0, op.profileKey.rfind('-'))
                            : "";
    bool goesOn = named.empty() ? isRepeated && wasRepeated && current.count(op.profileKey) == 0
                                : named == layer;
    layer = named;
    if (!current.empty() && !goesOn) {
      ++block;
      current.clear();
    }
    current.insert(op.profileKey);
    wasRepeated = isRepeated;
    op.block = block;
  }
}

static std::unique_ptr<PublishedSetting> load(const std::string &file, const std::string &tables) {
  auto setting = std::make_unique<PublishedSetting>();
  setting->golden = GoldenSetting::load(file, tables);
  if (!setting->golden)
    return nullptr;
  GoldenSetting &golden = *setting->golden;
  numberOps(golden.facts);
  Result<std::unique_ptr<StageModel>> model = AcesoStageModel::create(
      golden.facts, golden.tables, golden.cluster, golden.globalBatch,
      golden.golden["flags"]["--micro-batch-size"].get<std::vector<int64_t>>(),
      golden.extraPeakUnits);
  if (!model) {
    ADD_FAILURE() << model.error();
    return nullptr;
  }
  setting->model = std::move(*model);
  return setting;
}

std::unique_ptr<PublishedSetting> PublishedSetting::load(const std::string &name) {
  std::optional<std::string> data = sharedDataFolder();
  if (!data)
    return nullptr;
  return ::load(*data + "/golden/" + name + ".json", *data);
}

std::unique_ptr<PublishedSetting> PublishedSetting::loadTiny() {
  std::string folder = std::string(ACESO_SOURCE_DIR) + "/test/unit/Cost/golden";
  return ::load(folder + "/tiny.json", folder);
}
