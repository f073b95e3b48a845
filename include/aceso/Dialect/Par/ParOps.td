//===- ParOps.td - Ops of the par dialect ------------------*- tablegen -*-===//

#ifndef ACESO_PAR_OPS_TD
#define ACESO_PAR_OPS_TD

include "aceso/Dialect/Par/ParAttrs.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Par_StageOp : Op<Par_Dialect, "stage", [HasParent<"PlanOp">, MemoryEffects<[MemWrite]>]> {
  let summary = "Marks the begin of a pipeline stage";
  let description = [{
    Every unit up to the next marker runs on this stage's `devices` devices. Repartitioning a pipeline is
    moving markers. (The memory effect keeps generic passes from dropping or moving it.)
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntPositive]>:$devices);
  let assemblyFormat = "`devices` `=` $devices attr-dict";
  let extraClassDeclaration = [{
    /// Units of this stage, in order of execution.
    ::llvm::SmallVector<::aceso::nn::NNOp> getUnits();
  }];
}

def Par_PlanOp : Op<Par_Dialect, "plan", [
    IsolatedFromAbove, Symbol, FunctionOpInterface, SingleBlock,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "A model with a parallel plan";
  let description = [{
    Parameters come first, then a `par.stage` marker, the units of the first stage, the next marker, and
    so on to `par.return`. `micro_batch` is the aggregate over data-parallel replicas; `global_batch` is a
    multiple of it.

    ```mlir
    par.plan @net(%ids: tensor<?x8xi32>, %labels: tensor<?x8xi32>) -> tensor<f32>
        attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 12000>,
                    global_batch = 512 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
      %wte = nn.parameter "wte" <normal, 2.000000e-02 : f64> : tensor<32x16xf32>
      par.stage devices = 2
      %0 = nn.embedding "embedding"(%ids, %wte, ...) {p = 1.000000e-01 : f64, par.shard = #par.shard<tp = 1, dp = 2>} : ...
      par.stage devices = 2
      ...
      par.return %loss : tensor<f32>
    }
    ```

    Invariants (docs/rationale/Par.md says why):
    - C1: only parameters precede the first marker, only units and markers follow it.
    - C2: every unit carries `par.shard`.
    - C3: every stage holds at least one unit.
    - C4: `tp * dp` of every unit is the number of devices of its stage.
    - C5: the devices of all stages add up to the cluster's.
    - C6: a stage lies inside one node or consists of whole nodes.
    - C7: the dp values of a stage form a chain of divisors, so that one numbering of its devices serves all
      its ops. (Nodes are the first digits of it where they fit into the chain.)
    - C8: both batches are positive, and `global_batch` is a multiple of `micro_batch` and at most 2147483647.
    - C9: paths are unique among units and among parameters, and no parameter is called like an input.
    - C10: the body ends in `par.return` of the declared loss.
    - C11: the letters of every unit divide by its degrees.
    - C12: every parameter and every result of a unit is used.
    - C13: inputs are tensors of different names.
    - C14: the batch of every unit is dynamic.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       Par_ClusterAttr:$cluster, I64Attr:$global_batch, I64Attr:$micro_batch, Par_ScheduleAttr:$schedule,
                       OptionalAttr<DictionaryAttr>:$config, OptionalAttr<StrAttr>:$profile,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }

    /// Units of planning in order of execution.
    ::llvm::SmallVector<::aceso::nn::NNOp> getUnits();
    int64_t numMicroBatches() { return static_cast<int64_t>(getGlobalBatch() / getMicroBatch()); }
  }];
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Par_ReturnOp : Op<Par_Dialect, "return", [Pure, Terminator, HasParent<"PlanOp">]> {
  let summary = "The loss that a plan computes";
  let arguments = (ins 0DTensorOf<[F32, F64]>:$loss);
  let assemblyFormat = "$loss attr-dict `:` type($loss)";
}

#endif // ACESO_PAR_OPS_TD
