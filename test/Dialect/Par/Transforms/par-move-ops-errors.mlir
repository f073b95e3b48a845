// What par-move-ops refuses, and why.

// RUN: not aceso-opt %s --par-move-ops="stage=3 count=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E0
// E0: error: 'par.plan' op has no stage 3: its stages are 0 to 2

// RUN: not aceso-opt %s --par-move-ops="stage=2 count=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E1
// E1: error: 'par.plan' op has no stage after stage 2 to move ops to

// RUN: not aceso-opt %s --par-move-ops="stage=2 count=-1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E2
// E2: error: 'par.plan' op has no stage after stage 2 to take ops from

// RUN: not aceso-opt %s --par-move-ops="count=0" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E3
// E3: error: 'par.plan' op is not changed by count=0

// RUN: not aceso-opt %s --par-move-ops="stage=0 count=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E4
// E4: error: 'par.plan' op cannot move 2 ops out of stage 0, which has 2: a stage keeps at least one op (par-set-stages removes stages)

// RUN: not aceso-opt %s --par-move-ops="stage=0 count=-1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E5
// E5: error: 'par.plan' op cannot move 1 ops out of stage 1, which has 1

// RUN: not aceso-opt %s --par-move-ops="stage=0 count=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E6
// E6: error: 'par.plan' op cannot run with tp 4, dp 1, rule 0 at a micro-batch of 4: op 'fc2': tp 4 does not divide letter o of size 6

// RUN: not aceso-opt %s --par-move-ops="stage=-1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E7
// E7: error: the option 'stage' must be given and not be negative

par.plan @net(%x: tensor<8x?x6xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 6, memory = 100>,
                global_batch = 8 : i64, micro_batch = 4 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<6x6xf32>
  par.stage devices = 1
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x6xf32>, tensor<6x6xf32>) -> tensor<8x?x6xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x6xf32>, tensor<6x6xf32>) -> tensor<8x?x6xf32>
  par.stage devices = 4
  %2 = nn.linear "fc3" (%1, %w) {par.shard = #par.shard<tp = 4, dp = 1>, rules = "-"} : (tensor<8x?x6xf32>, tensor<6x6xf32>) -> tensor<8x?x6xf32>
  par.stage devices = 1
  %3 = nn.linear "fc4" (%2, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x6xf32>, tensor<6x6xf32>) -> tensor<8x?x6xf32>
  %loss = nn.linear_cross_entropy "head" (%3, %w, %labels) {num_classes = 6 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x6xf32>, tensor<6x6xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
