//===- RandomPlan.cpp - Plans from a seed -----------------------*- C++ -*-===//

#include "RandomPlan.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::test;

/// A number in [0, n); std distributions differ between libraries.
static int64_t below(std::mt19937 &generator, int64_t n) { return generator() % n; }

static bool chance(std::mt19937 &generator, int64_t percent) {
  return below(generator, 100) < percent;
}

/// "layers.0" of "layers.0.mlp.fc1"; the path itself outside of layers.
static StringRef layerOf(StringRef path) {
  if (!path.starts_with("layers."))
    return path;
  return path.take_front(path.find('.', 7));
}

namespace {
struct StageShape {
  int64_t devices, end;
};
/// How often ops of a plan take another rule, recompute, leave their stage's degrees; in percent.
struct Habits {
  int64_t rule, recompute, mix;
};
} // namespace

/// Stages of 1, 2 or 4 devices (3 now and then) on at most maxRanks, cut anywhere.
static std::vector<StageShape> chooseStages(std::mt19937 &generator, int64_t numOps,
                                            int64_t maxRanks) {
  std::vector<StageShape> stages;
  int64_t ranks = 1 + std::max(below(generator, maxRanks), below(generator, maxRanks));
  while (ranks > 0) {
    int64_t devices = 1;
    while (devices * 2 <= ranks && chance(generator, 45))
      devices *= 2;
    if (ranks == 3 && chance(generator, 20))
      devices = 3;
    stages.push_back({devices, 0});
    ranks -= devices;
  }
  std::vector<int64_t> cuts;
  while (cuts.size() + 1 < stages.size()) {
    int64_t cut = 1 + below(generator, numOps - 1);
    if (!llvm::is_contained(cuts, cut))
      cuts.push_back(cut);
  }
  llvm::sort(cuts);
  cuts.push_back(numOps);
  for (auto [stage, cut] : llvm::zip_equal(stages, cuts))
    stage.end = cut;
  return stages;
}

/// Degrees and rule that the op can run with; `base` is the stage's usual tp.
static par::ShardAttr chooseShard(std::mt19937 &generator, nn::NNOp unit, int64_t devices,
                                  int64_t baseTp, const Habits &habits, int64_t microBatch) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    int64_t tp = baseTp;
    if (chance(generator, habits.mix)) {
      tp = int64_t(1) << below(generator, 3);
      tp = chance(generator, 30) ? devices : tp;
    }
    if (devices % tp != 0)
      continue;
    int64_t numRules = unit.getPrimitiveSignatures().front().rules.size();
    int64_t rule = chance(generator, habits.rule) ? below(generator, numRules) : 0;
    Degrees degrees{tp, devices / tp, static_cast<unsigned>(rule)};
    if (!par::checkUnitDegrees(unit, degrees, microBatch).empty())
      continue;
    auto recompute = chance(generator, habits.recompute) ? par::RecomputeKind::Recompute
                                                         : par::RecomputeKind::Keep;
    return par::ShardAttr::get(unit.getContext(), degrees.tp, degrees.dp, rule, recompute);
  }
  // Every op runs with all its devices computing the same share of the batch, if that divides.
  for (int64_t tp = 1; tp <= devices; ++tp)
    if (devices % tp == 0)
      for (unsigned rule = 0; rule < unit.getPrimitiveSignatures().front().rules.size(); ++rule)
        if (par::checkUnitDegrees(unit, {tp, devices / tp, rule}, microBatch).empty())
          return par::ShardAttr::get(unit.getContext(), tp, devices / tp, rule,
                                     par::RecomputeKind::Keep);
  return {};
}

par::PlanOp aceso::test::makeRandomPlan(ModuleOp module, std::mt19937 &generator,
                                        const RandomPlanOptions &options, PlanTraits &traits) {
  nn::ModelOp model = *module.getOps<nn::ModelOp>().begin();
  auto units = llvm::to_vector(model.getBody().front().getOps<nn::NNOp>());
  std::vector<StageShape> stages = chooseStages(generator, units.size(), options.maxRanks);
  int64_t microBatch = options.globalBatch >> below(generator, 4);
  auto oneOf = [&](std::initializer_list<int64_t> values) {
    return values.begin()[below(generator, values.size())];
  };
  Habits habits;
  habits.rule = oneOf({0, 20, 60});
  habits.recompute = oneOf({0, 30, 60, 100});
  habits.mix = oneOf({0, 30, 60});

  traits = {};
  traits.numStages = stages.size();
  traits.accumulates = microBatch < options.globalBatch;
  OpBuilder b(model);
  for (const StageShape &stage : stages) {
    traits.numRanks += stage.devices;
    traits.largestStage = std::max(traits.largestStage, stage.devices);
    if (stage.end < static_cast<int64_t>(units.size()) &&
        layerOf(units[stage.end - 1].getPath()) == layerOf(units[stage.end].getPath()))
      traits.cutsLayer = true;
  }
  auto cluster = par::ClusterAttr::get(b.getContext(), 1, traits.numRanks, StringAttr(), 1000);
  auto plan = par::PlanOp::create(
      b, model.getLoc(), model.getSymNameAttr(), model.getFunctionTypeAttr(), cluster,
      b.getI64IntegerAttr(options.globalBatch), b.getI64IntegerAttr(microBatch),
      par::ScheduleAttr::get(b.getContext(), par::ScheduleKind::OneFOneB), model.getConfigAttr(),
      model.getProfileAttr(), model.getArgAttrsAttr(), model.getResAttrsAttr());
  plan.getBody().takeBody(model.getBody());
  Operation *terminator = plan.getBody().front().getTerminator();
  b.setInsertionPoint(terminator);
  par::ReturnOp::create(b, terminator->getLoc(), terminator->getOperand(0));
  terminator->erase();
  model.erase();

  int64_t begin = 0;
  bool recomputes = false, keeps = false;
  for (const StageShape &stage : stages) {
    b.setInsertionPoint(units[begin]);
    par::StageOp::create(b, plan.getLoc(), stage.devices);
    int64_t baseTp = int64_t(1) << below(generator, 3);
    while (stage.devices % baseTp != 0)
      baseTp /= 2;
    llvm::SmallVector<int64_t> tps;
    for (int64_t index = begin; index < stage.end; ++index) {
      par::ShardAttr shard =
          chooseShard(generator, units[index], stage.devices, baseTp, habits, microBatch);
      if (!shard)
        return {};
      units[index]->setAttr(par::ShardAttr::attrName, shard);
      tps.push_back(shard.getTp());
      traits.usesRule1 |= shard.getRule() == 1;
      (shard.isRecomputed() ? recomputes : keeps) = true;
    }
    traits.mixesDegrees |= llvm::any_of(tps, [&](int64_t tp) { return tp != tps.front(); });
    begin = stage.end;
  }
  traits.recomputesPart = recomputes && keeps;
  return plan;
}

OwningOpRef<ModuleOp> aceso::test::loadTinyModel(MLIRContext *context,
                                                 const ModelOverrides &overrides) {
  return importModelFile(ACESO_SOURCE_DIR "/test/Inputs/gpt-tiny.json", overrides, context);
}
