//===- ExecGradient.cpp - Pass exec-gradient --------------------*- C++ -*-===//
//
// Reverse-mode differentiation of a training graph on global tensors.
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/Exec/Transforms/Passes.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECGRADIENTPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

namespace {

class Differentiator final : public nn::GradientBuilder, OpBuilder::Listener {
public:
  Differentiator(GraphOp graph, OpBuilder &builder) : GradientBuilder(builder), graph(graph) {
    builder.setListener(this);
  }
  ~Differentiator() override { builder.setListener(nullptr); }

  LogicalResult run() {
    Block &body = graph.getBody().front();
    auto ret = cast<GraphReturnOp>(body.getTerminator());
    llvm::SmallVector<Operation *> forward;
    for (Operation &op : body.without_terminator()) {
      if (AtAttr at = getAt(&op); at && at.getPhase() != Phase::Forward)
        return op.emitOpError("is a backward op: the graph has its gradient already");
      forward.push_back(&op);
      // What depends on a parameter has a gradient.
      if (isa<nn::ParameterOp>(op) ||
          llvm::any_of(op.getOperands(), [&](Value v) { return active.contains(v); }))
        active.insert(op.result_begin(), op.result_end());
    }
    builder.setInsertionPoint(ret);
    attributesOf(ret.getOperation());
    addGradient(ret.getLoss(), LossSeedOp::create(builder, ret.getLoc(), ret.getLoss().getType()));
    for (Operation *op : llvm::reverse(forward)) {
      if (isa<nn::ParameterOp>(op) ||
          llvm::none_of(op->getResults(), [&](Value v) { return gradients.contains(v); }))
        continue;
      attributesOf(op);
      if (auto copy = dyn_cast<CopyOp>(op)) {
        Value dy = getGradient(copy.getResult());
        // The copy back lives where the value came from.
        attributesOf(copy.getSource().getDefiningOp());
        addGradient(copy.getSource(), CopyOp::create(builder, copy.getLoc(), dy));
        continue;
      }
      auto unit = dyn_cast<nn::NNOp>(op);
      if (!unit || unit.isComposite())
        return op->emitOpError(
            "cannot be differentiated; expand composites first (convert-par-to-exec does)");
      if (failed(unit.buildGradient(*this)))
        return failure();
    }
    return success();
  }

  Value getGradient(Value value) override {
    auto it = gradients.find(value);
    if (it == gradients.end())
      return {};
    llvm::SmallVector<Value> &contributions = it->second;
    if (contributions.size() > 1) {
      Operation *producer = value.getDefiningOp();
      auto unit = dyn_cast<nn::NNOp>(producer);
      StringAttr path = builder.getStringAttr(unit ? unit.getPath() : StringRef("copy"));
      contributions = {
          nn::SumOp::create(builder, producer->getLoc(), value.getType(), path, contributions)};
    }
    return contributions.front();
  }

  bool needsGradient(Value value) override { return active.contains(value); }

  void addGradient(Value value, Value gradient) override {
    if (auto parameter = value.getDefiningOp<nn::ParameterOp>()) {
      AccumulateOp::create(builder, gradient.getLoc(), parameter, gradient);
      return;
    }
    gradients[value].push_back(gradient);
  }

private:
  /// Ops built from now on belong to the backward of `op`.
  void attributesOf(Operation *op) {
    at = AtAttr::get(op->getContext(), getAt(op).getStage(), Phase::Backward, false);
    shard = par::getShard(op);
  }

  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override {
    op->setAttr(AtAttr::attrName, at);
    if (shard && isa<nn::NNOp>(op))
      op->setAttr(par::ShardAttr::attrName, shard);
  }

  GraphOp graph;
  llvm::DenseSet<Value> active;
  llvm::DenseMap<Value, llvm::SmallVector<Value>> gradients;
  AtAttr at;
  par::ShardAttr shard;
};

struct ExecGradientPass : aceso::exec::impl::ExecGradientPassBase<ExecGradientPass> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    if (failed(Differentiator(getOperation(), builder).run()))
      signalPassFailure();
  }
};

} // namespace
