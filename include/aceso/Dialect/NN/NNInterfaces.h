//===- NNInterfaces.h - What every nn op declares ---------------*- C++ -*-===//
//
// The interface NNOp and the few types that its methods speak.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_DIALECT_NN_NNINTERFACES_H
#define ACESO_DIALECT_NN_NNINTERFACES_H

#include "aceso/Layout/Signature.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/SmallVector.h"

namespace aceso::nn {

/// What one device computes and keeps for one micro-batch of an op. What kernels need beside is not
/// the op's but theirs (Program/KernelMemory.h).
struct OpCost {
  double forwardFlops = 0, backwardFlops = 0;
  int64_t parameterBytes = 0;
  /// Bytes of results, an estimate of what is kept for backward before liveness is known.
  int64_t savedBytes = 0;
};

/// Where gradient builders get and put gradients. Implemented by the gradient pass.
class GradientBuilder {
public:
  explicit GradientBuilder(mlir::OpBuilder &builder) : builder(builder) {}
  virtual ~GradientBuilder() = default;

  /// The gradient of a value, summed over its uses so far; null if it has none.
  virtual mlir::Value getGradient(mlir::Value value) = 0;
  /// Whether anybody wants the gradient of `value` (it depends on a parameter).
  virtual bool needsGradient(mlir::Value value) = 0;
  /// Adds a contribution to the gradient of `value`.
  virtual void addGradient(mlir::Value value, mlir::Value gradient) = 0;

  mlir::OpBuilder &builder;
};

class NNOp;

/// OpCost from letters and types alone: floating-point operations by iteration space, parameter
/// bytes of operands that nn.parameter defines. Backward of an op with parameters or two
/// activations costs twice its forward.
OpCost costFromLetters(mlir::Operation *op, int64_t microBatch, const aceso::Degrees &degrees);

/// Marks an op that only gradients consist of. It takes its rules from its forward op, so a rule
/// may name a letter that it lacks; no unit of planning is such an op.
template <typename ConcreteType>
class GradientOp : public mlir::OpTrait::TraitBase<ConcreteType, GradientOp> {};

/// Marks an op that only composites expand to.
template <typename ConcreteType>
class PrimitiveOp : public mlir::OpTrait::TraitBase<ConcreteType, PrimitiveOp> {};

/// Whether `op` is a unit of planning, of which models and plans consist.
bool isUnit(mlir::Operation *op);

/// Replaces a composite by its primitives, which get its discardable attributes, and erases it.
/// What stands for its results.
llvm::SmallVector<mlir::Value> expandComposite(NNOp op);

/// What attributes must hold before letters can be read from them. `isRules`: one letter or '-' for
/// each rule; `isLetters`: those of one tensor; `isPattern`: operands -> results, as in an einsum;
/// `isExtents`: letters with positive sizes.
bool isRules(llvm::StringRef text);
bool isLetters(llvm::StringRef text);
bool isPattern(llvm::StringRef text);
bool isExtents(mlir::DictionaryAttr extents);

/// Checks N1 to N6 of the dialect's description.
mlir::LogicalResult verifyNNOp(mlir::Operation *op);

/// f32, or f64 where `type` is: what statistics and losses of values of `type` are kept in.
mlir::Type accumulationType(mlir::Type elementType);

/// Shapes of tensors as Signature::bindShapes takes them: a dynamic size is dynamicExtent.
std::vector<std::vector<int64_t>> shapesOf(mlir::ValueRange values);

/// Reads the letters of `op` off `pattern` and binds them to its types; `minor` are extents of
/// letters that stand in no dimension of their own. The op's verifier reports shapes that do not
/// fit.
aceso::Signature bindSignature(mlir::Operation *op, llvm::StringRef pattern, llvm::StringRef rules,
                               llvm::StringRef nosplit = "",
                               llvm::ArrayRef<std::pair<char, int64_t>> minor = {});

} // namespace aceso::nn

#include "aceso/Dialect/NN/NNInterfaces.h.inc"

#endif // ACESO_DIALECT_NN_NNINTERFACES_H
