// RUN: aceso-opt %s --par-set-degrees="ops=1 tp=1 dp=2" | FileCheck %s --check-prefix=CHECK

// Degrees of some ops; the stage then mixes two.

// CHECK-LABEL: par.plan @net
//       CHECK:   par.stage devices = 2
//  CHECK-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  CHECK-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>
//  CHECK-NEXT:   par.stage devices = 2
//  CHECK-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>
//  CHECK-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>

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
