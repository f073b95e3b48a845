// RUN: aceso-opt %s --split-input-file --convert-par-to-exec | FileCheck %s

// The hash is of what the plan says; what it costs is none of it.
// RUN: aceso-opt %inputs/two-stages.mlir --convert-par-to-exec -o %t.plain.mlir
// RUN: sed 's/par.stage devices = 1/par.stage devices = 1 {par.cost = {stage_ms = 1.0}}/' %inputs/two-stages.mlir | aceso-opt --convert-par-to-exec -o %t.priced.mlir
// RUN: diff %t.plain.mlir %t.priced.mlir
// RUN: sed 's/memory = 100/memory = 200/' %inputs/two-stages.mlir | aceso-opt --convert-par-to-exec -o %t.other.mlir
// RUN: grep -o 'plan_hash = "[0-9a-f]*"' %t.plain.mlir > %t.hash
// RUN: not grep -f %t.hash %t.other.mlir

// Composites expand, every op gets its stage, the batch becomes a micro-batch.

// CHECK-LABEL: exec.graph @two_stages(
//  CHECK-SAME:     %[[X:[a-z0-9]+]]: tensor<4x2x8xf32>, %[[LABELS:[a-z0-9]+]]: tensor<2x4xi32>) -> tensor<f32>
//  CHECK-SAME:     plan_hash = "{{[0-9a-f]+}}"
//  CHECK-SAME:     stage_devices = array<i64: 1, 2>
//       CHECK:   %[[W:.*]] = nn.parameter "w"
//       CHECK:   %[[T:.*]] = nn.parameter "table"
//       CHECK:   %[[Y:.*]] = nn.linear "fc"(%[[X]], %[[W]]) {exec.at = #exec.at<0, forward>, par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"}
//  CHECK-NEXT:   %[[COPY:.*]] = exec.copy %[[Y]] {exec.at = #exec.at<1, forward>} : tensor<4x2x8xf32>
//  CHECK-NEXT:   %[[LOGITS:.*]] = nn.linear "head"(%[[COPY]], %[[T]]) {exec.at = #exec.at<1, forward>, par.shard = #par.shard<tp = 2, dp = 1>, rules = "os"}
//  CHECK-NEXT:   %[[MAX:.*]] = nn.class_max "head"(%[[LOGITS]])
//  CHECK-NEXT:   %[[SUMS:.*]]:2 = nn.class_sums "head"(%[[LOGITS]], %[[MAX]], %[[LABELS]])
//  CHECK-NEXT:   %[[LOSS:.*]] = nn.token_loss "head"(%[[SUMS]]#0, %[[SUMS]]#1, %[[LABELS]]) {exec.at = #exec.at<1, forward>
//  CHECK-NEXT:   exec.return %[[LOSS]] {exec.at = #exec.at<1, forward>} : tensor<f32>
par.plan @two_stages(%x: tensor<4x?x8xf32>, %labels: tensor<?x4xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 3, memory = 100>, global_batch = 4 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <normal, 2.0e-02> : tensor<8x8xf32>
  %t = nn.parameter "table" <normal, 2.0e-02> : tensor<16x8xf32>
  par.stage devices = 1
  %y = nn.linear "fc" (%x, %w) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8x8xf32>) -> tensor<4x?x8xf32>
  par.stage devices = 2
  %loss = nn.linear_cross_entropy "head" (%y, %t, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<4x?x8xf32>, tensor<16x8xf32>, tensor<?x4xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// A value that two later stages use is passed on by the nearer one; one that skips a stage goes directly.

// CHECK-LABEL: exec.graph @passed_on(
//       CHECK:   %[[A:.*]] = nn.linear "a"
//       CHECK:   %[[A1:.*]] = exec.copy %[[A]] {exec.at = #exec.at<1, forward>}
//       CHECK:   %[[B:.*]] = nn.gelu "b"(%[[A1]]
//   CHECK-DAG:   %[[B2:.*]] = exec.copy %[[B]] {exec.at = #exec.at<2, forward>}
//   CHECK-DAG:   %[[A2:.*]] = exec.copy %[[A1]] {exec.at = #exec.at<2, forward>}
//       CHECK:   nn.bias_dropout_add "c"(%[[B2]], %{{.*}}, %[[A2]])
par.plan @passed_on(%x: tensor<4x?x8xf32>, %labels: tensor<?x4xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 3, memory = 100>, global_batch = 4 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <normal, 2.0e-02> : tensor<8x8xf32>
  %b = nn.parameter "bias" <zeros> : tensor<8xf32>
  %t = nn.parameter "table" <normal, 2.0e-02> : tensor<16x8xf32>
  par.stage devices = 1
  %y = nn.linear "a" (%x, %w) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8x8xf32>) -> tensor<4x?x8xf32>
  par.stage devices = 1
  %u = nn.gelu "b" (%y, %b) {par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8xf32>) -> tensor<4x?x8xf32>
  par.stage devices = 1
  %z = nn.bias_dropout_add "c" (%u, %b, %y) {p = 0.0, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8xf32>, tensor<4x?x8xf32>) -> tensor<4x?x8xf32>
  %loss = nn.linear_cross_entropy "head" (%z, %t, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<16x8xf32>, tensor<?x4xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
