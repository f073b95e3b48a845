//===- NNAttrs.td - Attributes of the nn dialect -----------*- tablegen -*-===//

#ifndef ACESO_NN_ATTRS_TD
#define ACESO_NN_ATTRS_TD

include "aceso/Dialect/NN/NNDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def NN_InitKind : I32EnumAttr<"InitKind", "Distribution of a parameter's initial values", [
    I32EnumAttrCase<"Zeros", 0, "zeros">,
    I32EnumAttrCase<"Ones", 1, "ones">,
    I32EnumAttrCase<"Normal", 2, "normal">,
  ]> {
  let cppNamespace = "::aceso::nn";
  let genSpecializedAttr = 0;
}

def NN_InitAttr : AttrDef<NN_Dialect, "Init"> {
  let mnemonic = "init";
  let summary = "Initial values of a parameter";
  let description = [{
    `#nn.init<zeros>`, `#nn.init<ones>` or `#nn.init<normal, 0.02>`: normal with mean 0 and the given
    standard deviation. Values come from a counter-based generator keyed by seed, parameter path and
    global element index, so they do not depend on the plan.
  }];
  let parameters = (ins EnumParameter<NN_InitKind>:$kind, OptionalParameter<"::mlir::FloatAttr", "standard deviation, f64">:$std);
  let assemblyFormat = "`<` $kind (`,` $std^)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The standard deviation; 0 for a constant.
    double getDeviation() const { return getStd() ? getStd().getValueAsDouble() : 0.0; }
  }];
}

#endif // ACESO_NN_ATTRS_TD
