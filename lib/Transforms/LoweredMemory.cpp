//===- LoweredMemory.cpp - Lowering a plan to see what it holds -*- C++ -*-===//

#include "aceso/Transforms/LoweredMemory.h"

#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Program/ProgramMemory.h"
#include "aceso/Target/ProgramExport.h"
#include "aceso/Transforms/Pipelines.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"

using namespace mlir;
using namespace aceso;

static FailureOr<Program> lower(par::PlanOp plan) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(plan.getLoc());
  module->push_back(plan->clone());
  PassManager manager(plan.getContext());
  buildLowerToExec(manager, LowerToExecOptions());
  if (failed(manager.run(*module)))
    return failure();
  return exportProgram(*module->getOps<exec::ProgramOp>().begin());
}

LoweredMemory aceso::computeLoweredMemory(par::PlanOp plan) {
  LoweredMemory memory;
  ScopedDiagnosticHandler handler(plan.getContext(), [&](Diagnostic &diagnostic) {
    if (memory.problem.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      memory.problem = diagnostic.str();
    return success();
  });
  FailureOr<Program> program = lower(plan);
  if (failed(program))
    return memory;
  for (uint32_t stage = 0; stage < program->stages.size(); ++stage)
    memory.stageBytes.push_back(computeStageMemory(*program, stage).peakBytes);
  return memory;
}
