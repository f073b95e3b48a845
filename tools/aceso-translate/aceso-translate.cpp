//===- aceso-translate.cpp - Imports and exports ----------------*- C++ -*-===//

#include "aceso/Registration.h"
#include "aceso/Target/ShortErrors.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  aceso::keepErrorsShort();
  aceso::registerTranslations();
  return mlir::failed(mlir::mlirTranslateMain(
      argc, argv, "aceso: reads models and plans, writes plans and programs\n"));
}
