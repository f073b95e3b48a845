//===- Pipelines.h - Passes in the order of the lowering --------*- C++ -*-===//

#ifndef ACESO_TRANSFORMS_PIPELINES_H
#define ACESO_TRANSFORMS_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace aceso {

struct LowerToExecOptions : mlir::PassPipelineOptions<LowerToExecOptions> {
  Option<std::string> optimizer{*this, "optimizer", llvm::cl::init("adamw"),
                                llvm::cl::desc("adamw or sgd (default: adamw)")};
  Option<double> beta1{*this, "beta1", llvm::cl::init(0.9),
                       llvm::cl::desc("Decay of the first moment (adamw; default: 0.9)")};
  Option<double> beta2{*this, "beta2", llvm::cl::init(0.999),
                       llvm::cl::desc("Decay of the second moment (adamw; default: 0.999)")};
  Option<double> epsilon{
      *this, "eps", llvm::cl::init(1e-8),
      llvm::cl::desc("Added to the root of the second moment (adamw; default: 1e-8)")};
  Option<double> weightDecay{
      *this, "weight-decay", llvm::cl::init(0.01),
      llvm::cl::desc("Weight decay; parameters marked no_decay are left out (default: 0.01)")};
  Option<double> momentum{*this, "momentum", llvm::cl::init(0.0),
                          llvm::cl::desc("Momentum (sgd; default: 0)")};
  Option<double> clipGrad{
      *this, "clip-grad", llvm::cl::init(0.0),
      llvm::cl::desc("Largest norm of all gradients together (default: 0, no clipping)")};
  Option<bool> printMemory{
      *this, "print-memory", llvm::cl::init(false),
      llvm::cl::desc("Print the peak memory of every stage's ranks, by liveness")};
};

/// par.plan to a complete exec.program.
void buildLowerToExec(mlir::OpPassManager &manager, const LowerToExecOptions &options);

/// Registers --lower-to-exec.
void registerPipelines();

} // namespace aceso

#endif // ACESO_TRANSFORMS_PIPELINES_H
