//===- Passes.td - What plans cost, printed and written down -*- tablegen -*-===//

#ifndef ACESO_ANALYSIS_PASSES_TD
#define ACESO_ANALYSIS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ParPrintCostPass : Pass<"par-print-cost", "::mlir::ModuleOp"> {
  let summary = "Prints what plans cost";
  let description = [{
    For each `par.plan`, by the cost tables in `profiles`: a table for people (model, tables, formula and
    cluster; one row a stage; iteration time and samples a second), or one JSON object with the names of the
    published results and all digits of every number. Look-ups without an entry are errors. A plan over the
    memory limit is no error: the report says so. The IR is not changed.
  }];
  let options = [
    Option<"profiles", "profiles", "std::string", /*default=*/"", "Folder of the model's cost tables (required)">,
    Option<"formula", "formula", "std::string", /*default=*/"\"full\"", "Cost formula: aceso or full">,
    Option<"format", "format", "std::string", /*default=*/"\"table\"", "table or json">,
    Option<"file", "file", "std::string", /*default=*/"\"-\"", "Where to print; -: standard output">,
  ];
}

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
    Option<"formula", "formula", "std::string", /*default=*/"\"full\"", "Cost formula: aceso or full">,
  ];
}

#endif // ACESO_ANALYSIS_PASSES_TD
