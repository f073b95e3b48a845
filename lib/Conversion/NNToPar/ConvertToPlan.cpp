//===- ConvertToPlan.cpp - A model's ops under a plan ---------------------===//

#include "aceso/Conversion/NNToPar/NNToPar.h"

#include "aceso/Analysis/PlanFacts.h"

using namespace mlir;
using namespace aceso;

par::PlanOp aceso::convertToPlan(nn::ModelOp model, const CompactPlan &compact) {
  OpBuilder builder(model);
  MLIRContext *context = model.getContext();
  auto plan = par::PlanOp::create(
      builder, model.getLoc(), model.getSymNameAttr(), model.getFunctionTypeAttr(),
      toClusterAttr(compact.cluster, context), builder.getI64IntegerAttr(compact.globalBatch),
      builder.getI64IntegerAttr(compact.microBatch),
      par::ScheduleAttr::get(context, par::ScheduleKind::OneFOneB), model.getConfigAttr(),
      model.getProfileAttr(), model.getArgAttrsAttr(), model.getResAttrsAttr());
  plan.getBody().takeBody(model.getBody());
  model.erase();

  Block &body = plan.getBody().front();
  auto modelReturn = cast<nn::ReturnOp>(body.getTerminator());
  builder.setInsertionPoint(modelReturn);
  par::ReturnOp::create(builder, modelReturn.getLoc(), modelReturn.getLoss());
  modelReturn.erase();

  SmallVector<nn::NNOp> units = plan.getUnits();
  for (auto parameter : llvm::make_early_inc_range(body.getOps<nn::ParameterOp>()))
    if (!parameter->isBeforeInBlock(units.front()))
      parameter->moveBefore(units.front());
  // Everything in one stage; applyCompactPlan does the rest.
  builder.setInsertionPoint(units.front());
  par::StageOp::create(builder, units.front().getLoc(), compact.stages.front().devices);
  for (auto [unit, op] : llvm::zip_equal(units, compact.ops))
    unit->setAttr(par::ShardAttr::attrName, toShardAttr(op, context));
  applyCompactPlan(plan, compact);
  return plan;
}
