// What par-set-stages refuses, and why.

// RUN: not aceso-opt %s --par-set-stages -o /dev/null 2>&1 | FileCheck %s --check-prefix=E0
// E0: error: 'par.plan' op needs one entry a stage in each list, not ops= devices= tp=

// RUN: not aceso-opt %s --par-set-stages="ops=2,3 devices=4" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E1
// E1: error: 'par.plan' op needs one entry a stage in each list, not ops=2,3 devices=4 tp=

// RUN: not aceso-opt %s --par-set-stages="ops=2,3 devices=2,2 tp=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E2
// E2: error: 'par.plan' op needs one entry a stage in each list

// RUN: not aceso-opt %s --par-set-stages="ops=2,2 devices=2,2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E3
// E3: error: 'par.plan' op has 5 ops, but ops=2,2 adds up to 4

// RUN: not aceso-opt %s --par-set-stages="ops=0,5 devices=2,2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E4
// E4: error: 'par.plan' op would have no ops in stage 0

// RUN: not aceso-opt %s --par-set-stages="ops=2,3 devices=2,1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E5
// E5: error: 'par.plan' op would give its stages 3 devices, but the cluster has 1 nodes of 4 = 4

// RUN: not aceso-opt %s --par-set-stages="ops=2,3 devices=3,2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E6
// E6: error: 'par.plan' op would have stage 1 on devices 3 to 4, which straddle nodes of 4 devices

// RUN: not aceso-opt %s --par-set-stages="ops=2,3 devices=2,2 tp=2,4" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E7
// E7: error: 'par.plan' op cannot have tp 4 in stage 1 of 2 devices: tp must divide them

// RUN: not aceso-opt %s --par-set-stages="ops=2,3 devices=2,0" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E8
// E8: error: 'par.plan' op cannot have tp 0 in stage 1 of 0 devices: tp must divide them

// RUN: not aceso-opt %s --par-set-stages="ops=5 devices=4 tp=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E9
// E9: error: 'par.plan' op cannot run with tp 1, dp 4, rule 0 at a micro-batch of 2: op 'fc1': dp 4 does not divide letter b of size 2

// RUN: not aceso-opt %s --par-set-stages="ops=-2,7 devices=2,2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E10
// E10: error: the option 'ops' must be given and not be negative

par.plan @net(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>,
                global_batch = 8 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 2, dp = 1, rule = 1, recompute>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %2 = nn.linear "fc3" (%1, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %3 = nn.linear "fc4" (%2, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%3, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
