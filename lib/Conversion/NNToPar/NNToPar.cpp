//===- NNToPar.cpp - Pass convert-nn-to-par -------------------------------===//

#include "aceso/Conversion/NNToPar/NNToPar.h"

#include "aceso/Analysis/PlanCostAnalysis.h"
#include "aceso/Cost/InitialPlan.h"
#include "aceso/Cost/PlanCheck.h"

namespace aceso {
#define GEN_PASS_DEF_CONVERTNNTOPARPASS
#include "aceso/Conversion/NNToPar/Passes.h.inc"
} // namespace aceso

using namespace mlir;
using namespace aceso;

namespace {

struct ConvertNNToParPass : aceso::impl::ConvertNNToParPassBase<ConvertNNToParPass> {
  using ConvertNNToParPassBase::ConvertNNToParPassBase;

  void runOnOperation() override {
    SmallVector<nn::ModelOp> models = llvm::to_vector(getOperation().getOps<nn::ModelOp>());
    if (models.empty()) {
      emitError(getOperation().getLoc())
          << "holds no nn.model; aceso-translate --import-model makes one from a model file";
      return signalPassFailure();
    }
    for (nn::ModelOp model : models)
      if (failed(convert(model)))
        return signalPassFailure();
  }

private:
  /// Options that no model can make good.
  std::string checkOptions() const {
    auto number = [](const auto &option) { return std::to_string(option.getValue()); };
    for (auto [option, meaning] :
         {std::pair(&devicesPerNode, "devices of a node"),
          std::pair(&memoryMiB, "memory limit of a device in MiB"),
          std::pair(&globalBatch, "samples of a training step"), std::pair(&stages, "stages"),
          std::pair(&nodes, "nodes"), std::pair(&microBatch, "samples of a micro-batch"),
          std::pair(&maxDevices, "most devices of a stage")})
      if (*option < 1)
        return "the option '" + option->getArgStr().str() + "' (" + meaning +
               ") must be given and at least 1, not " + number(*option);
    constexpr int64_t most = par::ClusterAttr::most;
    if (stages > most || nodes > most || devicesPerNode > most || memoryMiB > most)
      return "stages, nodes, devices-per-node and memory-mb are at most " + std::to_string(most);
    if (recomputeReserveMiB < 0)
      return "recompute-reserve-mb=" + number(recomputeReserveMiB) + " must not be negative";
    if (profiles.empty() && recomputeReserveMiB != 0)
      return "recompute-reserve-mb needs the option 'profiles': without cost tables nothing is "
             "recomputed";
    if (profiles.empty() && formula.hasValue())
      return "formula=" + formula + " needs the option 'profiles', the folder of cost tables";
    return "";
  }

  Result<CompactPlan> makePlan(const ModelFacts &facts) const {
    if (std::string error = checkOptions(); !error.empty())
      return ErrorMessage{error};
    InitialPlanOptions options;
    options.numStages = stages;
    options.cluster = {nodes, devicesPerNode, memoryMiB, device};
    options.globalBatch = globalBatch;
    options.microBatch = microBatch;
    options.maxTp = maxDevices;
    Result<CompactPlan> plan = balancedInitialPlan(facts.ops.size(), options);
    if (!plan)
      return plan;
    if (std::optional<PlanViolation> violation = checkPlan(*plan, facts))
      return ErrorMessage{"the balanced plan of stages=" + std::to_string(stages) + " " +
                          violation->message};
    if (profiles.empty())
      return plan;
    Result<PlanFormula> costFormula = createFormula({profiles, formula}, facts, plan->cluster);
    if (!costFormula)
      return costFormula.takeError();
    Result<uint32_t> flags = costFormula->chooseRecompute(*plan, recomputeReserveMiB * unitsPerMiB);
    if (!flags)
      return flags.takeError();
    return plan;
  }

  LogicalResult convert(nn::ModelOp model) {
    Result<CompactPlan> plan = makePlan(collectModelFacts(model));
    if (!plan)
      return emitError(model.getLoc()) << plan.error();
    convertToPlan(model, *plan);
    return success();
  }
};

} // namespace
