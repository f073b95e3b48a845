//===- ImportConfig.cpp - A plan from a published file ----------*- C++ -*-===//

#include "aceso/Target/AcesoConfig.h"

#include "ConfigReader.h"
#include "Fields.h"
#include "ModelFields.h"

#include "aceso/Analysis/PlanFacts.h"
#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Cost/AcesoOps.h"
#include "aceso/Cost/PlanCheck.h"

#include <limits>
#include <numeric>
#include <set>

using namespace mlir;
using namespace aceso;
using nlohmann::json;

namespace {

class ConfigImporter {
public:
  ConfigImporter(const JsonObject &object, nn::ModelOp model, const ClusterDesc &cluster)
      : object(object), reader(object), model(model), facts(collectModelFacts(model)) {
    plan.cluster = cluster;
  }

  std::optional<CompactPlan> import() {
    checkFieldNames();
    checkModelFields();
    if (!reader.hasFailed())
      readPlan();
    if (!reader.hasFailed())
      checkStageFlags();
    if (!reader.hasFailed())
      if (std::optional<PlanViolation> violation = checkPlan(plan, facts))
        report(*violation);
    if (reader.hasFailed())
      return std::nullopt;
    return plan;
  }

private:
  void checkFieldNames();
  void checkModelFields();
  void readPlan();
  void checkStageFlags();
  void report(const PlanViolation &violation);

  const JsonObject &object;
  ConfigReader reader;
  nn::ModelOp model;
  ModelFacts facts;
  CompactPlan plan;
};

} // namespace

void ConfigImporter::checkFieldNames() {
  SmallVector<StringRef> known(std::begin(field::ofPlan), std::end(field::ofPlan));
  if (DictionaryAttr config = model.getConfigAttr())
    llvm::append_range(known, modelFields(config));
  for (const JsonObject::Member &member : object.getMembers())
    if (!llvm::is_contained(known, member.key))
      reader.fail(member.key) << "is no field of a plan of this model; the nearest is \""
                              << nearestWord(member.key, known) << "\"";
}

/// A file names the sizes of its model: they must be those of the model at hand.
void ConfigImporter::checkModelFields() {
  DictionaryAttr config = model.getConfigAttr();
  if (!config)
    return;
  for (StringRef name : modelFields(config)) {
    std::optional<nlohmann::ordered_json> expected = toJson(config.get(name));
    const JsonObject::Member *member = object.find(name);
    if (!member)
      reader.fail(name) << "of the model";
    else if (expected && json(*expected) != member->value)
      reader.fail(name) << "is " << member->value.dump() << ", but the model has "
                        << expected->dump()
                        << "; take the model that the plan is for, or change it with --set";
  }
}

void ConfigImporter::readPlan() {
  constexpr int64_t most = std::numeric_limits<int32_t>::max();
  constexpr int64_t mostDegree = std::numeric_limits<decltype(OpPlan::tp)>::max();
  plan.globalBatch = reader.integer(field::globalBatch, 1, mostSamples);
  plan.microBatch = reader.integer(field::microBatch, 1, mostSamples);
  int64_t numStages = reader.integer(field::numStages, 1, most);
  std::vector<int64_t> devices = reader.integers(field::devices, numStages, 1, mostDegree);
  std::vector<int64_t> numOps = reader.integers(field::numOps, numStages, 1, most);
  if (reader.hasFailed())
    return;
  if (int64_t sum = std::accumulate(numOps.begin(), numOps.end(), int64_t(0));
      sum != int64_t(facts.ops.size())) {
    reader.fail(field::numOps) << "adds up to " << sum << ", but the model has " << facts.ops.size()
                               << " ops";
    return;
  }
  std::vector<int64_t> tp = reader.lists(field::tp, numOps, 1, mostDegree);
  std::vector<int64_t> dp = reader.lists(field::dp, numOps, 1, mostDegree);
  std::vector<int64_t> recompute = reader.lists(field::recompute, numOps, 0, 1);
  std::vector<int64_t> rule = reader.lists(field::rule, numOps, 0, 1);
  if (reader.hasFailed())
    return;
  for (int64_t stage = 0; stage < numStages; ++stage)
    plan.stages.push_back({uint32_t(numOps[stage]), uint32_t(devices[stage])});
  for (size_t op = 0; op < facts.ops.size(); ++op) {
    OpPlan opPlan;
    opPlan.tp = tp[op];
    opPlan.dp = dp[op];
    opPlan.rule = rule[op];
    opPlan.recompute = recompute[op] != 0;
    plan.ops.push_back(opPlan);
  }
}

