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

//===----------------------------------------------------------------------===//
// Constraints, checked before letters are read
//===----------------------------------------------------------------------===//

class NN_Float<string condition, string summary>
    : ConfinedAttr<F64Attr, [AttrConstraint<CPred<"[](double value) { return " # condition #
                             "; }(::llvm::cast<::mlir::FloatAttr>($_self).getValueAsDouble())">, summary>]>;
def NN_Probability : NN_Float<"value >= 0 && value < 1", "at least 0 and below 1">;
def NN_Positive : NN_Float<"value > 0 && std::isfinite(value)", "above 0">;
def NN_Finite : NN_Float<"std::isfinite(value)", "finite">;

class NN_Text<string predicate, string summary>
    : ConfinedAttr<StrAttr, [AttrConstraint<CPred<"::aceso::nn::" # predicate #
                             "(::llvm::cast<::mlir::StringAttr>($_self).getValue())">, summary>]>;
def NN_Rules : NN_Text<"isRules", "made of one letter, or -, for each rule">;
def NN_Letters : NN_Text<"isLetters", "made of letters, one for each dimension, such as \"b n s t\"">;
def NN_Pattern : NN_Text<"isPattern", "that is an einsum pattern such as \"s b o, s b k -> o k\"">;
def NN_Extents : ConfinedAttr<DictionaryAttr, [AttrConstraint<CPred<
    "::aceso::nn::isExtents(::llvm::cast<::mlir::DictionaryAttr>($_self))">,
    "made of letters with a positive size each, such as {d = 64 : i64}">]>;

def NN_ClassCount : ConfinedAttr<I64Attr, [IntPositive]>;

#endif // ACESO_NN_ATTRS_TD
