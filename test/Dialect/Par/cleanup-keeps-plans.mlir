// Order carries meaning in a plan: generic passes change nothing, not even what looks equal or unused.

// RUN: aceso-translate --import-model %inputs/gpt-tiny.json -o %t.model.mlir
// RUN: aceso-opt %t.model.mlir --convert-nn-to-par="stages=3 devices-per-node=4 memory-mb=100 global-batch=8 micro-batch=2" -o %t.plan.mlir
// RUN: aceso-opt %t.plan.mlir --canonicalize --cse --loop-invariant-code-motion --canonicalize -o %t.cleaned.mlir
// RUN: diff %t.plan.mlir %t.cleaned.mlir

// RUN: aceso-opt %s -o %t.before.mlir
// RUN: aceso-opt %s --canonicalize --cse --loop-invariant-code-motion --canonicalize -o %t.after.mlir
// RUN: diff %t.before.mlir %t.after.mlir

// Layers that differ in nothing but their path, on one stage and on two: CSE would merge them, and take the
// second stage's from the first.
par.plan @twins(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>,
                global_batch = 4 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  %g = nn.parameter "g" <zeros> : tensor<16xf32>
  par.stage devices = 1
  %0 = nn.linear "a" (%x, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "b" (%x, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %2 = nn.bias_dropout_add "add" (%0, %g, %1) {p = 0.1 : f64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %3 = nn.linear "c" (%x, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %4 = nn.bias_dropout_add "add_1" (%2, %g, %3) {p = 0.1 : f64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%4, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
