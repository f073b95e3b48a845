//===- Passes.td - Passes on exec --------------------------*- tablegen -*-===//
//
// In the order in which the lowering runs them.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_EXEC_TRANSFORMS_PASSES_TD
#define ACESO_EXEC_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExecGradientPass : Pass<"exec-gradient", "::aceso::exec::GraphOp"> {
  let summary = "Appends the backward ops of a training graph";
  let description = [{
    Reverse-mode differentiation of the global program, before anything is split: so no collective is
    ever differentiated. Each op builds its own gradient (`NNOp::buildGradient`); the gradient of a copy to
    another stage is the copy back; contributions to one value are added by `nn.sum`, contributions to a
    parameter by `exec.accumulate`. A gradient op has the stage and shard of its forward op. Before:
    ```mlir
    %1 = nn.linear "fc" (%0, %w) {exec.at = #exec.at<0, forward>, ...} : ...
    exec.return %loss {exec.at = #exec.at<0, forward>} : tensor<f32>
    ```
    and after:
    ```mlir
    %1 = nn.linear "fc" (%0, %w) {exec.at = #exec.at<0, forward>, ...} : ...
    %2 = exec.loss_seed {exec.at = #exec.at<0, backward>} : tensor<f32>
    ...
    %5 = nn.einsum "fc" (%4, %0) {exec.at = #exec.at<0, backward>, pattern = "s b o, s b k -> o k", ...} : ...
    exec.accumulate %5 to %w {exec.at = #exec.at<0, backward>} : ...
    exec.return %loss {exec.at = #exec.at<0, forward>} : tensor<f32>
    ```
  }];
}

def ExecRecomputePass : Pass<"exec-recompute", "::aceso::exec::GraphOp"> {
  let summary = "Computes dropped values again in front of their backward use";
  let description = [{
    What an op with `recompute` in its shard gives is dropped if all its uses on the stage lie in the same
    block (the layer in the op's path); values from other stages and parameters are always kept. In front
    of the first backward op that uses a dropped value, the op is cloned (and what it needs of dropped
    values in turn); the clone is marked `recomputed`, so CSE does not merge it with its original.
    (docs/rationale/Layout.md)
  }];
}

def ExecPlacePass : Pass<"exec-place", "::mlir::ModuleOp"> {
  let summary = "Places a training graph on its devices: exec.graph to exec.program";
  let description = [{
    Each op gets every operand in the layout that its letters and degrees want and leaves its results in
    the layout that follows; an `exec.convert` stands exactly where the layout in which a value exists
    differs from the wanted one, as late as possible, from the form that is cheapest to convert. Sums are
    taken while pending. A copy becomes a send at the end of the source's segment and a receive at the
    start of the destination's. Forward values that backward uses, weights, gradients and the loss live in
    slots. The passes after this one add what happens once a step.
  }];
  let dependentDialects = ["::aceso::exec::ExecDialect"];
}

def ExecSynchronizePass : Pass<"exec-synchronize", "::aceso::exec::ProgramOp"> {
  let summary = "Adds what happens once a step: reading parameters, synchronizing gradients, the optimizer";
  let description = [{
    A parameter's home is the stage of its first use, in the layout that this op wants. The read segment
    brings it to every weight slot, the update segment brings every accumulated gradient home, takes the
    norm of all gradients (each element once), clips, and runs the optimizer at home. Loss and norm are
    summed over all ranks and reported. No degree enters any scale: the loss is divided once, by the
    number of counted labels of the global batch.
  }];
  let options = [
    Option<"optimizer", "optimizer", "std::string", /*default=*/"\"adamw\"", "adamw or sgd (default: adamw)">,
    Option<"beta1", "beta1", "double", "0.9", "Decay of the first moment (adamw; default: 0.9)">,
    Option<"beta2", "beta2", "double", "0.999", "Decay of the second moment (adamw; default: 0.999)">,
    Option<"epsilon", "eps", "double", "1e-8", "Added to the root of the second moment (adamw; default: 1e-8)">,
    Option<"weightDecay", "weight-decay", "double", "0.01", "Weight decay; parameters marked no_decay are left out (default: 0.01)">,
    Option<"momentum", "momentum", "double", "0.0", "Momentum (sgd; default: 0)">,
    Option<"clipGrad", "clip-grad", "double", "0.0", "Largest norm of all gradients together (default: 0, no clipping)">,
  ];
}

def ExecExpandConversionsPass : Pass<"exec-expand-conversions", "::aceso::exec::ProgramOp"> {
  let summary = "Turns conversions into slices, masks and collectives with the fewest elements received";
  let description = [{
    See Layout/Conversion.h. Before:
    ```mlir
    %1 = exec.convert %0 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>> to tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
    ```
    and after:
    ```mlir
    %1 = exec.all_reduce %0 over [0] : ...
    ```
  }];
}

def ExecSchedulePass : Pass<"exec-schedule", "::aceso::exec::ProgramOp"> {
  let summary = "Adds the order in which every stage runs its segments";
  let description = [{
    1F1B: stage i of p runs min(p - i - 1, M) forward passes ahead, then one backward for each forward,
    then the remaining backward passes. Sets the depth of activation slots to the micro-batches in flight.
  }];
}

def ExecReleasePass : Pass<"exec-release", "::aceso::exec::ProgramOp"> {
  let summary = "Releases every value after its last use and every slot after its last load";
}

def ExecVerifyCompletePass : Pass<"exec-verify-complete", "::aceso::exec::ProgramOp"> {
  let summary = "Proves that nothing is implicit: layouts, messages, schedule";
  let description = [{
    Walks all stages: V1 no conversion is left unexpanded; V2 every operand of an nn op is in the layout
    that its letters and degrees want, every result in the one that they leave; V3 inputs are declared,
    slots exist, both are accessed in their own type; V4 the messages between two stages match in order, name, type and cover the
    receiver; V5 every phase has its segment and the schedule runs forward and backward once for each
    micro-batch, of which there are at most 2^20; V6 no slot holds more micro-batches than its depth; V7 the schedule of all stages
    completes (no deadlock). Changes nothing.
  }];
}

#endif // ACESO_EXEC_TRANSFORMS_PASSES_TD
