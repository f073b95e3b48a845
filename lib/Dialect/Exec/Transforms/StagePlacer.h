//===- StagePlacer.h - The values of one stage in their layouts -*- C++ -*-===//
//
// Builds forward and backward segment of one stage. Keeps for every global value the forms
// (layouts) in which it exists there, and makes others on demand. (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_DIALECT_EXEC_TRANSFORMS_STAGEPLACER_H
#define ACESO_LIB_DIALECT_EXEC_TRANSFORMS_STAGEPLACER_H

#include "aceso/Dialect/Exec/Exec.h"

#include "llvm/ADT/StringSet.h"

namespace aceso::exec {

class StagePlacer {
public:
  /// Builds into `stage`, which is empty.
  StagePlacer(StageOp stage, Mesh mesh);

  const Mesh &getMesh() const { return mesh; }

  /// The layouts of an nn op by its shard, on this stage's mesh.
  Layout wanted(nn::NNOp op, unsigned operand) const;
  Layout left(nn::NNOp op, unsigned result) const;

  /// Places a global nn op (no nn.sum).
  void place(nn::NNOp op, Phase phase);
  /// A gradient sum is only remembered: when to add is decided by who asks for it.
  void placeSum(nn::SumOp op) { sums[op.getResult()] = llvm::to_vector(op.getInputs()); }
  void placeLossSeed(LossSeedOp op);
  /// Adds to the gradient of a parameter, each contribution in its own layout.
  void placeAccumulate(AccumulateOp op);
  /// Adds the loss to its metric slot.
  void placeLoss(mlir::Value loss);

  /// The local value of `value` in layout `want`, converted if it does not exist in it.
  mlir::Value get(mlir::Value value, const Layout &want, Phase phase);

  /// Layout of the form of `value` that is cheapest to convert to a form with one owner for each
  /// element (of the first contribution for a sum that has no form yet).
  Layout cheapestToOwn(mlir::Value value) const;
  void send(mlir::Value value, const Layout &sent, int64_t peer, llvm::StringRef name, Phase phase);
  void receive(mlir::Value value, const Layout &received, int64_t peer, llvm::StringRef name,
               Phase phase);

private:
  /// A global value in one layout.
  struct Form {
    Layout layout;
    mlir::Value local;
    Phase phase;
    /// A forward form as backward loads it.
    mlir::Value loaded;
  };

  mlir::RankedTensorType localTypeOf(mlir::Value global, const Layout &layout) const;
  mlir::OpBuilder &builder(Phase phase) { return phase == Phase::Forward ? forward : backward; }
  llvm::StringRef symbolOf(mlir::Value global) const;

  /// The local value of form `index` of `value` in `phase`; through a slot from forward to
  /// backward.
  mlir::Value materialize(mlir::Value value, size_t index, Phase phase);
  mlir::Value convert(mlir::Value local, mlir::RankedTensorType type, Phase phase);
  mlir::Value getParameter(nn::ParameterOp parameter, const Layout &want, Phase phase);
  mlir::Value getInput(mlir::BlockArgument input, const Layout &want, Phase phase);
  mlir::Value getSum(mlir::Value value, const Layout &want, Phase phase);
  /// The contributions of a sum; those of a contribution that is itself a sum without a form in its
  /// place.
  void collectContributions(mlir::Value value,
                            llvm::SmallVectorImpl<mlir::Value> &contributions) const;
  /// Adds local values of one type.
  mlir::Value addLocals(llvm::ArrayRef<mlir::Value> locals, llvm::StringRef path, Phase phase);
  size_t cheapest(mlir::Value value, llvm::function_ref<Layout(const Layout &)> target) const;
  SlotOp makeSlot(const llvm::Twine &name, SlotRole role, mlir::Type type,
                  mlir::StringAttr parameter = {});

  StageOp stage;
  Mesh mesh;
  mlir::OpBuilder slots, forward, backward;
  /// Last receive of each phase: the next one stands behind it.
  llvm::DenseMap<unsigned, mlir::Operation *> lastReceive;

  llvm::DenseMap<mlir::Value, llvm::SmallVector<Form>> forms;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> sums;
  /// Slot of each weight (parameter in a layout) and gradient, by local type.
  llvm::DenseMap<std::pair<mlir::Value, mlir::Type>, SlotOp> weights, gradients;
  /// Of all slots.
  llvm::StringSet<> names;
};

} // namespace aceso::exec

#endif // ACESO_LIB_DIALECT_EXEC_TRANSFORMS_STAGEPLACER_H
