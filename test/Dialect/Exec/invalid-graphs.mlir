// RUN: aceso-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// What holds for graphs (G1 to G5).

// G1

exec.graph @no_place(%x: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 1 : i64,
                micro_batch = 1 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  // expected-error @+1 {{has no exec.at}}
  exec.return %x : tensor<f32>
}

// -----

exec.graph @no_such_stage(%x: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 1 : i64,
                micro_batch = 1 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  // expected-error @+1 {{is on stage 1 of 1}}
  exec.return %x {exec.at = #exec.at<1, forward>} : tensor<f32>
}

// -----

exec.graph @no_shard(%x: tensor<4x2x8xf32>, %l: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  // expected-error @+1 {{has no par.shard}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 0.5 : f64, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// G2

exec.graph @no_copy(%x: tensor<4x2x8xf32>, %l: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1, 1>, plan_hash = "0"} {
  // expected-note @+1 {{the value is defined here}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 0.5 : f64, exec.at = #exec.at<0, forward>, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  // expected-error @+1 {{on stage 1 uses a value of stage 0 without an exec.copy}}
  %1 = nn.dropout "e" (%0) {letters = "s b h", rules = "-", p = 0.5 : f64, exec.at = #exec.at<1, forward>, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// G1: the phase is one of a graph, the shard uses the devices of the stage and divides the letters.

exec.graph @phase(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  // expected-error @+1 {{is in phase update; a graph has forward and backward only}}
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, update>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @devices(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  // expected-error @+1 {{uses 2 devices, but its stage has 1}}
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 2, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @letters(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 4>, plan_hash = "0"} {
  // expected-error @+1 {{cannot run with #par.shard<tp = 1, dp = 4>: dp 4 does not divide letter b of size 2}}
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 4>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @rule(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  // expected-error @+1 {{cannot run with #par.shard<tp = 1, dp = 1, rule = 3>: rule 3 does not exist, there are rules 0 to 0}}
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1, rule = 3>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// G2: forward comes before backward.

exec.graph @order(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %s = exec.loss_seed {exec.at = #exec.at<0, backward>} : tensor<f32>
  // expected-error @+1 {{is in forward, but uses a value of backward}}
  %y = nn.scale "y" (%x, %s) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<f32>) -> tensor<4x2x8xf32>
  %l = nn.dot "l" (%y, %y) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// G3

exec.graph @content(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  // expected-error @+1 {{'exec.zero' op is nothing that a training graph holds}}
  %s = exec.zero {exec.at = #exec.at<0, backward>} : tensor<f32>
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// expected-error @+1 {{'exec.graph' op must end in exec.return}}
exec.graph @end(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  "test.end"() : () -> ()
}

// -----

// G4

exec.graph @copy_of_an_input(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  // expected-error @+1 {{copies what its stage has already}}
  %y = exec.copy %x {exec.at = #exec.at<0, forward>} : tensor<4x2x8xf32>
  %l = nn.dot "l" (%y, %y) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @copy_on_one_stage(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  // expected-error @+1 {{copies what its stage has already}}
  %y = exec.copy %l {exec.at = #exec.at<0, forward>} : tensor<f32>
  exec.return %y {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @gradient_of_an_input(%x: tensor<4x2x8xf32>, %f: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  %s = exec.loss_seed {exec.at = #exec.at<0, backward>} : tensor<f32>
  // expected-error @+1 {{adds to the gradient of a value that is no nn.parameter}}
  exec.accumulate %s to %f {exec.at = #exec.at<0, backward>} : tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @gradient_that_is_an_input(%x: tensor<4x2x8xf32>, %f: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %w = nn.parameter "w" <zeros> : tensor<f32>
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  // expected-error @+1 {{takes a value that no op of the graph computes}}
  exec.accumulate %f to %w {exec.at = #exec.at<0, backward>} : tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @sum_of_inputs(%x: tensor<4x2x8xf32>, %f: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  // expected-error @+1 {{takes a value that no op of the graph computes}}
  %s = nn.sum "s" (%f, %l) {exec.at = #exec.at<0, forward>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  exec.return %s {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @loss_that_is_an_input(%x: tensor<4x2x8xf32>, %f: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  // expected-error @+1 {{takes a value that no op of the graph computes}}
  exec.return %f {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

exec.graph @seed_in_forward(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  // expected-error @+1 {{is in forward; backward begins with it}}
  %s = exec.loss_seed {exec.at = #exec.at<0, forward>} : tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// G5

// expected-error @+1 {{'exec.graph' op has a global batch of 2 and a micro-batch of 0 samples}}
exec.graph @batches(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 0 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// expected-error @+1 {{gives its stages 1 devices, but the cluster has 2}}
exec.graph @cluster(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// expected-error @+1 {{has a stage of 2 devices on a cluster of 1}}
exec.graph @stage(%x: tensor<4x2x8xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 2, -1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}

// -----

// expected-error @+1 {{takes argument 1 of type 'index'}}
exec.graph @inputs(%x: tensor<4x2x8xf32>, %i: index) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>, plan_hash = "0"} {
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  exec.return %l {exec.at = #exec.at<0, forward>} : tensor<f32>
}
