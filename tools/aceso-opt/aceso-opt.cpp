//===- aceso-opt.cpp - Passes on IR files -----------------------*- C++ -*-===//

#include "AnchorCheck.h"
#include "OptionErrors.h"

#include "aceso/Registration.h"
#include "aceso/Support/OutputFiles.h"
#include "aceso/Target/ShortErrors.h"
#include "aceso/Target/ShortHelp.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

static LogicalResult fail(const std::string &message) {
  llvm::errs() << "aceso-opt: error: " << message << "\n";
  return failure();
}

/// As mlir::MlirOptMain runs on two files, but the output is written when all is done: it may be
/// the input, and what a failure leaves there is what was there.
static LogicalResult run(const std::string &inputName, const std::string &outputName,
                         DialectRegistry &registry, const MlirOptMainConfig &config) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> input =
      llvm::MemoryBuffer::getFileOrSTDIN(inputName, /*IsText=*/true);
  if (!input)
    return fail(inputName + ": cannot be read (" + input.getError().message() +
                "); give the path of an IR file");
  if (outputName == "-")
    return MlirOptMain(llvm::outs(), std::move(*input), registry, config);
  std::string text;
  llvm::raw_string_ostream output(text);
  if (failed(MlirOptMain(output, std::move(*input), registry, config)))
    return failure();
  std::string problem = aceso::tryWriteWhole(outputName, text);
  return problem.empty() ? success() : fail(problem);
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
