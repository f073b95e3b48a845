//===- Registration.cpp - Everything a tool can register --------*- C++ -*-===//

#include "aceso/Registration.h"

#include "aceso/Analysis/Passes.h"
#include "aceso/Conversion/NNToPar/NNToPar.h"
#include "aceso/Conversion/ParToExec/ParToExec.h"
#include "aceso/Dialect/Exec/Transforms/Passes.h"
#include "aceso/Dialect/NN/NN.h"
#include "aceso/Dialect/NN/Transforms/Passes.h"
#include "aceso/Dialect/Par/Par.h"
#include "aceso/Dialect/Par/Transforms/Passes.h"
#include "aceso/Target/AcesoConfig.h"
#include "aceso/Target/ModelImport.h"
#include "aceso/Target/ProfileExport.h"
#include "aceso/Target/ProgramExport.h"
#include "aceso/Transforms/Passes.h"
#include "aceso/Transforms/Pipelines.h"
#include "aceso/Transforms/Search/Passes.h"

#include "mlir/Transforms/Passes.h"

void aceso::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<nn::NNDialect, par::ParDialect, exec::ExecDialect>();
}

void aceso::registerPasses() {
  nn::registerAcesoNNPasses();
  registerAcesoNNToParPasses();
  registerAcesoAnalysisPasses();
  par::registerAcesoParPasses();
  registerAcesoParToExecPasses();
  exec::registerAcesoExecPasses();
  registerAcesoTransformsPasses();
  registerPipelines();
  registerAcesoSearchPasses();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerLoopInvariantCodeMotionPass();
}

void aceso::registerTranslations() {
  registerImportModel();
  registerAcesoConfig();
  registerExportProgram();
  registerExportProfileSet();
}
