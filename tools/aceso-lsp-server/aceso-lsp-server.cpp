//===- aceso-lsp-server.cpp - The dialects in an editor ---------*- C++ -*-===//

#include "aceso/Registration.h"
#include "aceso/Target/ShortHelp.h"

#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  aceso::keepHelpShort();
  mlir::DialectRegistry registry;
  aceso::registerDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
