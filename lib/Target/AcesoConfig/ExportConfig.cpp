//===- ExportConfig.cpp - A plan as a published file ------------*- C++ -*-===//

#include "aceso/Target/AcesoConfig.h"

#include "Fields.h"
#include "ModelFields.h"

#include "aceso/Cost/AcesoOps.h"

#include <set>

using namespace mlir;
using namespace aceso;
using nlohmann::ordered_json;

/// Whether the format can say what the op's shard says.
static LogicalResult checkShard(nn::NNOp unit) {
  par::ShardAttr shard = par::getShard(unit);
  if (shard.getRecompute() != par::RecomputeKind::Keep &&
      shard.getRecompute() != par::RecomputeKind::Recompute)
    return emitError(unit.getLoc())
           << "\"" << unit.getPath() << "\" has " << stringifyRecomputeKind(shard.getRecompute())
           << ", but the published format knows only keep and recompute";
  if (shard.getRule() == 0)
    return success();
  StringRef key = unit.getProfileKey();
  std::optional<AcesoOpTraits> traits = acesoOpTraits({key.data(), key.size()});
  if (shard.getRule() == 1 && traits && traits->hasSecondRule)
    return success();
  return emitError(unit.getLoc())
         << "\"" << unit.getPath() << "\" has rule " << shard.getRule()
         << ", which the published format cannot say: its algo of this op is "
         << (traits && traits->hasSecondRule ? "0 or 1" : "0")
         << " (par-set-rule changes the rule)";
}

/// Fields that have one entry for each stage.
static void addStage(ordered_json &config, par::StageOp marker) {
  ordered_json tp = ordered_json::array(), dp = tp, rule = tp, recompute = tp;
  std::set<std::tuple<int64_t, int64_t, int64_t>> degrees;
  bool recomputes = false;
  for (nn::NNOp unit : marker.getUnits()) {
    par::ShardAttr shard = par::getShard(unit);
    tp.push_back(shard.getTp());
    dp.push_back(shard.getDp());
    rule.push_back(shard.getRule());
    recompute.push_back(shard.isRecomputed() ? 1 : 0);
    recomputes |= shard.isRecomputed();
    degrees.insert({shard.getTp(), shard.getDp(), shard.getRule()});
  }
  config[field::devices].push_back(marker.getDevices());
  config[field::recomputes].push_back(recomputes);
  config[field::isMixed].push_back(degrees.size() > 1);
  config[field::numOps].push_back(tp.size());
  config[field::tp].push_back(std::move(tp));
  config[field::dp].push_back(std::move(dp));
  config[field::recompute].push_back(std::move(recompute));
  config[field::rule].push_back(std::move(rule));
}

std::optional<ordered_json> aceso::exportAcesoConfig(par::PlanOp plan) {
  DictionaryAttr model = plan.getConfigAttr();
  if (!model) {
    emitError(plan.getLoc()) << "@" << plan.getSymName()
                             << " has no attribute 'config' with the sizes of its model, which a "
                                "published plan begins with";
    return std::nullopt;
  }
  for (nn::NNOp unit : plan.getUnits())
    if (failed(checkShard(unit)))
      return std::nullopt;
  ordered_json config;
  for (StringRef name : modelFields(model)) {
    std::optional<ordered_json> value = toJson(model.get(name));
    if (!value) {
      emitError(plan.getLoc()) << "config." << name << " is neither number, text nor list of them";
      return std::nullopt;
    }
    config[name] = std::move(*value);
  }
  config[field::globalBatch] = plan.getGlobalBatch();
  config[field::microBatch] = plan.getMicroBatch();
  SmallVector<par::StageOp> stages = par::getStages(plan);
  config[field::numStages] = stages.size();
  for (StringRef list : {field::devices, field::recomputes, field::isMixed, field::numOps,
                         field::tp, field::dp, field::recompute, field::rule})
    config[list] = ordered_json::array();
  for (par::StageOp marker : stages)
    addStage(config, marker);
  return config;
}
