// RUN: aceso-opt %s --split-input-file --exec-place --verify-diagnostics

// Two halves for one op, three thirds for the next: no order of radices 2 and 3 begins with both.

// expected-error @+1 {{has no numbering of the 6 devices of stage 0 that serves the degrees of all its ops}}
exec.graph @degrees(%x: tensor<4x6x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 6, memory = 100>, global_batch = 6 : i64,
                micro_batch = 6 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 6>, plan_hash = "0"} {
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 0.5 : f64, exec.at = #exec.at<0, forward>, par.shard = #par.shard<tp = 3, dp = 2>} : (tensor<4x6x8xf32>) -> tensor<4x6x8xf32>
  %1 = nn.dropout "e" (%0) {letters = "s b h", rules = "-", p = 0.5 : f64, exec.at = #exec.at<0, forward>, par.shard = #par.shard<tp = 2, dp = 3>} : (tensor<4x6x8xf32>) -> tensor<4x6x8xf32>
  %l = nn.dot "l" (%1, %1) {letters = "s b h", rules = "-", exec.at = #exec.at<0, forward>, par.shard = #par.shard<tp = 3, dp = 2>} : (tensor<4x6x8xf32>, tensor<4x6x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// A step knows one number of labels before it begins.

// expected-error @+1 {{divides by the counted labels of two inputs, @a and @b; a step counts those of one}}
exec.graph @counts(%x: tensor<4x2xf32>, %a: tensor<2x4xi32> {nn.name = "a"}, %b: tensor<2x4xi32> {nn.name = "b"}) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %0 = nn.token_loss "first" (%x, %x, %a) {rules = "-", exec.at = #exec.at<0, forward>, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x2xf32>, tensor<4x2xf32>, tensor<2x4xi32>) -> tensor<f32>
  %1 = nn.token_loss "second" (%x, %x, %b) {rules = "-", exec.at = #exec.at<0, forward>, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x2xf32>, tensor<4x2xf32>, tensor<2x4xi32>) -> tensor<f32>
  exec.return %1 {exec.at = #exec.at<0, forward>} : tensor<f32>
}
