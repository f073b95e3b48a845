//===- ExecOps.td - Ops of the exec dialect ----------------*- tablegen -*-===//
//
// Containers here; ops of exec.graph in ExecGraphOps.td, of segments in ExecSegmentOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_EXEC_OPS_TD
#define ACESO_EXEC_OPS_TD

include "aceso/Dialect/Exec/ExecAttrs.td"
include "aceso/Dialect/NN/NNAttrs.td"
include "aceso/Dialect/Par/ParAttrs.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Exec_Tensor : RankedTensorOf<[F16, BF16, F32, F64, I32, I64]>;
def Exec_FloatTensor : RankedTensorOf<[F16, BF16, F32, F64]>;
def Exec_Scalar : 0DTensorOf<[F32, F64]>;

/// What all ranks of a program share.
def Exec_Communicator : Resource<"::aceso::exec::CommunicatorResource">;
/// Slots: storage that outlives a segment.
def Exec_Storage : Resource<"::aceso::exec::StorageResource">;

class Exec_Op<string mnemonic, list<Trait> traits = []> : Op<Exec_Dialect, mnemonic, traits>;
class Exec_CommunicationOp<string mnemonic, list<Trait> traits = []>
    : Op<Exec_Dialect, mnemonic, !listconcat(traits, [MemoryEffects<[MemRead<Exec_Communicator>, MemWrite<Exec_Communicator>]>])>;

