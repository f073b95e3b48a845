//===- aceso-opt.cpp - Passes on IR files -----------------------*- C++ -*-===//

#include "aceso/Registration.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  aceso::registerDialects(registry);
  aceso::registerPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "aceso: plans and lowers parallel training\n", registry));
}
