//===- Pipelines.cpp - Passes in the order of the lowering ------*- C++ -*-===//

#include "aceso/Transforms/Pipelines.h"

#include "aceso/Conversion/ParToExec/ParToExec.h"
#include "aceso/Dialect/Exec/Transforms/Passes.h"
#include "aceso/Transforms/Passes.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace aceso;

void aceso::buildLowerToExec(OpPassManager &manager, const LowerToExecOptions &options) {
  // The global program first: stages, gradient, recomputed ops. No collective is ever
  // differentiated.
  manager.addPass(createConvertParToExecPass());
  OpPassManager &graph = manager.nest<exec::GraphOp>();
  graph.addPass(exec::createExecGradientPass());
  // Recompute looks at backward uses, so it comes after the gradient, and before anything is split.
  graph.addPass(exec::createExecRecomputePass());

  // Then its ranks: local tensors with conversions, what happens once a step, and only then
  // collectives, so that one expansion serves both.
  manager.addPass(exec::createExecPlacePass());
  OpPassManager &program = manager.nest<exec::ProgramOp>();
  exec::ExecSynchronizePassOptions synchronize;
  synchronize.optimizer = options.optimizer;
  synchronize.beta1 = options.beta1;
  synchronize.beta2 = options.beta2;
  synchronize.epsilon = options.epsilon;
  synchronize.weightDecay = options.weightDecay;
  synchronize.momentum = options.momentum;
  synchronize.clipGrad = options.clipGrad;
  program.addPass(exec::createExecSynchronizePass(synchronize));
  program.addPass(exec::createExecExpandConversionsPass());
  // Slots get their depth from the schedule; releases come last, when no pass moves a use any more.
  program.addPass(exec::createExecSchedulePass());
  program.addPass(exec::createExecReleasePass());
  program.addPass(exec::createExecVerifyCompletePass());
  if (options.printMemory)
    program.addPass(createExecPrintMemoryPass());
}

void aceso::registerPipelines() {
  // As PassPipelineRegistration does, but an error about the options is reported like that of a
  // pass and not printed.
  registerPassPipeline(
      "lower-to-exec", "Lowers a plan to the program of every rank",
      [](OpPassManager &manager, StringRef text,
         llvm::function_ref<LogicalResult(const Twine &)> fail) -> LogicalResult {
        LowerToExecOptions options;
        std::string error;
        llvm::raw_string_ostream stream(error);
        if (failed(options.parseFromString(text, stream)))
          return fail(error);
        buildLowerToExec(manager, options);
        return success();
      },
      [](llvm::function_ref<void(const detail::PassOptions &)> visit) {
        visit(LowerToExecOptions());
      });
}
