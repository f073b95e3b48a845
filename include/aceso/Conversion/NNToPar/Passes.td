//===- Passes.td - From a model to a plan ------------------*- tablegen -*-===//

#ifndef ACESO_CONVERSION_NNTOPAR_PASSES_TD
#define ACESO_CONVERSION_NNTOPAR_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertNNToParPass : Pass<"convert-nn-to-par", "::mlir::ModuleOp"> {
  let summary = "Gives every model a balanced plan: nn.model to par.plan";
  let description = [{
    The published start plan: equally many ops in each stage (the rest in the last), every stage one
    device, doubled from the first stage on until all devices are given out; tp = devices, dp = 1, rule 0.
    With `profiles`, the ops to recompute are chosen so that each stage fits in `memory-mb`; without,
    nothing is recomputed. The result may still exceed the limit (`par-print-cost` says so).

    The ops of the model, their order and their values stay. With `stages=2 nodes=1 devices-per-node=2
    memory-mb=12000 global-batch=8`, before:

    ```mlir
    nn.model @net(...) -> tensor<f32> {
      %w = nn.parameter "fc1.weight" ...
      %0 = nn.linear "fc1" (%x, %w) {rules = "ok"} : ...
      %1 = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 30 : i64} : ...
      nn.return %1 : tensor<f32>
    }
    ```
    and after:
    ```mlir
    par.plan @net(...) -> tensor<f32>
        attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 12000>,
                    global_batch = 8 : i64, micro_batch = 1 : i64, schedule = #par.schedule<one_f_one_b>} {
      %w = nn.parameter "fc1.weight" ...
      par.stage devices = 1
      %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : ...
      par.stage devices = 1
      %1 = nn.linear_cross_entropy "head" (%0, %w, %labels) {..., par.shard = #par.shard<tp = 1, dp = 1>} : ...
      par.return %1 : tensor<f32>
    }
    ```
  }];
  let options = [
    Option<"stages", "stages", "int64_t", /*default=*/"1", "Number of pipeline stages (default: 1)">,
    Option<"nodes", "nodes", "int64_t", /*default=*/"1", "Nodes of the cluster (default: 1)">,
    Option<"devicesPerNode", "devices-per-node", "int64_t", /*default=*/"0", "Devices in each node (required)">,
    Option<"memoryMiB", "memory-mb", "int64_t", /*default=*/"0", "Memory limit of a device in MiB (required)">,
    Option<"device", "device", "std::string", /*default=*/"", "Label of the devices (default: none)">,
    Option<"globalBatch", "global-batch", "int64_t", /*default=*/"0", "Samples of one training step (required)">,
    Option<"microBatch", "micro-batch", "int64_t", /*default=*/"1",
           "Samples of one micro-batch, over all data-parallel replicas (default: 1)">,
    Option<"maxDevices", "max-devices-per-stage", "int64_t", /*default=*/"8", "Most devices of one stage (default: 8)">,
    Option<"profiles", "profiles", "std::string", /*default=*/"",
           "Folder of the model's cost tables; given, the ops to recompute are chosen (default: none)">,
    Option<"formula", "formula", "std::string", /*default=*/"\"full\"",
           "Cost formula that chooses them: aceso or full (default: full)">,
    Option<"recomputeReserveMiB", "recompute-reserve-mb", "int64_t", /*default=*/"0",
           "Memory in MiB that the choice leaves free in each stage (formula aceso; default: 0)">,
  ];
  let dependentDialects = ["::aceso::par::ParDialect"];
}

#endif // ACESO_CONVERSION_NNTOPAR_PASSES_TD
