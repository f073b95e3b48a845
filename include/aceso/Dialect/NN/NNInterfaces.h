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
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/SmallVector.h"

namespace aceso::nn {

/// A label that takes no part in the loss.
inline constexpr int64_t ignoredLabel = -100;

/// What one device computes and keeps for one micro-batch of an op.
struct OpCost {
  double forwardFlops = 0, backwardFlops = 0;
  int64_t parameterBytes = 0;
  /// Bytes of results, an estimate of what is kept for backward before liveness is known.
  int64_t savedBytes = 0;
  int64_t workspaceBytes = 0;
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

/// OpCost from letters and types alone: floating-point operations by iteration space, parameter
/// bytes of operands that nn.parameter defines. Backward of an op with parameters or two
/// activations costs twice its forward.
OpCost costFromLetters(mlir::Operation *op, int64_t microBatch, const aceso::Degrees &degrees);

/// Checks operand and result shapes against the letters, and the letters of every rule.
mlir::LogicalResult verifyNNOp(mlir::Operation *op);

/// Prints the inputs of a model or plan under their names (nn.name).
void nameInputs(mlir::FunctionOpInterface model, mlir::Region &region,
                mlir::OpAsmSetValueNameFn setNameFn);

/// f32, or f64 where `type` is: what statistics and losses of values of `type` are kept in.
mlir::Type accumulationType(mlir::Type elementType);

/// Reads the letters of `op` off `pattern` and binds them to its types; `minor` are extents of
/// letters that stand in no dimension of their own. The op's verifier reports shapes that do not
/// fit.
aceso::Signature bindSignature(mlir::Operation *op, llvm::StringRef pattern, llvm::StringRef rules,
                               llvm::StringRef nosplit = "",
                               llvm::ArrayRef<std::pair<char, int64_t>> minor = {});

} // namespace aceso::nn

#include "aceso/Dialect/NN/NNInterfaces.h.inc"

#endif // ACESO_DIALECT_NN_NNINTERFACES_H
