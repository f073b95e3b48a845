//===- ExecPlace.cpp - Pass exec-place --------------------------*- C++ -*-===//

#include "StagePlacer.h"

#include "aceso/Dialect/Exec/Transforms/Passes.h"
#include "aceso/Dialect/NN/ModelLike.h"
#include "aceso/Program/Kernels.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECPLACEPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

namespace {

class GraphPlacer {
public:
  explicit GraphPlacer(GraphOp graph) : graph(graph), builder(graph) {}

  LogicalResult run() {
    program =
        ProgramOp::create(builder, graph.getLoc(), graph.getSymNameAttr(), graph.getClusterAttr(),
                          graph.getGlobalBatchAttr(), graph.getMicroBatchAttr(),
                          graph.getScheduleAttr(), OptimizerAttr(), graph.getPlanHashAttr());
    builder.setInsertionPointToStart(&program.getBody().emplaceBlock());
    if (failed(declareInputs()))
      return failure();
    for (auto parameter : graph.getBody().front().getOps<nn::ParameterOp>())
      ParameterOp::create(builder, parameter.getLoc(), parameter.getPathAttr(),
                          parameter.getInitAttr(), parameter.getNoDecayAttr(),
                          TypeAttr::get(parameter.getType()));
    if (failed(makeStages()))
      return failure();
    for (Operation &op : graph.getBody().front())
      if (!isa<nn::ParameterOp>(op))
        place(&op);
    return success();
  }

private:
  LogicalResult declareInputs() {
    InputOp counted;
    for (BlockArgument argument : graph.getArguments()) {
      auto type = cast<RankedTensorType>(argument.getType());
      // Whoever uses the input says which dimension counts samples, by its letters, and whether its
      // kernel divides by the number of labels.
      int64_t batchDim = 0;
      bool isCounted = false;
      for (OpOperand &use : argument.getUses())
        if (auto unit = dyn_cast<nn::NNOp>(use.getOwner())) {
          Signature signature = unit.getSignature();
          const std::vector<std::string> &dims = signature.operands[use.getOperandNumber()].dims;
          if (auto it = llvm::find(dims, std::string(1, batchLetter)); it != dims.end())
            batchDim = it - dims.begin();
          const KernelInfo *kernel = findKernel(unit->getName().getStringRef());
          isCounted |= kernel && kernel->countedOperand == use.getOperandNumber();
        }
      auto input = InputOp::create(
          builder, argument.getLoc(),
          builder.getStringAttr(nn::inputName(graph, argument.getArgNumber())), TypeAttr::get(type),
          builder.getI64IntegerAttr(batchDim), isCounted ? builder.getUnitAttr() : UnitAttr());
      if (isCounted && counted)
        return graph.emitOpError("divides by the counted labels of two inputs, @")
               << counted.getSymName() << " and @" << input.getSymName()
               << "; a step counts those of one";
      if (isCounted)
        counted = input;
    }
    return success();
  }

  LogicalResult makeStages() {
    std::vector<std::vector<int64_t>> dps(graph.getStageDevices().size());
    for (Operation &op : graph.getBody().front())
      if (par::ShardAttr shard = par::getShard(&op))
        dps[getAt(&op).getStage()].push_back(shard.getDp());
    int64_t firstRank = 0, perNode = graph.getCluster().getDevicesPerNode();
    for (auto [index, devices] : llvm::enumerate(graph.getStageDevices())) {
      std::optional<Mesh> mesh = Mesh::factorize(devices, perNode, dps[index]);
      if (!mesh)
        return graph.emitOpError("has no numbering of the ")
               << devices << " devices of stage " << index
               << " that serves the degrees of all its ops";
      auto stage = StageOp::create(builder, graph.getLoc(), builder.getI64IntegerAttr(index),
                                   builder.getI64IntegerAttr(firstRank),
                                   builder.getDenseI64ArrayAttr(mesh->getRadices()));
      stage.getBody().emplaceBlock();
      placers.push_back(std::make_unique<StagePlacer>(stage, *mesh));
      firstRank += devices;
    }
    return success();
  }

  void place(Operation *op) {
    AtAttr at = getAt(op);
    StagePlacer &placer = *placers[at.getStage()];
    if (auto copy = dyn_cast<CopyOp>(op))
      return transfer(copy, at);
    if (auto seed = dyn_cast<LossSeedOp>(op))
      return placer.placeLossSeed(seed);
    if (auto accumulate = dyn_cast<AccumulateOp>(op))
      return placer.placeAccumulate(accumulate);
    if (auto ret = dyn_cast<GraphReturnOp>(op))
      return placer.placeLoss(ret.getLoss());
    if (auto sum = dyn_cast<nn::SumOp>(op))
      return placer.placeSum(sum);
    placer.place(cast<nn::NNOp>(op), at.getPhase());
  }

  void transfer(CopyOp copy, AtAttr at) {
    int64_t sourceStage = getAt(copy.getSource().getDefiningOp()).getStage();
    StagePlacer &source = *placers[sourceStage], &destination = *placers[at.getStage()];
    Layout arrival = firstWanted(copy.getResult(), destination);
    std::string name = "value" + std::to_string(numTransfers++);
    Transfer plan = planTransfer(source.getMesh(), source.cheapestToOwn(copy.getSource()),
                                 destination.getMesh(), arrival,
                                 cast<RankedTensorType>(copy.getType()).getShape().vec());
    source.send(copy.getSource(), plan.sent, at.getStage(), name, at.getPhase());
    destination.receive(copy.getResult(), plan.received, sourceStage, name, at.getPhase());
  }

  /// What the first op that computes with `value` wants of it, without pending digits.
  static Layout firstWanted(Value value, const StagePlacer &placer) {
    Operation *first = nullptr;
    unsigned operand = 0;
    for (OpOperand &use : value.getUses())
      if (isa<nn::NNOp>(use.getOwner()) && (!first || use.getOwner()->isBeforeInBlock(first))) {
        first = use.getOwner();
        operand = use.getOperandNumber();
      }
    if (auto sum = dyn_cast_if_present<nn::SumOp>(first))
      return firstWanted(sum.getResult(), placer);
    if (!first)
      return Layout::replicated(cast<RankedTensorType>(value.getType()).getRank());
    return placer.wanted(cast<nn::NNOp>(first), operand).withoutPending();
  }

  GraphOp graph;
  OpBuilder builder;
  ProgramOp program;
  std::vector<std::unique_ptr<StagePlacer>> placers;
  unsigned numTransfers = 0;
};

struct ExecPlacePass : aceso::exec::impl::ExecPlacePassBase<ExecPlacePass> {
  void runOnOperation() override {
    if (getOperation().getOps<GraphOp>().empty()) {
      emitError(getOperation().getLoc())
          << "holds no exec.graph; convert-par-to-exec makes one from a plan";
      return signalPassFailure();
    }
    for (auto graph : llvm::make_early_inc_range(getOperation().getOps<GraphOp>())) {
      if (failed(GraphPlacer(graph).run()))
        return signalPassFailure();
      graph.erase();
    }
  }
};

} // namespace
