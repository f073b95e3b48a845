//===- Registration.cpp - Everything a tool can register --------*- C++ -*-===//

#include "aceso/Registration.h"

#include "aceso/Dialect/NN/NN.h"
#include "aceso/Dialect/Par/Par.h"
#include "aceso/Target/ModelImport.h"

#include "mlir/Transforms/Passes.h"

void aceso::registerDialects(mlir::DialectRegistry &registry) { registry.insert<nn::NNDialect, par::ParDialect>(); }

void aceso::registerPasses() {
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerLoopInvariantCodeMotionPass();
}

void aceso::registerTranslations() { registerImportModel(); }
