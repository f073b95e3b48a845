//===- IR.h - Models and plans for tests ------------------------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_SUPPORT_IR_H
#define ACESO_TEST_UNIT_SUPPORT_IR_H

#include "aceso/Dialect/Par/Par.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace aceso::test {

/// A context with nn and par that keeps diagnostics to itself.
class TestContext {
public:
  TestContext();
  mlir::MLIRContext *get() { return &context; }
  /// Messages since the last call, one a line, without their places.
  std::string takeDiagnostics();

private:
  mlir::MLIRContext context;
  std::string diagnostics;
};

/// test/Inputs/gpt-tiny.json, with "key=value" settings.
mlir::OwningOpRef<mlir::ModuleOp> gptTiny(mlir::MLIRContext *context,
                                          const std::vector<std::string> &settings = {});

nn::ModelOp modelOf(mlir::ModuleOp module);
par::PlanOp planOf(mlir::ModuleOp module);

std::string toText(mlir::Operation *op);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_SUPPORT_IR_H
