// What par-move-devices refuses, and why.

// RUN: not aceso-opt %s --par-move-devices="from=0 from-axes=tp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E0
// E0: error: the option 'to' must be given and not be negative

// RUN: not aceso-opt %s --par-move-devices="to=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E1
// E1: error: 'par.plan' op needs one axis for each stage that gives devices, not from= with 0 axes

// RUN: not aceso-opt %s --par-move-devices="from=0,1 from-axes=tp to=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E2
// E2: error: 'par.plan' op needs one axis for each stage that gives devices, not from=0,1 with 1 axes

// RUN: not aceso-opt %s --par-move-devices="from=0 from-axes=pp to=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E3
// E3: error: the option 'from-axes': 'pp' is neither tp nor dp

// RUN: not aceso-opt %s --par-move-devices="from=0 from-axes=tp to=2 to-axis=pp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E4
// E4-NOT: error:
// E4: error: the option 'to-axis': 'pp' is neither tp nor dp
// E4-NOT: error:

// RUN: not aceso-opt %s --par-move-devices="from=0 from-axes=tp to=3" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E5
// E5: error: 'par.plan' op has no stage 3: its stages are 0 to 2

// RUN: not aceso-opt %s --par-move-devices="from=4 from-axes=tp to=0" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E6
// E6: error: 'par.plan' op has no stage 4: its stages are 0 to 2

// RUN: not aceso-opt %s --par-move-devices="from=0 from-axes=tp to=0" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E7
// E7: error: 'par.plan' op cannot move devices from stage 0 to itself

// RUN: not aceso-opt %s --par-move-devices="from=0 from-axes=dp to=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E8
// E8: error: 'par.plan' op cannot halve dp 1 of op 0 in stage 0

// RUN: not aceso-opt %s --par-move-devices="from=1 from-axes=tp to=0" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E9
// E9: error: 'par.plan' op cannot halve tp 1 of op 2 in stage 1

// RUN: not aceso-opt %s --par-set-micro-batch="size=1" --par-move-devices="from=0 from-axes=tp to=1 to-axis=dp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E10
// E10: error: 'par.plan' op cannot run with tp 1, dp 2, rule 0 at a micro-batch of 1: op 'fc3': dp 2 does not divide letter b of size 1

par.plan @net(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>,
                global_batch = 8 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %2 = nn.linear "fc3" (%1, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %3 = nn.linear "fc4" (%2, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%3, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
