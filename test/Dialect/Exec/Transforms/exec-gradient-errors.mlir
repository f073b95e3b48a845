// RUN: aceso-opt %s --split-input-file --exec-gradient --verify-diagnostics

exec.graph @twice(%x: tensor<4x1x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 1 : i64,
                micro_batch = 1 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>,
                plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x1x8xf32>, tensor<4x1x8xf32>) -> tensor<f32>
  // expected-error @+1 {{is a backward op: the graph has its gradient already}}
  %0 = exec.loss_seed {exec.at = #exec.at<0, backward>} : tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
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

// -----

// A maximum has a gradient only as a part of the cross entropy's.

exec.graph @maximum(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>,
                plan_hash = "0"} {
  %w = nn.parameter "w" <zeros> : tensor<16x8xf32>
  %y = nn.linear "fc" (%x, %w) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<16x8xf32>) -> tensor<4x2x16xf32>
  // expected-error @+1 {{'nn.class_max' op has no gradient of its own}}
  %m = nn.class_max "max" (%y) {num_classes = 16 : i64, rules = "v", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x16xf32>) -> tensor<4x2xf32>
  %l = nn.dot "l" (%m, %m) {letters = "s b", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @loss_without_sums(%x: tensor<4x2x8xf32>, %labels: tensor<2x4xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>,
                plan_hash = "0"} {
  %w = nn.parameter "w" <zeros> : tensor<f32>
  %y = nn.scale "scale" (%x, %w) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<f32>) -> tensor<4x2x8xf32>
  %g = nn.parameter "g" <zeros> : tensor<8xf32>
  %n:3 = nn.layer_norm_stats "ln" (%y, %g, %g) {eps = 1.0e-5 : f64, rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<4x2x8xf32>, tensor<4x2xf32>, tensor<4x2xf32>)
  // expected-error @+1 {{'nn.token_loss' op is differentiated together with the nn.class_sums that gives its sums}}
  %l = nn.token_loss "loss" (%n#1, %n#2, %labels) {rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2xf32>, tensor<4x2xf32>, tensor<2x4xi32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @statistics_alone(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>,
                plan_hash = "0"} {
  %g = nn.parameter "g" <zeros> : tensor<8xf32>
  // expected-error @+1 {{'nn.layer_norm_stats' op has gradients of its statistics only; they are part of its result's}}
  %n:3 = nn.layer_norm_stats "ln" (%x, %g, %g) {eps = 1.0e-5 : f64, rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<4x2x8xf32>, tensor<4x2xf32>, tensor<4x2xf32>)
  %l = nn.dot "l" (%n#1, %n#2) {letters = "s b", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @no_values(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>,
                plan_hash = "0"} {
  %w = nn.parameter "w" <zeros> : tensor<24x8xf32>
  %y = nn.linear "fc" (%x, %w) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<24x8xf32>) -> tensor<4x2x24xf32>
  // expected-error @+1 {{'nn.split_heads' op has gradients of some results only; attention uses all three}}
  %q:3 = nn.split_heads "split" (%y) {rules = "n", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x24xf32>) -> (tensor<4x2x2x4xf32>, tensor<4x2x2x4xf32>, tensor<4x2x2x4xf32>)
  %l = nn.dot "l" (%q#0, %q#1) {letters = "s b n d", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x2x4xf32>, tensor<4x2x2x4xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}
