// RUN: aceso-opt %s --split-input-file --verify-diagnostics

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

exec.program @ranks attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  // expected-error @+1 {{is stage 0 from rank 1, expected stage 0 from rank 0}}
  exec.stage 0 first_rank = 1 mesh = [2] {
  }
}

// -----

// expected-error @+1 {{has stages for 2 ranks, but the cluster has 4}}
exec.program @ranks attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [2] {
  }
}

// -----

exec.program @order attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [2] {
  }
  // expected-error @+1 {{follows a stage; declarations come first}}
  exec.input @ids batch_dim = 0 : tensor<2x4xi32>
}

// -----

exec.program @other attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  // expected-error @+1 {{is no declaration and no stage}}
  %0 = nn.parameter "w" <zeros> : tensor<4xf32>
}

// -----

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{holds 0 micro-batches; it must hold at least one}}
    exec.slot @a activation depth = 0 : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
  }
}

// -----

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{which says no layout}}
    exec.slot @a activation depth = 1 : tensor<4xf32>
  }
}

// -----

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{of role weight must name its parameter}}
    exec.slot @a weight depth = 1 : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
  }
}

// -----

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.parameter @w <zeros> : tensor<4xf32>
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{of role activation belongs to no parameter}}
    exec.slot @a activation depth = 1 of @w : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
  }
}

// -----

exec.program @radix attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  // expected-error @+1 {{has a mesh with a digit of radix 1; a radix is at least 2}}
  exec.stage 0 first_rank = 0 mesh = [1] {
  }
}

// -----

// expected-error @+1 {{has a global batch of 2, which is no multiple of its micro-batch of 0}}
exec.program @batch attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 0 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
  }
}
