// What par-set-rule refuses, and why.

// RUN: not aceso-opt %s --par-set-rule="rule=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E0
// E0: error: 'par.plan' op needs the option ops

// RUN: not aceso-opt %s --par-set-rule="ops=0" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E1
// E1: error: the option 'rule' must be given and not be negative

// RUN: not aceso-opt %s --par-set-rule="ops=0-1 rule=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E2
// E2: error: 'par.plan' op cannot run with tp 2, dp 1, rule 2 at a micro-batch of 2: op 'fc1': rule 2 does not exist, there are rules 0 to 1

// RUN: not aceso-opt %s --par-set-rule="ops=0-1 rule=1000" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E3
// E3: error: 'par.plan' op has no op with a rule 1000

// RUN: not aceso-opt %s --par-set-rule="ops=9 rule=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E4
// E4: error: 'par.plan' op has no op 9: its ops are 0 to 3

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
