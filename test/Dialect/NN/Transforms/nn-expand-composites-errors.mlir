// RUN: aceso-opt %s --split-input-file --verify-diagnostics --nn-expand-composites

nn.model @units_stay_units(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32> {
  %w = nn.parameter "w" <zeros> : tensor<32x16xf32>
  // expected-error @+1 {{'nn.linear_cross_entropy' op stands in a model, which holds units of planning and not their primitives}}
  %0 = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 30 : i64} : (tensor<8x?x16xf32>, tensor<32x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  nn.return %0 : tensor<f32>
}

// -----

par.plan @units_stay_units(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>,
                global_batch = 2 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<32x16xf32>
  par.stage devices = 1
  // expected-error @+1 {{'nn.class_max' op is neither a parameter, a stage marker nor a unit of planning}}
  %0 = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 30 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<32x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %0 : tensor<f32>
}
