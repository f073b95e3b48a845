// What par-set-recompute refuses, and why.

// RUN: not aceso-opt %s --par-set-recompute -o /dev/null 2>&1 | FileCheck %s --check-prefix=E0
// E0: error: 'par.plan' op needs the option ops: positions and ranges, as in 0-12,20

// RUN: not aceso-opt %s --par-set-recompute="ops=2-4" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E1
// E1: error: 'par.plan' op has no op 4: its ops are 0 to 3

// RUN: not aceso-opt %s --par-set-recompute="ops=a" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E2
// E2: error: the option 'ops': 'a' is no list of ops

// RUN: not aceso-opt %s --par-set-recompute="ops=1 value=offload" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E3
// E3-NOT: error:
// E3: error: the option 'value': 'offload' is neither recompute nor keep
// E3-NOT: error:

par.plan @net(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>,
                global_batch = 8 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 2
  %2 = nn.linear "fc3" (%1, %w) {par.shard = #par.shard<tp = 1, dp = 2>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%2, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 2>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
