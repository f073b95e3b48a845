//===- Passes.td - The search on IR ------------------------*- tablegen -*-===//

#ifndef ACESO_TRANSFORMS_SEARCH_PASSES_TD
#define ACESO_TRANSFORMS_SEARCH_PASSES_TD

include "mlir/Pass/PassBase.td"

def ParSearchPass : Pass<"par-search", "::mlir::ModuleOp"> {
  let summary = "Finds the fastest plan that fits in memory";
  let description = [{
    Takes the module's one `nn.model` and gives it the best plan found for the cluster in the options; or takes
    its one `par.plan` and improves it, its stage count, cluster and batches kept (options that differ from
    them are errors). From one balanced start for each stage count (`convert-nn-to-par`) it alleviates one
    bottleneck after the other, on a compact copy of the plan; then it applies its winner to the IR as moves.
    The cost that it predicted is the one that `par-print-cost` computes for the result, bit for bit.

    The result depends only on the input and the options: not on the machine, nor on `threads`. `budget`
    counts candidates for each start and round; a candidate is one stage under one configuration.
    `time-limit-s` may cut the search short, and then the summary, a remark and the log say so.
    `threads` work on starts side by side, so there is no use for more of them than stage counts; each has a
    memory of its own. Of two, the busier one spends 0.5 to 0.7 of the processor time of a single one.

    One line on standard error sums up what was found: predicted iteration, memory, stages, micro-batch, the
    bound below which no plan is and how far above it this one is at most, candidates. Remarks (category
    `par-search`) say each accepted step and what was tried beside it
    (`--remark-format=emitRemark --remarks-filter=par-search`); `log` is the same for all starts, as text or,
    if the file's name ends in `.json`, as JSON, with the pass pipelines that make the start plan of the model
    and replay the steps from it. If nothing fits in memory, the error says by how much, where, and the
    smallest change of memory, micro-batch or nodes for which a plan was found; the IR stays as it was.
  }];
  let options = [
    Option<"nodes", "nodes", "int64_t", /*default=*/"::aceso::notGiven", "Nodes of the cluster (default: 1)">,
    Option<"devicesPerNode", "devices-per-node", "int64_t", /*default=*/"::aceso::notGiven",
           "Devices in each node (required for a model)">,
    Option<"memoryMiB", "memory-mb", "int64_t", /*default=*/"::aceso::notGiven",
           "Memory limit of a device in MiB (required for a model)">,
    Option<"device", "device", "std::string", /*default=*/"", "Label of the devices (default: none)">,
    Option<"globalBatch", "global-batch", "int64_t", /*default=*/"::aceso::notGiven",
           "Samples of one training step (required for a model)">,
    ListOption<"microBatches", "micro-batches", "int64_t",
               "Micro-batches to choose from (default: the samples in the cost tables)">,
    Option<"profiles", "profiles", "std::string", /*default=*/"", "Folder of the model's cost tables (required)">,
    Option<"formula", "formula", "std::string", /*default=*/"\"full\"", "Cost formula: aceso or full (default: full)">,
    ListOption<"stages", "stages", "int64_t", "Stage counts to start from (default: all)">,
    Option<"budget", "budget", "int64_t", /*default=*/"30000", "Candidates to judge from each start and in each round (default: 30000)">,
    Option<"hops", "hops", "int64_t", /*default=*/"3", "Steps to look ahead where none helps at once (default: 3)">,
    Option<"threads", "threads", "int64_t", /*default=*/"1", "Threads that share the stage counts; the result does not depend on it (default: 1).">,
    Option<"timeLimitS", "time-limit-s", "double", /*default=*/"0", "Wall clock in seconds (default: 0, none)">,
    Option<"log", "log", "std::string", /*default=*/"",
           "Where to write what was tried and why (default: nowhere; -: standard output; NAME.json: as JSON)">,
    Option<"recomputeReserveMiB", "recompute-reserve-mb", "int64_t", /*default=*/"0",
           "Memory in MiB that start plans leave free in each stage (formula aceso; default: 0)">,
  ];
  let dependentDialects = ["::aceso::par::ParDialect"];
}

def ParAlleviatePass : Pass<"par-alleviate", "::aceso::par::PlanOp"> {
  let summary = "Relieves the bottleneck of a plan: one step of the search";
  let description = [{
    Finds the plan's bottleneck by the cost analysis, and what it is short of; tries the remedies whose effect
    fits, each as a rewrite of a copy whose cost the analysis computes; and applies the best one that makes the
    plan faster (or, while a stage is over the memory limit, smaller) as moves. `par-search` takes the same step
    on its compact plan. A plan that no remedy improves stays as it is; a remark says what was tried.
  }];
  let options = [
    Option<"profiles", "profiles", "std::string", /*default=*/"", "Folder of the model's cost tables (required)">,
    Option<"formula", "formula", "std::string", /*default=*/"\"full\"", "Cost formula: aceso or full (default: full)">,
    ListOption<"microBatches", "micro-batches", "int64_t",
               "Micro-batches to choose from (default: the samples in the cost tables)">,
    Option<"budget", "budget", "int64_t", /*default=*/"30000", "Candidates to judge (default: 30000)">,
  ];
}

#endif // ACESO_TRANSFORMS_SEARCH_PASSES_TD
