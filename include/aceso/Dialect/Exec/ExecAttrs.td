//===- ExecAttrs.td - Attributes of the exec dialect -------*- tablegen -*-===//

#ifndef ACESO_EXEC_ATTRS_TD
#define ACESO_EXEC_ATTRS_TD

include "aceso/Dialect/Exec/ExecDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/IR/EnumAttr.td"

class Exec_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::aceso::exec";
  let genSpecializedAttr = 0;
}

def Exec_Phase : Exec_Enum<"Phase", "Part of a training step", [
    I32EnumAttrCase<"Read", 0, "read">,
    I32EnumAttrCase<"Forward", 1, "forward">,
    I32EnumAttrCase<"Backward", 2, "backward">,
    I32EnumAttrCase<"Update", 3, "update">,
  ]>;
def Exec_PhaseAttr : EnumAttr<Exec_Dialect, Exec_Phase, "phase">;

def Exec_SlotRole : Exec_Enum<"SlotRole", "What a slot holds", [
    I32EnumAttrCase<"Parameter", 0, "parameter">,
    I32EnumAttrCase<"Weight", 1, "weight">,
    I32EnumAttrCase<"Gradient", 2, "gradient">,
    I32EnumAttrCase<"Moment1", 3, "moment1">,
    I32EnumAttrCase<"Moment2", 4, "moment2">,
    I32EnumAttrCase<"Activation", 5, "activation">,
    I32EnumAttrCase<"Metric", 6, "metric">,
  ]>;
def Exec_SlotRoleAttr : EnumAttr<Exec_Dialect, Exec_SlotRole, "role">;

def Exec_OptimizerKind : Exec_Enum<"OptimizerKind", "Rule by which parameters are updated", [
    I32EnumAttrCase<"SGD", 0, "sgd">,
    I32EnumAttrCase<"AdamW", 1, "adamw">,
  ]>;

def Exec_ReductionKind : Exec_Enum<"ReductionKind", "How pending summands are combined", [
    I32EnumAttrCase<"Sum", 0, "sum">,
    I32EnumAttrCase<"Max", 1, "max">,
  ]>;

def Exec_AtAttr : AttrDef<Exec_Dialect, "At"> {
  let mnemonic = "at";
  let summary = "Stage and phase of an op of exec.graph";
  let description = [{
    `#exec.at<0, forward>`; with `recomputed` the op is a clone that computes a dropped value again.
  }];
  let parameters = (ins "int64_t":$stage, EnumParameter<Exec_Phase>:$phase,
                        DefaultValuedParameter<"bool", "false">:$recomputed);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static constexpr ::llvm::StringLiteral attrName = "exec.at";
  }];
}

def Exec_LayoutAttr : AttrDef<Exec_Dialect, "Layout", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "layout";
  let summary = "Which part of a global tensor a device holds; encoding of local tensor types";
  let description = [{
    `tensor<8x4x16xf32, #exec.layout<mesh = [2, 2], dims = [[], [0], [1]]>>`: on a mesh of two digits of radix
    2, dimension 1 is split by digit 0 and dimension 2 by digit 1, so the global tensor is 8x8x32.
    `pending = [1]` after it says that the value is a summand over digit 1 (`max [1]`: to be reduced by
    maximum). A digit that is not named is idle: the value is replicated over it. See Layout/Layout.h.
  }];
  let parameters = (ins "::mlir::DenseI64ArrayAttr":$mesh, "::mlir::ArrayAttr":$dims, "::mlir::DenseI64ArrayAttr":$pending,
                        EnumParameter<Exec_ReductionKind>:$reduction);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static LayoutAttr get(::mlir::MLIRContext *context, const ::aceso::Mesh &mesh, const ::aceso::Layout &layout);
    ::aceso::Mesh toMesh() const;
    ::aceso::Layout toLayout() const;
  }];
}

def Exec_OptimizerAttr : AttrDef<Exec_Dialect, "Optimizer"> {
  let mnemonic = "optimizer";
  let summary = "Optimizer and its settings; learning rate, step and seed are inputs of the run";
  let description = [{
    `#exec.optimizer<adamw, beta1 = 0.9, beta2 = 0.999, eps = 1.0e-8, weight_decay = 0.01, clip_grad = 1.0>`,
    `#exec.optimizer<sgd, momentum = 0.9, ...>`. `clip_grad` is the largest norm that the gradient of all
    parameters together may have; 0: no clipping.
  }];
  let parameters = (ins EnumParameter<Exec_OptimizerKind>:$kind, "::mlir::FloatAttr":$beta1, "::mlir::FloatAttr":$beta2,
                        "::mlir::FloatAttr":$eps, "::mlir::FloatAttr":$weight_decay, "::mlir::FloatAttr":$momentum,
                        "::mlir::FloatAttr":$clip_grad);
  let assemblyFormat = "`<` $kind `,` struct($beta1, $beta2, $eps, $weight_decay, $momentum, $clip_grad) `>`";
  let genVerifyDecl = 1;
}

#endif // ACESO_EXEC_ATTRS_TD
