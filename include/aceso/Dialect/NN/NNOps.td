//===- NNOps.td - Ops of the nn dialect --------------------*- tablegen -*-===//
//
// The container ops; units of planning are in NNUnits.td, what they expand and differentiate into in
// NNPrimitives.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_NN_OPS_TD
#define ACESO_NN_OPS_TD

include "aceso/Dialect/NN/NNAttrs.td"
include "aceso/Dialect/NN/NNInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_Tensor : RankedTensorOf<[F16, BF16, F32, F64]>;
def NN_IndexTensor : RankedTensorOf<[I32, I64]>;
def NN_Scalar : 0DTensorOf<[F32, F64]>;

/// The op's statistics, as an override of NNOp's method.
class statistics<string values> {
  string decl = "    ::llvm::SmallVector<::mlir::Value> getStatistics() { return {" # values # "}; }\n";
}

/// See NNInterfaces.h.
def NN_GradientTrait : NativeOpTrait<"GradientOp"> { let cppNamespace = "::aceso::nn"; }
def NN_PrimitiveTrait : NativeOpTrait<"PrimitiveOp"> { let cppNamespace = "::aceso::nn"; }

def NN_ModelOp : Op<NN_Dialect, "model", [
    IsolatedFromAbove, Symbol, FunctionOpInterface, SingleBlock,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "A model: the forward pass of its training loss";
  let description = [{
    Arguments are the inputs of one micro-batch (dynamic batch dimension), each with its name in
    `nn.name`; the one result is the loss: the mean over all counted labels of the global batch. `config`
    holds the model's fields of a published plan file, `profile` names its cost tables.

    ```mlir
    nn.model @net(%ids: tensor<?x128xi32> {nn.name = "ids"}, %labels: tensor<?x128xi32> {nn.name = "labels"})
        -> tensor<f32> attributes {config = {num_layers = 4 : i64}, profile = "net_tiny"} {
      %wte = nn.parameter "wte" <normal, 2.000000e-02 : f64> : tensor<512x256xf32>
      ...
      nn.return %loss : tensor<f32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictionaryAttr>:$config, OptionalAttr<StrAttr>:$profile,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def NN_ReturnOp : Op<NN_Dialect, "return", [Pure, Terminator, HasParent<"ModelOp">]> {
  let summary = "The loss that a model computes";
  let arguments = (ins NN_Scalar:$loss);
  let assemblyFormat = "$loss attr-dict `:` type($loss)";
}

/// Values are printed under the paths of their ops.
defvar resultsNamedByPath = [{
    void getAsmResultNames(::mlir::OpAsmSetValueNameFn setNameFn) {
      setNameFn(getOperation()->getResult(0), getPath());
    }
}];

def NN_ParameterOp : Op<NN_Dialect, "parameter", [Pure, OpAsmOpInterface]> {
  let summary = "A trained tensor, by value";
  let description = [{
    `path` is unique among the parameters of a model and names the tensor in checkpoints. One parameter with several uses is
    a tied weight. `no_decay` keeps weight decay away from it (biases, norms).

    ```mlir
    %w = nn.parameter "layers.0.mlp.fc1.weight" <normal, 2.000000e-02 : f64> : tensor<1024x256xf32>
    %b = nn.parameter "layers.0.mlp.fc1.bias" <zeros> {no_decay} : tensor<1024xf32>
    ```
  }];
  let arguments = (ins StrAttr:$path, NN_InitAttr:$init, UnitAttr:$no_decay);
  let results = (outs NN_Tensor:$value);
  let assemblyFormat = "$path $init attr-dict `:` type($value)";
  let extraClassDeclaration = resultsNamedByPath;
  let hasVerifier = 1;
}

/// An op with letters. `rules` overrides the letters that its rules split (one character a rule, `-`
/// for none).
class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic, !listconcat([Pure, OpAsmOpInterface, DeclareOpInterfaceMethods<NN_OpInterface, ["getSignature"]>], traits)> {
  let assemblyFormat = "$path `(` operands `)` attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = resultsNamedByPath;
}

include "aceso/Dialect/NN/NNUnits.td"
include "aceso/Dialect/NN/NNPrimitives.td"

#endif // ACESO_NN_OPS_TD
