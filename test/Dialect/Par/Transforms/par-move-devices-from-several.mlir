// RUN: aceso-opt %s --par-move-devices="from=0,1,0 from-axes=tp,dp,tp to=2 to-axis=dp" | FileCheck %s --check-prefix=CHECK
// RUN: aceso-opt %s --pass-pipeline="builtin.module(par.plan(par-move-devices{from=0,1,0 from-axes=tp,dp,tp to=2 to-axis=dp}))" | FileCheck %s --check-prefix=CHECK

// Stages 0 and 1 give two devices and one, stage 0 then another one: four more for stage 2.

// CHECK-LABEL: par.plan @net
//       CHECK:   par.stage devices = 1
//  CHECK-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  CHECK-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  CHECK-NEXT:   par.stage devices = 1
//  CHECK-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  CHECK-NEXT:   par.stage devices = 6
//  CHECK-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 2, dp = 3>
//  CHECK-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 2, dp = 3>

par.plan @net(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 8, memory = 100>,
                global_batch = 12 : i64, micro_batch = 12 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 4
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 4, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 4, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 2
  %2 = nn.linear "fc3" (%1, %w) {par.shard = #par.shard<tp = 1, dp = 2>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 2
  %3 = nn.linear "fc4" (%2, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%3, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
