//===- Passes.td - What plans cost, written down -----------*- tablegen -*-===//

#ifndef ACESO_ANALYSIS_PASSES_TD
#define ACESO_ANALYSIS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ParAnnotateCostPass : Pass<"par-annotate-cost", "::aceso::par::PlanOp"> {
  let summary = "Writes what a plan costs into the plan";
  let description = [{
    Sets `par.cost` on the plan and on every stage marker, and replaces an older one. Moves remove it, for
    then it no longer holds. After it:
    ```mlir
    par.plan @net(...) -> tensor<f32> attributes {..., par.cost = {formula = "aceso", iteration_ms = ...,
        feasible = true, max_memory_mb = ...}} {
      par.stage devices = 2 {par.cost = {memory_mb = ..., stage_ms = ..., time_ms = ..., within_limit = true}}
    ```
    Times and sizes are those of `par-print-cost`, in ms and MiB.
  }];
  let options = [
    Option<"profiles", "profiles", "std::string", /*default=*/"", "Folder of the model's cost tables (required)">,
    Option<"formula", "formula", "std::string", /*default=*/"\"full\"", "Cost formula: aceso or full (default: full)">,
  ];
}

#endif // ACESO_ANALYSIS_PASSES_TD
