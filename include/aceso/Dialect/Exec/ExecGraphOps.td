//===- ExecGraphOps.td - Ops of exec.graph -----------------*- tablegen -*-===//
//
// What the training step on global tensors needs beside nn ops. Included by ExecOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_EXEC_GRAPH_OPS_TD
#define ACESO_EXEC_GRAPH_OPS_TD

def Exec_CopyOp : Exec_Op<"copy", [Pure, SameOperandsAndResultType, HasParent<"GraphOp">]> {
  let summary = "A value of another stage, on the stage of this op";
  let description = [{ The identity on the global tensor; becomes a transfer. Its gradient is the copy back. }];
  let arguments = (ins Exec_Tensor:$source);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$source attr-dict `:` type($result)";
}

def Exec_AccumulateOp : Exec_Op<"accumulate", [AllTypesMatch<["parameter", "gradient"]>, HasParent<"GraphOp">, MemoryEffects<[MemWrite<Exec_Storage>]>]> {
  let summary = "Adds a contribution to the gradient of a parameter";
  let arguments = (ins Exec_FloatTensor:$parameter, Exec_FloatTensor:$gradient);
  let assemblyFormat = "$gradient `to` $parameter attr-dict `:` type($gradient)";
}

def Exec_GraphReturnOp : Exec_Op<"return", [Terminator, HasParent<"GraphOp">, MemoryEffects<[MemWrite<Exec_Storage>]>]> {
  let summary = "The loss that a step computes";
  let arguments = (ins Exec_Scalar:$loss);
  let assemblyFormat = "$loss attr-dict `:` type($loss)";
}

#endif // ACESO_EXEC_GRAPH_OPS_TD
