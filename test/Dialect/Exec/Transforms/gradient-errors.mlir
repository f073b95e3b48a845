// RUN: aceso-opt %s --split-input-file --exec-gradient --verify-diagnostics

exec.graph @twice(%x: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 1 : i64,
                micro_batch = 1 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>,
                plan_hash = "0"} {
  // expected-error @+1 {{is a backward op: the graph has its gradient already}}
  %0 = exec.seed {exec.at = #exec.at<0, backward>} : tensor<f32>
  exec.return %x {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @composite(%x: tensor<4x2x8xf32>, %labels: tensor<2x4xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>,
                plan_hash = "0"} {
  %t = nn.parameter "table" <zeros> : tensor<16x8xf32>
  // expected-error @+1 {{cannot be differentiated; expand composites first (convert-par-to-exec does)}}
  %loss = nn.linear_cross_entropy "head" (%x, %t, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<16x8xf32>, tensor<2x4xi32>) -> tensor<f32>
  exec.return %loss {exec.at = #exec.at<0, forward>} : tensor<f32>
}
