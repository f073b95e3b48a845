//===- aceso-translate.cpp - Imports and exports ----------------*- C++ -*-===//

#include "aceso/Registration.h"
#include "aceso/Target/ShortErrors.h"
#include "aceso/Target/ShortHelp.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

/// What registerTranslations registers.
static constexpr llvm::StringLiteral translations[] = {"import-model", "import-aceso-config",
                                                       "export-aceso-config", "export-program",
                                                       "export-profile-set"};

/// Whether the command line names a translation, or asks for help. Of one that does not, MLIR says
/// as often as there are translations that something is missing, and not what.
static bool saysWhatToDo(llvm::ArrayRef<char *> arguments) {
  return llvm::any_of(arguments, [](llvm::StringRef argument) {
    llvm::StringRef name = argument.ltrim('-').split('=').first;
    return argument.starts_with("-") && (llvm::is_contained(translations, name) || name == "h" ||
                                         name.starts_with("help") || name == "version");
  });
}

int main(int argc, char **argv) {
  if (!saysWhatToDo(llvm::ArrayRef<char *>(argv, argc))) {
    llvm::errs() << "aceso-translate: error: no translation is named; choose one of";
    for (llvm::StringRef name : translations)
      llvm::errs() << " --" << name;
    llvm::errs() << "\n";
    return 1;
  }
  aceso::keepHelpShort();
  aceso::keepErrorsShort();
  aceso::registerTranslations();
  return mlir::failed(mlir::mlirTranslateMain(
      argc, argv, "aceso: reads models and plans, writes plans and programs\n"));
}
