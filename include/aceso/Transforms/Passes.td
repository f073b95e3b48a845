//===- Passes.td - Passes over several dialects ------------*- tablegen -*-===//

#ifndef ACESO_TRANSFORMS_PASSES_TD
#define ACESO_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ParPrintCostPass : Pass<"par-print-cost", "::mlir::ModuleOp"> {
  let summary = "Prints what plans cost";
  let description = [{
    For each `par.plan`, by the cost tables in `profiles`: a table for people (model, tables, formula and
    cluster; one row a stage; iteration time and samples a second), or, for one plan, a JSON object with the
    names of the published results and all digits of every number; with formula aceso also what the published
    chooser would recompute (`chosen_recompute`, one digit an op). Look-ups without an entry are errors. A
    plan over the memory limit is no error: the report says so. The IR is not changed.
  }];
  let dependentDialects = ["::aceso::exec::ExecDialect"];
  let options = [
    Option<"profiles", "profiles", "std::string", /*default=*/"", "Folder of the model's cost tables (required)">,
    Option<"formula", "formula", "std::string", /*default=*/"\"full\"", "Cost formula: aceso or full (default: full)">,
    Option<"programMemory", "program-memory", "bool", /*default=*/"true",
           "With formula full: the lowered program's memory beside the formula's (default: true)">,
    Option<"format", "format", "std::string", /*default=*/"\"table\"", "table or json (default: table)">,
    Option<"recomputeReserveMiB", "recompute-reserve-mb", "int64_t", /*default=*/"0",
           "Memory in MiB that chosen_recompute leaves free in each stage (formula aceso, format json; default: 0)">,
    Option<"file", "file", "std::string", /*default=*/"\"-\"", "Where to print (default: -, standard output)">,
  ];
}

def ExecPrintMemoryPass : Pass<"exec-print-memory", "::aceso::exec::ProgramOp"> {
  let summary = "Prints the peak memory of every stage's ranks, by liveness over the schedule";
  let description = [{
    Exports the program and walks the schedule of each rank as the runtime does: live values, slots, the
    global batch that every rank is given, and what kernels and collectives (Gloo's) hold while they run. Of
    each stage the rank that holds most is printed, with what is there at its peak. Not counted are messages
    that the other side has not taken yet, and what libraries allocate for themselves. Changes nothing; a
    program that cannot run is an error.
  }];
}

#endif // ACESO_TRANSFORMS_PASSES_TD
