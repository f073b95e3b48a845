// What par-exchange-axes refuses, and why.

// RUN: not aceso-opt %s --par-exchange-axes="stage=2 to=tp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E0
// E0: error: 'par.plan' op has no stage 2: its stages are 0 to 1

// RUN: not aceso-opt %s --par-exchange-axes="stage=0 to=tp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E1
// E1: error: 'par.plan' op cannot halve dp 1 of op 0 in stage 0

// RUN: not aceso-opt %s --par-exchange-axes="stage=0 ops=1-2 to=dp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E2
// E2: error: 'par.plan' op has ops 0 to 1 in stage 0, not all of 1-2

// RUN: not aceso-opt %s --par-exchange-axes="stage=1 ops=4 to=tp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E3
// E3: error: 'par.plan' op has no op 4: its ops are 0 to 3

// RUN: not aceso-opt %s --par-exchange-axes="stage=0 ops=1-0 to=dp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E4
// E4: error: the option 'ops': '1-0' is no list of ops: write ascending positions and ranges, each op once, as in 0-12,20

// RUN: not aceso-opt %s --par-exchange-axes="stage=0 to=pp" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E5
// E5-NOT: error:
// E5: error: the option 'to': 'pp' is neither tp nor dp
// E5-NOT: error:

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
