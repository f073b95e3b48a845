//===- Passes.td - Passes on par ---------------------------*- tablegen -*-===//
//
// The moves. Each is a free function (Moves.h) that the search calls too; the pass only reads options.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PAR_TRANSFORMS_PASSES_TD
#define ACESO_PAR_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ParMoveOpsPass : Pass<"par-move-ops", "::aceso::par::PlanOp"> {
  let summary = "Moves ops across one stage boundary";
  let description = [{
    Shifts the boundary that ends stage `stage` by `count` ops (negative: backwards): the ops change stage;
    their order and operands stay. Moved ops take tp and dp of the op they come to stand beside and keep
    rule and recompute; an op that its new degrees do not divide makes the pass fail and leaves the plan as
    it was. With `stage=0 count=1`, before:
    ```mlir
    par.stage devices = 2
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    par.stage devices = 1
    %2 = nn.linear "fc3" (%1, %w3) {par.shard = #par.shard<tp = 1, dp = 1>} : ...
    ```
    and after:
    ```mlir
    par.stage devices = 2
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    par.stage devices = 1
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 1, dp = 1>} : ...
    %2 = nn.linear "fc3" (%1, %w3) {par.shard = #par.shard<tp = 1, dp = 1>} : ...
    ```
  }];
  let options = [
    Option<"stage", "stage", "int64_t", /*default=*/"0", "Index of the stage that gives ops to its successor (default: 0)">,
    Option<"count", "count", "int64_t", /*default=*/"1",
           "Number of ops to move; negative: from the successor to the stage (default: 1)">,
  ];
}

def ParMoveDevicesPass : Pass<"par-move-devices", "::aceso::par::PlanOp"> {
  let summary = "Moves devices between stages";
  let description = [{
    Every stage of the list `from` gives half of its devices along its axis in `from-axes`: all its ops
    halve tp or dp (a stage that stands in the list twice halves twice). Stage `to` takes them all along
    `to-axis`: its number of devices grows by a whole factor, and so does that degree of all its ops. With
    `from=0 from-axes=tp to=1 to-axis=dp`, before:
    ```mlir
    par.stage devices = 2
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    par.stage devices = 1
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 1, dp = 1>} : ...
    ```
    and after:
    ```mlir
    par.stage devices = 1
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 1, dp = 1>} : ...
    par.stage devices = 2
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 1, dp = 2>} : ...
    ```
  }];
  let options = [
    ListOption<"from", "from", "int64_t", "Indices of the stages that give devices (required)">,
    ListOption<"fromAxes", "from-axes", "std::string", "The axis that each of them halves: tp or dp (required)">,
    Option<"to", "to", "int64_t", /*default=*/"-1", "Index of the stage that takes them (required)">,
    Option<"toAxis", "to-axis", "std::string", /*default=*/"\"tp\"", "The axis along which it grows: tp or dp (default: tp)">,
  ];
}

def ParExchangeAxesPass : Pass<"par-exchange-axes", "::aceso::par::PlanOp"> {
  let summary = "Doubles one degree of ops and halves the other";
  let description = [{
    The ops `ops` of stage `stage` (all of it where no ops are given) double their degree along `to` and
    halve it along the other axis. With `stage=0 ops=1 to=dp`, before:
    ```mlir
    par.stage devices = 2
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    ```
    and after:
    ```mlir
    par.stage devices = 2
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 1, dp = 2>} : ...
    ```
  }];
  let options = [
    Option<"stage", "stage", "int64_t", /*default=*/"0", "Index of the stage (default: 0)">,
    Option<"ops", "ops", "std::string", /*default=*/"",
           "Positions in the plan, as in 0-12,20; empty: all ops of the stage">,
    Option<"to", "to", "std::string", /*default=*/"\"tp\"", "The degree that doubles: tp or dp (default: tp)">,
  ];
}

def ParSetMicroBatchPass : Pass<"par-set-micro-batch", "::aceso::par::PlanOp"> {
  let summary = "Sets the size of a micro-batch";
  let description = [{
    `size` samples over all data-parallel replicas. It must divide the global batch, and every op's dp must
    divide it.
  }];
  let options = [
    Option<"size", "size", "int64_t", /*default=*/"0", "Samples of a micro-batch (required)">,
  ];
}

def ParSetRecomputePass : Pass<"par-set-recompute", "::aceso::par::PlanOp"> {
  let summary = "Sets whether ops are recomputed in backward";
  let description = [{
    `value` is `recompute` or `keep` (or `true`, `false`). With `ops=1 value=recompute`, before:
    ```mlir
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    ```
    and after:
    ```mlir
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 2, dp = 1, recompute>} : ...
    ```
  }];
  let options = [
    Option<"ops", "ops", "std::string", /*default=*/"", "Positions in the plan, as in 0-12,20 (required)">,
    Option<"value", "value", "std::string", /*default=*/"\"recompute\"", "recompute or keep (default: recompute)">,
  ];
}

def ParSetRulePass : Pass<"par-set-rule", "::aceso::par::PlanOp"> {
  let summary = "Sets the rule by which tensor parallelism splits ops";
  let description = [{
    With `ops=0 rule=1`, a linear layer with rules `"ok"` splits its input features instead of its output
    features. Every op must have the rule and a letter that its tp divides.
  }];
  let options = [
    Option<"ops", "ops", "std::string", /*default=*/"", "Positions in the plan, as in 0-12,20 (required)">,
    Option<"rule", "rule", "int64_t", /*default=*/"-1", "Number of the rule, from 0 (required)">,
  ];
}

def ParSetDegreesPass : Pass<"par-set-degrees", "::aceso::par::PlanOp"> {
  let summary = "Sets tensor- and data-parallel degree of ops";
  let description = [{
    `tp * dp` must be the number of devices of the ops' stage. Rules and recompute stay.
  }];
  let options = [
    Option<"ops", "ops", "std::string", /*default=*/"", "Positions in the plan, as in 0-12,20 (required)">,
    Option<"tp", "tp", "int64_t", /*default=*/"0", "Tensor-parallel degree (required)">,
    Option<"dp", "dp", "int64_t", /*default=*/"0", "Data-parallel degree (required)">,
  ];
}

def ParSetStagesPass : Pass<"par-set-stages", "::aceso::par::PlanOp"> {
  let summary = "Cuts a plan anew";
  let description = [{
    Stage i gets the next `ops[i]` ops and `devices[i]` devices; all its ops get tp `tp[i]` (the number of
    devices where no tp is given) and dp `devices[i] / tp[i]`. Rules, recompute and batches stay. With
    `ops=1,1 devices=1,1`, before:
    ```mlir
    par.stage devices = 2
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 2, dp = 1>} : ...
    ```
    and after:
    ```mlir
    par.stage devices = 1
    %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 1, dp = 1>} : ...
    par.stage devices = 1
    %1 = nn.linear "fc2" (%0, %w2) {par.shard = #par.shard<tp = 1, dp = 1>} : ...
    ```
  }];
  let options = [
    ListOption<"ops", "ops", "int64_t", "Number of ops of each stage (required)">,
    ListOption<"devices", "devices", "int64_t", "Number of devices of each stage (required)">,
    ListOption<"tp", "tp", "int64_t", "Tensor-parallel degree of each stage; empty: its devices">,
  ];
}

#endif // ACESO_PAR_TRANSFORMS_PASSES_TD
