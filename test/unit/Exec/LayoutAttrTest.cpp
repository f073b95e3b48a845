//===- LayoutAttrTest.cpp - #exec.layout made by a program ----------------===//
//
// The parser makes lists of digits only; code that builds attributes could put anything there.
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/Exec/Exec.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace aceso;

namespace {

class LayoutAttrTest : public testing::Test {
protected:
  LayoutAttrTest()
      : handler(&context, [this](Diagnostic &diagnostic) { message += diagnostic.str(); }) {
    context.loadDialect<exec::ExecDialect>();
  }

  /// A layout on a mesh of two devices whose only dimension is `dim`.
  exec::LayoutAttr layoutWith(Attribute dim) {
    Builder builder(&context);
    return exec::LayoutAttr::getChecked(
        UnknownLoc::get(&context), &context, builder.getDenseI64ArrayAttr({2}),
        builder.getArrayAttr({dim}), builder.getDenseI64ArrayAttr({}), exec::ReductionKind::Sum);
  }

  MLIRContext context;
  std::string message;
  ScopedDiagnosticHandler handler;
};

TEST_F(LayoutAttrTest, DimensionsAreListsOfDigits) {
  EXPECT_TRUE(layoutWith(Builder(&context).getDenseI64ArrayAttr({0})));
  EXPECT_EQ(message, "");
  EXPECT_FALSE(layoutWith(Builder(&context).getI64ArrayAttr({0})));
  EXPECT_EQ(message, "dims must be lists of digits");
}

TEST_F(LayoutAttrTest, IsThatOfTheLayoutLibrary) {
  Mesh mesh({2, 3});
  Layout layout = Layout::replicated(2);
  layout.dims[1] = {1};
  layout.pending = {0};
  layout.reduction = Reduction::Max;
  exec::LayoutAttr attribute = exec::LayoutAttr::get(&context, mesh, layout);
  EXPECT_EQ(attribute.toMesh(), mesh);
  EXPECT_EQ(attribute.toLayout(), layout);
}

} // namespace
