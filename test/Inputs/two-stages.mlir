// A linear layer on one device, a head on two: the smallest plan with a boundary and a split vocabulary.

par.plan @two_stages(%x: tensor<4x?x8xf32>, %labels: tensor<?x4xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 3, memory = 100>, global_batch = 8 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <normal, 2.0e-02> : tensor<8x8xf32>
  %t = nn.parameter "table" <normal, 2.0e-02> : tensor<16x8xf32>
  par.stage devices = 1
  %y = nn.linear "fc" (%x, %w) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8x8xf32>) -> tensor<4x?x8xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%y, %t, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<4x?x8xf32>, tensor<16x8xf32>, tensor<?x4xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
