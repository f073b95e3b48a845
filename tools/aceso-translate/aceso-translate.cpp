//===- aceso-translate.cpp - Imports and exports ----------------*- C++ -*-===//

#include "aceso/Registration.h"
#include "aceso/Target/ShortErrors.h"
#include "aceso/Target/ShortHelp.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
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

/// The value of the option -o, wherever it stands in the command line.
static char **findOutput(llvm::MutableArrayRef<char *> arguments, llvm::StringRef &name) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    llvm::StringRef argument = arguments[i];
    if ((argument == "-o" || argument == "--o") && i + 1 < arguments.size()) {
      name = arguments[i + 1];
      return &arguments[i + 1];
    }
    if (argument.consume_front("-o=") || argument.consume_front("--o=")) {
      name = argument;
      return &arguments[i];
    }
  }
  return nullptr;
}

/// MLIR's main program opens its output before it knows whether there will be one. It gets another
/// file, so that a failure leaves what was there.
static bool translateWhole(llvm::MutableArrayRef<char *> arguments) {
  auto translate = [&] {
    return succeeded(
        mlir::mlirTranslateMain(arguments.size(), arguments.data(),
                                "aceso: reads models and plans, writes plans and programs\n"));
  };
  llvm::StringRef name;
  char **argument = findOutput(arguments, name);
  bool isFile = argument && name != "-" &&
                (!llvm::sys::fs::exists(name) || llvm::sys::fs::is_regular_file(name));
  if (!isFile)
    return translate();
  std::string whole = name.str(), part = whole + ".part",
              option = llvm::StringRef(*argument).drop_back(whole.size()).str() + part;
  *argument = option.data();
  if (!translate())
    return false;
  if (std::error_code error = llvm::sys::fs::rename(part, whole)) {
    llvm::errs() << "aceso-translate: error: " << whole << ": cannot be written ("
                 << error.message() << "); give another -o\n";
    llvm::sys::fs::remove(part);
    return false;
  }
  return true;
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
  return translateWhole(llvm::MutableArrayRef<char *>(argv, argc)) ? 0 : 1;
}
