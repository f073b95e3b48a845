// RUN: aceso-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// Each invariant of par.plan by its number (ParOps.td), then attributes.

// C1: only parameters precede the first marker, only units and markers follow it.

par.plan @unit_before_the_first_stage(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-error @+1 {{'nn.linear' op "fc" precedes the first par.stage}}
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C1

// expected-error @+1 {{'par.plan' op has no par.stage}}
par.plan @no_stage(%loss: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  par.return %loss : tensor<f32>
}

// -----

// C1

par.plan @parameter_after_a_stage(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-note @+1 {{the marker is here}}
  par.stage devices = 2
  // expected-error @+1 {{'nn.parameter' op follows a stage marker; parameters precede the first one}}
  %late = nn.parameter "late" <zeros> : tensor<16xf32>
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C1

par.plan @another_op(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-error @+1 {{'builtin.unrealized_conversion_cast' op is neither a parameter, a stage marker nor a unit of planning}}
  %y = builtin.unrealized_conversion_cast %x : tensor<8x?x16xf32> to tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%y, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C1: ops that only gradients or expanded units consist of are no units.

par.plan @gradient(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-error @+1 {{'nn.sum' op is neither a parameter, a stage marker nor a unit of planning}}
  %0 = nn.sum "sum" (%x, %x) {par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C1

par.plan @primitive(%x: tensor<8x?x16xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  par.stage devices = 2
  // expected-error @+1 {{'nn.class_max' op is neither a parameter, a stage marker nor a unit of planning}}
  %0 = nn.class_max "max" (%x) {num_classes = 16 : i64, rules = "v", par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>) -> tensor<8x?xf32>
  %loss = nn.dot "loss" (%0, %0) {letters = "s b", rules = "s", par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?xf32>, tensor<8x?xf32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C2: every unit carries par.shard.

par.plan @unit_without_shard(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-error @+1 {{'nn.linear' op "fc" has no par.shard}}
  %0 = nn.linear "fc" (%x, %w) {rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C3: every stage holds at least one unit.

par.plan @stage_without_units(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-error @+1 {{'par.stage' op begins a stage without ops; remove it or move ops behind it}}
  par.stage devices = 1
  par.stage devices = 1
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C3

par.plan @last_stage_without_units(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 1
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  // expected-error @+1 {{'par.stage' op begins a stage without ops}}
  par.stage devices = 1
  par.return %loss : tensor<f32>
}

// -----

// C4: tp * dp of every unit is the number of devices of its stage.

par.plan @shard_larger_than_its_stage(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-note @+1 {{the stage begins here}}
  par.stage devices = 2
  // expected-error @+1 {{'nn.linear' op "fc" uses tp 2 x dp 2 = 4 devices, but its stage has 2}}
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 2>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C5: the devices of all stages add up to the cluster's.

// expected-error @+1 {{'par.plan' op gives its stages 2 devices, but the cluster has 1 nodes of 3 = 3}}
par.plan @devices_left_over(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 3, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C5

// expected-error @+1 {{'par.plan' op gives its stages 4 devices, but the cluster has 1 nodes of 2 = 2}}
par.plan @more_devices_than_there_are(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C6: a stage lies inside one node or consists of whole nodes.

par.plan @stage_on_two_halves_of_nodes(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 2, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 1
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  // expected-error @+1 {{'par.stage' op has devices 1 to 2, which straddle nodes of 2 devices; a stage lies inside one node or consists of whole nodes}}
  par.stage devices = 2
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %loss = nn.linear_cross_entropy "head" (%1, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C6

par.plan @stage_on_one_and_a_half_nodes(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 2, devices_per_node = 2, memory = 100>,
                global_batch = 6 : i64, micro_batch = 6 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-error @+1 {{'par.stage' op has devices 0 to 2, which straddle nodes of 2 devices}}
  par.stage devices = 3
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 1, dp = 3>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C7: the dp values of a stage form a chain of divisors.

par.plan @two_and_three_way_dp(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 6, memory = 100>,
                global_batch = 6 : i64, micro_batch = 6 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-error @+1 {{'par.stage' op has ops of dp 2, 3 on 6 devices; each dp must divide the next larger one}}
  par.stage devices = 6
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 3, dp = 2>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 3>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C8: both batches are positive, and global_batch is a multiple of micro_batch and at most 2147483647.

// expected-error @+1 {{'par.plan' op has a global batch of 2147483648 samples, but at most 2147483647 are possible}}
par.plan @global_batch_too_large(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 2147483648 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C8

// expected-error @+1 {{'par.plan' op has a global batch of 4 and a micro-batch of 3 samples; the first must be a multiple of the second, both above 0}}
par.plan @global_batch_no_multiple(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 3 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C8

// expected-error @+1 {{'par.plan' op has a global batch of 4 and a micro-batch of 0 samples}}
par.plan @no_micro_batch(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 0 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C8

// expected-error @+1 {{'par.plan' op has a global batch of -4 and a micro-batch of -2 samples}}
par.plan @negative_batches(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = -4 : i64, micro_batch = -2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C9: paths are unique among units and among parameters.

par.plan @two_units_of_one_path(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-note @+1 {{the earlier one is here}}
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  // expected-error @+1 {{'nn.linear' op has the path "fc" of an earlier unit; paths are unique}}
  %1 = nn.linear "fc" (%0, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%1, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C9

par.plan @two_parameters_of_one_path(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  // expected-note @+1 {{the earlier one is here}}
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-error @+1 {{'nn.parameter' op has the path "w" of an earlier parameter; paths are unique}}
  %v = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C9: no parameter is called like an input.

par.plan @parameter_like_an_input(%x: tensor<8x?x16xf32> {nn.name = "w"}, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  // expected-error @+1 {{'nn.parameter' op has the path "w", which is the name of argument 0; give one another name}}
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C10: the body ends in par.return of the declared loss.

par.plan @other_type_than_declared(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f64>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  // expected-error @+1 {{'par.return' op returns 'tensor<f32>', but the plan declares '(tensor<8x?x16xf32>, tensor<?x8xi32>) -> tensor<f64>'}}
  par.return %loss : tensor<f32>
}

// -----

// C10

// expected-error @+1 {{'par.plan' op must end in par.return}}
par.plan @no_return(%x: tensor<8x?x16xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  par.stage devices = 2
  "test.end"() : () -> ()
}

// -----

// C11: the letters of every unit divide by its degrees.

par.plan @batch_not_divisible(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 4
  // expected-error @+1 {{'nn.linear_cross_entropy' op "head" cannot run with #par.shard<tp = 1, dp = 4> at a micro-batch of 2: dp 4 does not divide letter b of size 2}}
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 4>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C11

par.plan @features_not_divisible(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 3, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 3
  // expected-error @+1 {{tp 3 does not divide letter k of size 16}}
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 3, dp = 1, rule = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 3, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C11

par.plan @no_such_rule(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-error @+1 {{rule 2 does not exist, there are rules 0 to 1}}
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1, rule = 2>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%0, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C12: every parameter and every result of a unit is used.

par.plan @unused_parameter(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-error @+1 {{'nn.parameter' op is not used: nothing that it gives reaches the loss}}
  %v = nn.parameter "v" <zeros> : tensor<16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C12

par.plan @unused_unit(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-error @+1 {{'nn.linear' op is not used: nothing that it gives reaches the loss}}
  %0 = nn.linear "fc" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C12

par.plan @unused_result(%x: tensor<8x?x16xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<48x16xf32>
  %b = nn.parameter "b" <zeros> : tensor<48xf32>
  par.stage devices = 2
  // expected-error @+1 {{'nn.qkv' op gives a result 2 that is not used: it does not reach the loss}}
  %q:3 = nn.qkv "qkv" (%x, %w, %b) {par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>) -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
  %loss = nn.dot "loss" (%q#0, %q#1) {letters = "s b n d", rules = "n", par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C12: what is returned is then what a unit gives.

par.plan @returns_an_input(%x: tensor<8x?x16xf32>, %l: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  par.stage devices = 2
  // expected-error @+1 {{'nn.dot' op is not used: nothing that it gives reaches the loss}}
  %loss = nn.dot "loss" (%x, %x) {letters = "s b k", rules = "s", par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<8x?x16xf32>) -> tensor<f32>
  par.return %l : tensor<f32>
}

// -----

// C13: inputs are tensors of different names.

// expected-error @+1 {{'par.plan' op takes argument 1 of type 'index'; an input is a tensor of f16, bf16, f32, f64, i32 or i64}}
par.plan @no_tensor(%x: tensor<8x?x16xf32>, %i: index, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C13

// expected-error @+1 {{'par.plan' op names arguments 0 and 1 "x"}}
par.plan @two_of_one_name(%x: tensor<8x?x16xf32> {nn.name = "x"}, %labels: tensor<?x8xi32> {nn.name = "x"}) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// C14: the batch of every unit is dynamic.

par.plan @batch_of_three(%x: tensor<8x3x16xf32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  par.stage devices = 2
  // expected-error @+1 {{'nn.dot' op "loss" has a batch (letter b) of 3; it must be dynamic (?), for the plan sets it}}
  %loss = nn.dot "loss" (%x, %x) {letters = "s b k", rules = "s", par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x3x16xf32>, tensor<8x3x16xf32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// Attributes.

par.plan @unknown_attribute(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-error @+1 {{'nn.linear_cross_entropy' op carries the unknown attribute "par.speed"}}
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>, par.speed = 1} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// A shard is a #par.shard.

par.plan @shard_of_another_kind(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-error @+1 {{'nn.linear_cross_entropy' op has a par.shard that is no #par.shard<...>}}
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = "tp2"} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// Only units have shards.

par.plan @shard_on_a_parameter(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-error @+1 {{'nn.parameter' op carries par.shard, but only ops of the nn dialect can be split}}
  %v = nn.parameter "v" <zeros> {par.shard = #par.shard<tp = 1, dp = 2>} : tensor<16xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// Costs are dictionaries of plans and stages.

par.plan @cost_on_a_unit(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  // expected-error @+1 {{'nn.linear_cross_entropy' op carries par.cost, a dictionary that only par.plan and par.stage have}}
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>, par.cost = {time_ms = 1.0}} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// Attribute facts.

// expected-error @+1 {{tp and dp must be at least 1, not tp = 0, dp = 2}}
"test.op"() {shard = #par.shard<tp = 0, dp = 2>} : () -> ()

// -----

// expected-error @+1 {{rules are numbered from 0, not -1}}
"test.op"() {value = #par.shard<tp = 2, dp = 2, rule = -1>} : () -> ()

// -----

// expected-error @+1 {{expected rule, keep or recompute, each at most once, not 'forget'}}
"test.op"() {value = #par.shard<tp = 2, dp = 2, forget>} : () -> ()

// -----

// expected-error @+1 {{expected rule, keep or recompute, each at most once, not 'rule'}}
"test.op"() {value = #par.shard<tp = 2, dp = 2, rule = 1, rule = 2>} : () -> ()

// -----

// expected-error @+1 {{expected rule, keep or recompute, each at most once, not 'recompute'}}
"test.op"() {value = #par.shard<tp = 2, dp = 2, keep, recompute>} : () -> ()

// -----

// expected-error @+1 {{expected 'tp'}}
"test.op"() {value = #par.shard<dp = 2>} : () -> ()

// -----

// expected-error @+1 {{a cluster has at least one node and one device in each, not 0 nodes of 2 devices}}
"test.op"() {value = #par.cluster<nodes = 0, devices_per_node = 2, memory = 100>} : () -> ()

// -----

// expected-error @+1 {{not 1 nodes of 0 devices}}
"test.op"() {value = #par.cluster<nodes = 1, devices_per_node = 0, memory = 100>} : () -> ()

// -----

// expected-error @+1 {{the memory of a device in MiB must be above 0, not 0}}
"test.op"() {value = #par.cluster<nodes = 1, devices_per_node = 2, memory = 0>} : () -> ()

// -----

// expected-error @+1 {{tp and dp are at most 65535 and rules at most 255}}
"test.op"() {value = #par.shard<tp = 65536, dp = 1>} : () -> ()

// -----

// expected-error @+1 {{tp and dp are at most 65535 and rules at most 255}}
"test.op"() {value = #par.shard<tp = 1, dp = 1, rule = 4294967296>} : () -> ()

// -----

// expected-error @+1 {{nodes, devices of a node and memory in MiB are at most 2147483647}}
"test.op"() {value = #par.cluster<nodes = 4294967296, devices_per_node = 4294967296, memory = 1>} : () -> ()

// -----

// expected-error @+1 {{nodes, devices of a node and memory in MiB are at most 2147483647}}
"test.op"() {value = #par.cluster<nodes = 1, devices_per_node = 1, memory = 2147483648>} : () -> ()

// -----

// expected-error @+2 {{expected ::aceso::par::ScheduleKind to be one of: one_f_one_b}}
// expected-error @+1 {{failed to parse}}
"test.op"() {value = #par.schedule<zero_bubble>} : () -> ()

// -----

// expected-error @+1 {{'par.stage' op expects parent op 'par.plan'}}
par.stage devices = 2

// -----

// A stage has devices.

par.plan @stage_of_no_devices(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  // expected-error @+1 {{'par.stage' op attribute 'devices' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  par.stage devices = 0
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