/// The flags that a file repeats for each stage, and rules that are none in the published system.
void ConfigImporter::checkStageFlags() {
  std::vector<bool> recomputes = reader.booleans(field::recomputes, plan.stages.size());
  std::vector<bool> isMixed = reader.booleans(field::isMixed, plan.stages.size());
  uint32_t op = 0;
  for (uint32_t stage = 0; stage < plan.stages.size() && !reader.hasFailed(); ++stage) {
    bool anyRecompute = false;
    std::set<std::tuple<uint16_t, uint16_t, uint8_t>> degrees;
    for (uint32_t first = op, end = op + plan.stages[stage].numOps; op < end; ++op) {
      const OpPlan &opPlan = plan.ops[op];
      anyRecompute |= opPlan.recompute;
      degrees.insert({opPlan.tp, opPlan.dp, opPlan.rule});
      std::optional<AcesoOpTraits> traits = acesoOpTraits(facts.ops[op].profileKey);
      if (opPlan.rule != 0 && !(traits && traits->hasSecondRule)) {
        reader.fail(field::rule) << "[" << stage << "][" << op - first << "] is "
                                 << int(opPlan.rule) << ", but the published system partitions \""
                                 << facts.ops[op].path << "\" in one way only: 0";
        return;
      }
    }
    if (anyRecompute != recomputes[stage])
      reader.fail(field::recomputes)
          << "[" << stage << "] is " << (recomputes[stage] ? "true" : "false") << ", but "
          << field::recompute << "[" << stage << "] has " << (anyRecompute ? "a" : "no") << " 1";
    else if ((degrees.size() > 1) != isMixed[stage])
      reader.fail(field::isMixed) << "[" << stage << "] is " << (isMixed[stage] ? "true" : "false")
                                  << ", but tp, dp and algo of the stage's ops are "
                                  << (degrees.size() > 1 ? "not all equal" : "all equal");
  }
}

/// What the plan's verifier would find, at the field that says it.
void ConfigImporter::report(const PlanViolation &violation) {
  uint32_t stage = violation.stage, op = violation.op;
  bool atOp = false;
  StringRef name;
  switch (violation.invariant) {
  case PlanInvariant::StageHasOps:
    name = field::numOps;
    break;
  case PlanInvariant::StagesFillTheCluster:
  case PlanInvariant::StagesKeepToNodes:
    name = field::devices;
    break;
  case PlanInvariant::OneFactorisation:
    name = field::dp;
    break;
  case PlanInvariant::Batches:
    name = field::microBatch;
    break;
  case PlanInvariant::ShardsFillTheirStage:
    name = field::tp;
    atOp = true;
    break;
  case PlanInvariant::DegreesDivide: {
    const OpPlan &own = plan.ops[op];
    bool ruleIsKnown = own.rule < facts.ops[op].numRules;
    bool dpFits = ruleIsKnown &&
                  checkOpDegrees(facts.ops[op], {1, own.dp, own.rule}, plan.microBatch).empty();
    name = !ruleIsKnown ? field::rule : dpFits ? field::tp : field::dp;
    atOp = true;
    break;
  }
  }
  InFlightDiagnostic diag = reader.fail(name);
  if (atOp)
    diag << "[" << stage << "][" << op - plan.firstOp(stage) << "] ";
  else if (violation.invariant == PlanInvariant::OneFactorisation ||
           violation.invariant == PlanInvariant::StagesKeepToNodes)
    diag << "[" << stage << "] ";
  diag << "means that the plan " << violation.message;
}

par::PlanOp aceso::importAcesoConfig(StringRef fileName, StringRef text, nn::ModelOp model,
                                     const ClusterDesc &cluster) {
  MLIRContext *context = model.getContext();
  context->loadDialect<par::ParDialect>();
  std::optional<JsonObject> object = JsonObject::parse(fileName, text, context);
  if (!object)
    return {};
  std::optional<CompactPlan> plan = ConfigImporter(*object, model, cluster).import();
  return plan ? convertToPlan(model, *plan) : par::PlanOp();
}
