// What par-set-degrees refuses, and why.

// RUN: not aceso-opt %s --par-set-degrees="ops=1 tp=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E0
// E0: error: 'par.plan' op cannot have dp=0: a degree is at least 1 and at most 65535

// RUN: not aceso-opt %s --par-set-degrees="ops=1 tp=70000 dp=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E1
// E1: error: 'par.plan' op cannot have tp=70000

// RUN: not aceso-opt %s --par-set-degrees="ops=1 tp=-2 dp=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E2
// E2: error: the option 'tp' must be given and not be negative

// RUN: not aceso-opt %s --par-set-degrees="tp=1 dp=6" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E3
// E3: error: 'par.plan' op needs the option ops

// RUN: not aceso-opt %s --par-set-degrees="ops=1 tp=2 dp=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E4
// E4: error: 'par.plan' op would give "fc2" (op 1) tp 2 x dp 2 = 4 devices, but stage 0 has 6

// RUN: not aceso-opt %s --par-set-degrees="ops=0 tp=2 dp=3" -o /dev/null 2>&1 | FileCheck %s --check-prefix=E5
// E5: error: 'par.plan' op would have ops of dp 2, 3, 6 in stage 0 of 6 devices; each dp must divide the next larger one

par.plan @net(%x: tensor<8x?x18xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 6, memory = 100>,
                global_batch = 6 : i64, micro_batch = 6 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<18x18xf32>
  par.stage devices = 6
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 1, dp = 6>, rules = "ok"} : (tensor<8x?x18xf32>, tensor<18x18xf32>) -> tensor<8x?x18xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 3, dp = 2>, rules = "ok"} : (tensor<8x?x18xf32>, tensor<18x18xf32>) -> tensor<8x?x18xf32>
  %loss = nn.linear_cross_entropy "head" (%1, %w, %labels) {num_classes = 18 : i64, par.shard = #par.shard<tp = 1, dp = 6>} : (tensor<8x?x18xf32>, tensor<18x18xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
