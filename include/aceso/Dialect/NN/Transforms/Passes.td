//===- Passes.td - Passes on nn ----------------------------*- tablegen -*-===//

#ifndef ACESO_NN_TRANSFORMS_PASSES_TD
#define ACESO_NN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def NNExpandCompositesPass : Pass<"nn-expand-composites"> {
  let summary = "Replaces composite ops by their primitives";
  let description = [{
    Every op of which `NNOp::isComposite` holds gives way to what `NNOp::expand` builds: primitives that
    carry its path and its discardable attributes, each with its own letters and its own entry for every
    rule. Other ops stay as they are. A model and a plan hold units of planning, not primitives, so ops
    inside `nn.model` are refused; the lowering of a plan expands as it leaves the plan. Before:
    ```mlir
    %q, %k, %v = nn.qkv "qkv" (%x, %w, %b)
       : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>)
       -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
    ```
    and after:
    ```mlir
    %0 = nn.linear "qkv" (%x, %w, %b) {group_size = 12 : i64, rules = "okk"}
       : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>) -> tensor<8x?x48xf32>
    %q, %k, %v = nn.split_heads "qkv" (%0) {rules = "n-n"}
       : (tensor<8x?x48xf32>) -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
    ```
  }];
}

#endif // ACESO_NN_TRANSFORMS_PASSES_TD
