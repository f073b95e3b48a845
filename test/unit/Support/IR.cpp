//===- IR.cpp - Models and plans for tests ----------------------*- C++ -*-===//

#include "IR.h"

#include "aceso/Target/ModelImport.h"

using namespace mlir;
using namespace aceso;

test::TestContext::TestContext() : context(MLIRContext::Threading::DISABLED) {
  context.loadDialect<nn::NNDialect, par::ParDialect>();
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    diagnostics += diagnostic.str() + "\n";
    for (Diagnostic &note : diagnostic.getNotes())
      diagnostics += note.str() + "\n";
    return success();
  });
}

std::string test::TestContext::takeDiagnostics() { return std::exchange(diagnostics, {}); }

OwningOpRef<ModuleOp> test::gptTiny(MLIRContext *context,
                                    const std::vector<std::string> &settings) {
  return importModelFile(ACESO_SOURCE_DIR "/test/Inputs/gpt-tiny.json", {settings, ""}, context);
}

nn::ModelOp test::modelOf(ModuleOp module) { return *module.getOps<nn::ModelOp>().begin(); }

par::PlanOp test::planOf(ModuleOp module) { return *module.getOps<par::PlanOp>().begin(); }

std::string test::toText(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream);
  return text;
}
