//===- aceso-opt.cpp - Passes on IR files -----------------------*- C++ -*-===//

#include "AnchorCheck.h"
#include "OptionErrors.h"

#include "aceso/Registration.h"
#include "aceso/Target/ShortErrors.h"
#include "aceso/Target/ShortHelp.h"

#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

/// As mlir::MlirOptMain runs on two files.
static LogicalResult run(StringRef inputName, StringRef outputName, DialectRegistry &registry,
                         const MlirOptMainConfig &config) {
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> input = openInputFile(inputName, &error);
  std::unique_ptr<llvm::ToolOutputFile> output;
  if (input)
    output = openOutputFile(outputName, &error);
  if (!output) {
    llvm::errs() << error << "\n";
    return failure();
  }
  if (failed(MlirOptMain(output->os(), std::move(input), registry, config)))
    return failure();
  output->keep();
  return success();
}

int main(int argc, char **argv) {
  aceso::keepHelpShort();
  aceso::keepErrorsShort();
  DialectRegistry registry;
  aceso::registerDialects(registry);
  aceso::registerPasses();
  auto [inputName, outputName] = registerAndParseCLIOptions(
      argc, argv, "aceso: plans and lowers parallel training\n", registry);
  MlirOptMainConfig given = MlirOptMainConfig::createFromCLOptions(), config = given;
  // Those print a list and read nothing.
  if (given.shouldShowDialects() || given.shouldListPasses())
    return asMainReturnCode(MlirOptMain(argc, argv, inputName, outputName, registry));
  llvm::InitLLVM init(argc, argv);
  config.setPassPipelineSetupFn([&](PassManager &manager) {
    {
      aceso::OptionErrors errors(manager.getContext(), ArrayRef<const char *>(argv, argc));
      if (failed(given.setupPassPipeline(manager)))
        return failure();
    }
    aceso::addAnchorCheck(manager);
    return success();
  });
  return asMainReturnCode(run(inputName, outputName, registry, config));
}
