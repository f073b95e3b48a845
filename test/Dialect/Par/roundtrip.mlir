// RUN: aceso-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: par.plan @two_stages(
//  CHECK-SAME:     %{{.*}}: tensor<8x?x16xf32> {nn.name = "x"}, %{{.*}}: tensor<?x8xi32> {nn.name = "labels"}) -> tensor<f32>
//  CHECK-SAME:     cluster = #par.cluster<nodes = 2, devices_per_node = 2, device = "v100-32g", memory = 12000>
//  CHECK-SAME:     config = {num_layers = 1 : i64}
//  CHECK-SAME:     global_batch = 8 : i64, micro_batch = 2 : i64
//  CHECK-SAME:     profile = "net_tiny"
//  CHECK-SAME:     schedule = #par.schedule<one_f_one_b>
par.plan @two_stages(%x: tensor<8x?x16xf32> {nn.name = "x"}, %labels: tensor<?x8xi32> {nn.name = "labels"}) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 2, devices_per_node = 2, device = "v100-32g", memory = 12000>,
                config = {num_layers = 1 : i64}, global_batch = 8 : i64, micro_batch = 2 : i64, profile = "net_tiny",
                schedule = #par.schedule<one_f_one_b>} {
  // CHECK: nn.parameter
  %w1 = nn.parameter "fc1.weight" <normal, 0.02 : f64> : tensor<16x16xf32>
  // CHECK: par.stage devices = 2
  par.stage devices = 2
  // CHECK: nn.linear "fc1"{{.*}} {par.shard = #par.shard<tp = 1, dp = 2>, rules = "ok"}
  %0 = nn.linear "fc1" (%x, %w1) {par.shard = #par.shard<tp = 1, dp = 2>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  // CHECK: nn.linear "fc2"{{.*}} {par.shard = #par.shard<tp = 2, dp = 1, rule = 1>
  %1 = nn.linear "fc2" (%0, %w1) {par.shard = #par.shard<tp = 2, dp = 1, rule = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  // CHECK: par.stage devices = 2 {par.cost = {stage_ms = 1.5
  par.stage devices = 2 {par.cost = {stage_ms = 1.5 : f64}}
  // CHECK: nn.linear "fc3"{{.*}} {par.shard = #par.shard<tp = 2, dp = 1, recompute>
  %2 = nn.linear "fc3" (%1, %w1) {par.shard = #par.shard<tp = 2, dp = 1, recompute>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  // CHECK: nn.linear "fc4"{{.*}} {par.shard = #par.shard<tp = 2, dp = 1, rule = 1, recompute>
  %3 = nn.linear "fc4" (%2, %w1) {par.shard = #par.shard<tp = 2, dp = 1, rule = 1, recompute>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  // What has its default is not printed.
  // CHECK: nn.linear_cross_entropy "head"{{.*}} {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>}
  %loss = nn.linear_cross_entropy "head" (%3, %w1, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1, rule = 0, keep>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  // CHECK: par.return %{{.*}} : tensor<f32>
  par.return %loss : tensor<f32>
}

// CHECK-LABEL: par.plan @one_device
//  CHECK-SAME:     cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>
par.plan @one_device(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>,
                global_batch = 1 : i64, micro_batch = 1 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 1
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
