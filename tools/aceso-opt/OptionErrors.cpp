//===- OptionErrors.cpp - Errors about the options of passes ----*- C++ -*-===//

#include "OptionErrors.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace aceso;

/// The pass whose flag, --pass="option=value ...", has an option of this name; else empty.
static StringRef passWithOption(ArrayRef<const char *> arguments, StringRef option) {
  for (StringRef argument : arguments) {
    auto [pass, options] = argument.split('=');
    if (!pass.consume_front("--") && !pass.consume_front("-"))
      continue;
    for (StringRef word : llvm::split(options, ' '))
      if (word.split('=').first == option)
        return pass;
  }
  return "";
}

/// Whether the error is one about an option of a pass, and now reported.
static bool report(StringRef message, ArrayRef<const char *> arguments) {
  // Of a value that cannot be read the command line's parser has told already, and the pass adds
  // an error without a text.
  if (message.empty())
    return true;
  if (!message.consume_front("<Pass-Options-Parser>: no such option "))
    return false;
  StringRef option = message.take_until(llvm::isSpace);
  // Inside a --pass-pipeline: failed to add `pass` with options `...`
  StringRef pass = message.split('`').second.split('`').first;
  if (pass.empty())
    pass = passWithOption(arguments, option);
  llvm::errs() << "aceso-opt: error: " << (pass.empty() ? "the pass" : pass) << " has no option '"
               << option << "'; aceso-opt --help lists the options of every pass\n";
  return true;
}

OptionErrors::OptionErrors(MLIRContext *context, ArrayRef<const char *> arguments)
    : handler(context, [arguments](Diagnostic &diagnostic) {
        return success(report(StringRef(diagnostic.str()).trim(), arguments));
      }) {}