def Exec_GraphOp : Exec_Op<"graph", [IsolatedFromAbove, Symbol, FunctionOpInterface, SingleBlock,
                                     DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "A training step on global tensors, with the stage of every op";
  let description = [{
    The block holds parameters, then primitives in order of execution: forward, and after
    `exec-gradient` backward. The batch is one micro-batch. Parameters and arguments are usable on every
    stage.

    Invariants:
    - G1: every op but parameters carries `exec.at`, its stage and phase; an `nn` op (but `nn.sum`) also
      `par.shard`, which uses the devices of the stage and divides the letters of the op.
    - G2: an op uses values of its own stage, and in forward none of backward; only `exec.copy` takes one of
      another stage.
    - G3: a graph holds parameters, `nn` ops, `exec.copy`, `exec.loss_seed`, `exec.accumulate` and `exec.return`.
    - G4: what is copied comes from another stage, what is added up or returned from an op; gradients are
      accumulated for parameters.
    - G5: the global batch is a multiple of the micro-batch, the stages have the cluster's devices, inputs are
      tensors of different names.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, Par_ClusterAttr:$cluster,
                       I64Attr:$global_batch, I64Attr:$micro_batch, Par_ScheduleAttr:$schedule,
                       DenseI64ArrayAttr:$stage_devices, OptionalAttr<DictionaryAttr>:$config,
                       OptionalAttr<StrAttr>:$profile, StrAttr:$plan_hash,
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

def Exec_ProgramOp : Exec_Op<"program", [IsolatedFromAbove, Symbol, SymbolTable, SingleBlock, NoTerminator]> {
  let summary = "What every rank runs";
  let description = [{
    Declarations of inputs and parameters, then one `exec.stage` for each pipeline stage. Ranks are given
    to stages in order.

    Invariants; `exec-verify-complete` checks more of a program that is lowered to its end:
    - P1: declarations come first, then stages in the order of their ranks, which are the cluster's.
    - P2: the global batch is a multiple of the micro-batch and at most 2147483647.
    - P3: a stage holds slots, at most one segment of each phase and at most one schedule.
    - P4: a schedule holds `exec.run` and `exec.repeat`, and no `exec.repeat` is empty.
    - P5: a slot has a layout; one of a parameter names a declared one.
    - S1, S2 (conversions and their steps): both layouts are of one global tensor and one mesh; the layout
      after a step follows from the one before and the step's attributes.
    - U1 to U3 (update): what is read as it stands is complete; what is updated together is of one type;
      squares pend over the digits that split the value.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Par_ClusterAttr:$cluster, I64Attr:$global_batch, I64Attr:$micro_batch,
                       Par_ScheduleAttr:$schedule, OptionalAttr<Exec_OptimizerAttr>:$optimizer, StrAttr:$plan_hash);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let extraClassDeclaration = [{
    int64_t numMicroBatches() { return static_cast<int64_t>(getGlobalBatch() / getMicroBatch()); }
  }];
  let hasRegionVerifier = 1;
}

def Exec_InputOp : Exec_Op<"input", [Symbol, HasParent<"ProgramOp">]> {
  let summary = "Declares an input of the step: a tensor of one micro-batch";
  let description = [{
    `batch_dim` is the dimension that counts samples. Of at most one input the elements are `counted`: they
    are labels, and the loss is divided by how many of them count (are not -100) in the global batch.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Exec_Tensor>:$type, I64Attr:$batch_dim, UnitAttr:$counted);
  let assemblyFormat = "$sym_name `batch_dim` `=` $batch_dim (`counted` $counted^)? attr-dict `:` $type";
}

def Exec_ParameterOp : Exec_Op<"parameter", [Symbol, HasParent<"ProgramOp">]> {
  let summary = "Declares a parameter of the model: its global shape and initial values";
  let description = [{ The symbol is the parameter's path, by which checkpoints know it. }];
  let arguments = (ins SymbolNameAttr:$sym_name, NN_InitAttr:$init, UnitAttr:$no_decay, TypeAttrOf<Exec_FloatTensor>:$type);
  let assemblyFormat = "$sym_name $init attr-dict `:` $type";
}

def Exec_StageOp : Exec_Op<"stage", [SymbolTable, HasParent<"ProgramOp">, SingleBlock, NoTerminator]> {
  let summary = "What the ranks of one stage run";
  let description = [{
    The devices `first_rank`, `first_rank` + 1, ... are numbered by the radices of `mesh`, most significant
    first. Holds slots, segments and one schedule.
  }];
  let arguments = (ins I64Attr:$index, I64Attr:$first_rank, DenseI64ArrayAttr:$mesh);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$index `first_rank` `=` $first_rank `mesh` `=` $mesh attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::aceso::Mesh toMesh();
    /// The segment of a phase; null if there is none.
    ::aceso::exec::SegmentOp getSegment(::aceso::exec::Phase phase);
    ::aceso::exec::ScheduleOp getSchedule();
  }];
}

def Exec_SlotOp : Exec_Op<"slot", [Symbol, HasParent<"StageOp">]> {
  let summary = "Storage that outlives a segment";
  let description = [{
    Holds `depth` micro-batches at once; micro-batch m is at m mod depth. `parameter` names the parameter
    that a weight, gradient or optimizer state belongs to.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Exec_SlotRoleAttr:$role, I64Attr:$depth,
                       OptionalAttr<FlatSymbolRefAttr>:$parameter, TypeAttrOf<Exec_Tensor>:$type);
  let assemblyFormat = "$sym_name custom<Enum>($role) `depth` `=` $depth (`of` $parameter^)? attr-dict `:` $type";
  let hasVerifier = 1;
}

def Exec_SegmentOp : Exec_Op<"segment", [HasParent<"StageOp">, SingleBlock, NoTerminator]> {
  let summary = "What a stage does in one phase, for one micro-batch";
  let arguments = (ins Exec_PhaseAttr:$phase);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "custom<Enum>($phase) attr-dict-with-keyword $body";
}

def Exec_ScheduleOp : Exec_Op<"schedule", [HasParent<"StageOp">, SingleBlock, NoTerminator]> {
  let summary = "The order in which a stage runs its segments";
  let description = [{ The i-th run of forward (of backward) in a step is for micro-batch i. }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Exec_RunOp : Exec_Op<"run", [ParentOneOf<["ScheduleOp", "RepeatOp"]>, MemoryEffects<[MemRead<Exec_Storage>, MemWrite<Exec_Storage>]>]> {
  let summary = "Runs a segment";
  let arguments = (ins Exec_PhaseAttr:$phase);
  let assemblyFormat = "custom<Enum>($phase) attr-dict";
}

def Exec_RepeatOp : Exec_Op<"repeat", [ParentOneOf<["ScheduleOp", "RepeatOp"]>, SingleBlock, NoTerminator,
                                       MemoryEffects<[MemRead<Exec_Storage>, MemWrite<Exec_Storage>]>]> {
  let summary = "Runs its body `count` times";
  let arguments = (ins ConfinedAttr<I64Attr, [IntPositive]>:$count);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

include "aceso/Dialect/Exec/ExecGraphOps.td"
include "aceso/Dialect/Exec/ExecSegmentOps.td"

#endif // ACESO_EXEC_OPS_TD
