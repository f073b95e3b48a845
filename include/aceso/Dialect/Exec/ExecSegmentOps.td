//===- ExecSegmentOps.td - Ops of segments -----------------*- tablegen -*-===//
//
// What a rank does beside nn ops: inputs, slots, conversions, transfers, optimizer. Included by
// ExecOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_EXEC_SEGMENT_OPS_TD
#define ACESO_EXEC_SEGMENT_OPS_TD

//===----------------------------------------------------------------------===//
// Inputs, slots, memory
//===----------------------------------------------------------------------===//

def Exec_ReadInputOp : Exec_Op<"read_input", [MemoryEffects<[MemRead<Exec_Storage>]>]> {
  let summary = "The own part of an input of this micro-batch";
  let arguments = (ins FlatSymbolRefAttr:$input);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def Exec_LoadOp : Exec_Op<"load", [MemoryEffects<[MemRead<Exec_Storage>]>]> {
  let summary = "What a slot holds for this micro-batch";
  let arguments = (ins FlatSymbolRefAttr:$slot);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$slot attr-dict `:` type($result)";
}

def Exec_StoreOp : Exec_Op<"store", [MemoryEffects<[MemWrite<Exec_Storage>]>]> {
  let summary = "Puts a value into a slot, for this micro-batch";
  let arguments = (ins Exec_Tensor:$value, FlatSymbolRefAttr:$slot);
  let assemblyFormat = "$value `,` $slot attr-dict `:` type($value)";
}

def Exec_AddToSlotOp : Exec_Op<"add_to_slot", [MemoryEffects<[MemRead<Exec_Storage>, MemWrite<Exec_Storage>]>]> {
  let summary = "Adds a value to a slot; the first addition of a step sets it";
  let description = [{ `path` is that of the unit whose gradient it adds, for traces and profiles. }];
  let arguments = (ins Exec_Tensor:$value, FlatSymbolRefAttr:$slot, OptionalAttr<StrAttr>:$path);
  let assemblyFormat = "$value `,` $slot attr-dict `:` type($value)";
}

def Exec_ReleaseSlotOp : Exec_Op<"release_slot", [MemoryEffects<[MemWrite<Exec_Storage>]>]> {
  let summary = "Empties a slot for this micro-batch; a loaded value lives on until its release";
  let arguments = (ins FlatSymbolRefAttr:$slot);
  let assemblyFormat = "$slot attr-dict";
}

def Exec_ReleaseOp : Exec_Op<"release", [MemoryEffects<[MemWrite<Exec_Storage>]>]> {
  let summary = "Ends the life of values; a slot that holds one keeps it";
  let arguments = (ins Variadic<Exec_Tensor>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

def Exec_ConvertOp : Exec_CommunicationOp<"convert"> {
  let summary = "The same tensor in another layout; expands to the steps below";
  let arguments = (ins Exec_Tensor:$source);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

/// A step over the devices that differ only in `digits`; the two layouts say what it does.
class Exec_CollectiveOp<string mnemonic> : Exec_CommunicationOp<mnemonic> {
  let arguments = (ins Exec_Tensor:$source, DenseI64ArrayAttr:$digits);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$source `over` $digits attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def Exec_SliceOp : Exec_Op<"slice", [Pure]> {
  let summary = "Local: keeps the own part of a dimension that was replicated over `digits`";
  let arguments = (ins Exec_Tensor:$source, DenseI64ArrayAttr:$digits, I64Attr:$dim);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$source `over` $digits `dim` `=` $dim attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def Exec_MaskOp : Exec_Op<"mask", [Pure]> {
  let summary = "Local: only devices at value 0 of `digits` keep the value, the others the neutral element";
  let arguments = (ins Exec_Tensor:$source, DenseI64ArrayAttr:$digits);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$source `over` $digits attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def Exec_AllReduceOp : Exec_CollectiveOp<"all_reduce"> {
  let summary = "Reduces what pends over `digits`; every device of the group has the result";
}

def Exec_ReduceScatterOp : Exec_CommunicationOp<"reduce_scatter"> {
  let summary = "Reduces what pends over `digits` and splits dimension `dim` by them";
  let arguments = (ins Exec_Tensor:$source, DenseI64ArrayAttr:$digits, I64Attr:$dim);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$source `over` $digits `dim` `=` $dim attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def Exec_AllGatherOp : Exec_CommunicationOp<"all_gather"> {
  let summary = "Gathers dimension `dim`, whose last digits are `digits`";
  let arguments = (ins Exec_Tensor:$source, DenseI64ArrayAttr:$digits, I64Attr:$dim);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$source `over` $digits `dim` `=` $dim attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def Exec_AllToAllOp : Exec_CommunicationOp<"all_to_all"> {
  let summary = "Moves digits from dimension `from` to dimension `to`";
  let description = [{
    `to` is cut in the order of `digits`, `from` is concatenated in the order of `from_digits`; the two are
    the same set.
  }];
  let arguments = (ins Exec_Tensor:$source, DenseI64ArrayAttr:$digits, DenseI64ArrayAttr:$from_digits, I64Attr:$from, I64Attr:$to);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = [{
    $source `over` $digits `from` $from $from_digits `to` $to attr-dict `:` type($source) `to` type($result)
  }];
  let hasVerifier = 1;
}

def Exec_BoxExchangeOp : Exec_CollectiveOp<"box_exchange"> {
  let summary = "Each device fetches the cells of its new part that it lacks";
}

//===----------------------------------------------------------------------===//
// Between stages
//===----------------------------------------------------------------------===//

def Exec_SendOp : Exec_CommunicationOp<"send"> {
  let summary = "Sends a value to stage `peer`; never blocks computation";
  let description = [{
    One message for each pair of devices whose parts meet. Messages of one phase between two stages are
    matched in order; `name` says which value crosses, the same on both sides.
  }];
  let arguments = (ins StrAttr:$name, Exec_Tensor:$value, I64Attr:$peer);
  let assemblyFormat = "$name $value `to` $peer attr-dict `:` type($value)";
}

def Exec_ReceiveOp : Exec_CommunicationOp<"receive"> {
  let summary = "A value that stage `peer` sends";
  let arguments = (ins StrAttr:$name, I64Attr:$peer);
  let results = (outs Exec_Tensor:$result);
  let assemblyFormat = "$name `from` $peer attr-dict `:` type($result)";
}

def Exec_WorldSumOp : Exec_CommunicationOp<"world_sum"> {
  let summary = "The sum of a scalar over all ranks of the program";
  let description = [{ The operand pends over every digit of the stage; the result is the same everywhere. }];
  let arguments = (ins Exec_Scalar:$value);
  let results = (outs Exec_Scalar:$result);
  let assemblyFormat = "$value attr-dict `:` type($value) `to` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Loss, gradients, optimizer
//===----------------------------------------------------------------------===//

def Exec_ZeroOp : Exec_Op<"zero", [MemoryEffects<[MemRead<Exec_Storage>]>]> {
  let summary = "0: what a stage adds to a sum over all ranks to which it has nothing to add";
  let results = (outs Exec_Scalar:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Exec_LossSeedOp : Exec_Op<"loss_seed", [MemoryEffects<[MemRead<Exec_Storage>]>]> {
  let summary = "1: the gradient of the loss with respect to itself; in a graph as in a segment";
  let results = (outs Exec_Scalar:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Exec_CastOp : Exec_Op<"cast", [Pure]> {
  let summary = "The same values in another element type";
  let description = [{ `path` is that of the unit whose gradient it widens, for traces and profiles. }];
  let arguments = (ins Exec_FloatTensor:$source, OptionalAttr<StrAttr>:$path);
  let results = (outs Exec_FloatTensor:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def Exec_SquareSumOp : Exec_Op<"square_sum", [Pure]> {
  let summary = "Sum of squares of the own part; pends over the digits that split it";
  let arguments = (ins Exec_FloatTensor:$value);
  let results = (outs Exec_Scalar:$result);
  let assemblyFormat = "$value attr-dict `:` type($value) `to` type($result)";
  let hasVerifier = 1;
}

def Exec_ClipCoefficientOp : Exec_Op<"clip_coefficient", [Pure]> {
  let summary = "Norm of all gradients from the sum of their squares, and min(1, max_norm / (norm + 1e-6))";
  let description = [{ `max_norm` 0: no clipping, the coefficient is 1. }];
  let arguments = (ins Exec_Scalar:$square_sum, F64Attr:$max_norm);
  let results = (outs Exec_Scalar:$norm, Exec_Scalar:$coefficient);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Exec_ReportOp : Exec_Op<"report", [MemoryEffects<[MemWrite<Exec_Storage>]>]> {
  let summary = "Reports a scalar of this step: loss, grad_norm";
  let arguments = (ins StrAttr:$name, Exec_Scalar:$value);
  let assemblyFormat = "$name $value attr-dict `:` type($value)";
  let hasVerifier = 1;
}

def Exec_AdamWOp : Exec_Op<"adamw", [Pure]> {
  let summary = "One AdamW step: the new parameter and moments";
  let description = [{
    From the gradient times `coefficient`, with bias correction and decoupled decay. Learning rate and step
    number are inputs of the run. The storage of parameter and moments is reused for the results.
  }];
  let arguments = (ins Exec_FloatTensor:$parameter, Exec_FloatTensor:$gradient, Exec_FloatTensor:$moment1,
                       Exec_FloatTensor:$moment2, Exec_Scalar:$coefficient, F64Attr:$beta1, F64Attr:$beta2, F64Attr:$epsilon,
                       F64Attr:$weight_decay);
  let results = (outs Exec_FloatTensor:$new_parameter, Exec_FloatTensor:$new_moment1, Exec_FloatTensor:$new_moment2);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Exec_SGDOp : Exec_Op<"sgd", [Pure]> {
  let summary = "One step of gradient descent: the new parameter";
  let description = [{ Decay is added to the gradient. The storage of the parameter is reused. }];
  let arguments = (ins Exec_FloatTensor:$parameter, Exec_FloatTensor:$gradient, Exec_Scalar:$coefficient,
                       F64Attr:$weight_decay);
  let results = (outs Exec_FloatTensor:$new_parameter);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Exec_SGDMomentumOp : Exec_Op<"sgd_momentum", [Pure]> {
  let summary = "One step of gradient descent with momentum: the new parameter and momentum";
  let description = [{ `m = momentum * m + gradient`, which the parameter follows. }];
  let arguments = (ins Exec_FloatTensor:$parameter, Exec_FloatTensor:$gradient, Exec_FloatTensor:$moment,
                       Exec_Scalar:$coefficient, F64Attr:$momentum, F64Attr:$weight_decay);
  let results = (outs Exec_FloatTensor:$new_parameter, Exec_FloatTensor:$new_moment);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // ACESO_EXEC_SEGMENT_OPS_TD
