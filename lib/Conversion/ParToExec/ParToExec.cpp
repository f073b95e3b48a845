//===- ParToExec.cpp - From a plan to a training graph ----------*- C++ -*-===//

#include "aceso/Conversion/ParToExec/ParToExec.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso {
#define GEN_PASS_DEF_CONVERTPARTOEXECPASS
#include "aceso/Conversion/ParToExec/Passes.h.inc"
} // namespace aceso

/// A hash of all that the plan says: programs and checkpoints of one plan carry the same.
static std::string hashOf(par::PlanOp plan) {
  std::string text;
  llvm::raw_string_ostream os(text);
  plan->print(os, OpPrintingFlags().printGenericOpForm().enableDebugInfo(false));
  llvm::SHA256 hash;
  hash.update(text);
  return llvm::toHex(hash.final(), /*LowerCase=*/true).substr(0, 16);
}

/// The only dynamic dimension of a model is the batch.
static Type withBatch(Type type, int64_t microBatch) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.hasStaticShape())
    return type;
  llvm::SmallVector<int64_t> shape(tensor.getShape());
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size))
      size = microBatch;
  return RankedTensorType::get(shape, tensor.getElementType());
}

namespace {

class GraphBuilder {
public:
  explicit GraphBuilder(par::PlanOp plan)
      : plan(plan), microBatch(plan.getMicroBatch()), builder(plan->getContext()) {}

  GraphOp build() {
    llvm::SmallVector<Type> arguments;
    for (Type type : plan.getArgumentTypes())
      arguments.push_back(withBatch(type, microBatch));
    llvm::SmallVector<int64_t> stageDevices;
    for (par::StageOp stage : par::getStages(plan))
      stageDevices.push_back(stage.getDevices());

    builder.setInsertionPointAfter(plan);
    auto graph = GraphOp::create(
        builder, plan.getLoc(), plan.getSymNameAttr(),
        TypeAttr::get(builder.getFunctionType(arguments, plan.getResultTypes())),
        plan.getClusterAttr(), plan.getGlobalBatchAttr(), plan.getMicroBatchAttr(),
        plan.getScheduleAttr(), builder.getDenseI64ArrayAttr(stageDevices), plan.getConfigAttr(),
        plan.getProfileAttr(), builder.getStringAttr(hashOf(plan)), plan.getArgAttrsAttr(),
        plan.getResAttrsAttr());
    Block &body = graph.getBody().emplaceBlock();
    for (auto [argument, type] : llvm::zip_equal(plan.getBody().getArguments(), arguments))
      shared.map(argument, body.addArgument(type, argument.getLoc()));
    builder.setInsertionPointToStart(&body);

    int64_t stage = -1;
    for (Operation &op : plan.getBody().front()) {
      if (isa<par::StageOp>(op)) {
        stage++;
        onStage.emplace_back();
      } else if (isa<nn::ParameterOp>(op)) {
        builder.clone(op, shared);
      } else if (auto ret = dyn_cast<par::ReturnOp>(op)) {
        int64_t lossStage = stage;
        while (!onStage[lossStage].contains(ret.getLoss()))
          --lossStage;
        auto newReturn =
            GraphReturnOp::create(builder, ret.getLoc(), onStage[lossStage].lookup(ret.getLoss()));
        newReturn->setAttr(AtAttr::attrName, at(lossStage));
      } else {
        addUnit(cast<nn::NNOp>(op), stage);
      }
    }
    return graph;
  }

private:
  AtAttr at(int64_t stage) {
    return AtAttr::get(builder.getContext(), stage, Phase::Forward, false);
  }

  /// The value on `stage`; copied there if it is not.
  Value get(Value value, int64_t stage, Location loc) {
    if (Value common = shared.lookupOrNull(value))
      return common;
    if (Value here = onStage[stage].lookupOrNull(value))
      return here;
    int64_t from = stage - 1;
    while (!onStage[from].contains(value))
      --from;
    auto copy = CopyOp::create(builder, loc, onStage[from].lookup(value));
    copy->setAttr(AtAttr::attrName, at(stage));
    onStage[stage].map(value, copy.getResult());
    return copy.getResult();
  }

  void addUnit(nn::NNOp unit, int64_t stage) {
    IRMapping operands;
    for (Value operand : unit->getOperands())
      operands.map(operand, get(operand, stage, unit.getLoc()));
    Operation *clone = builder.clone(*unit, operands);
    clone->setAttr(AtAttr::attrName, at(stage));
    for (Value result : clone->getResults())
      result.setType(withBatch(result.getType(), microBatch));
    llvm::SmallVector<Value> results(clone->getResults());

    auto cloned = cast<nn::NNOp>(clone);
    if (cloned.isComposite())
      results = nn::expandComposite(cloned);
    for (auto [old, result] : llvm::zip_equal(unit->getResults(), results))
      onStage[stage].map(old, result);
  }

  par::PlanOp plan;
  int64_t microBatch;
  OpBuilder builder;
  /// Arguments and parameters, which every stage uses directly.
  IRMapping shared;
  /// For each stage, the plan's values that are there.
  std::vector<IRMapping> onStage;
};

struct ConvertParToExecPass : aceso::impl::ConvertParToExecPassBase<ConvertParToExecPass> {
  void runOnOperation() override {
    if (getOperation().getOps<par::PlanOp>().empty()) {
      emitError(getOperation().getLoc())
          << "holds no par.plan; convert-nn-to-par makes one from a model";
      return signalPassFailure();
    }
    for (auto plan : llvm::make_early_inc_range(getOperation().getOps<par::PlanOp>())) {
      // What it costs is no part of it: not of its hash either.
      par::removeCosts(plan);
      buildGraph(plan);
      plan.erase();
    }
  }
};

} // namespace

GraphOp aceso::buildGraph(par::PlanOp plan) { return GraphBuilder(plan).build(); }
