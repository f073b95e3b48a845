// RUN: aceso-opt %s --split-input-file --convert-par-to-exec --exec-gradient | FileCheck %s
// RUN: aceso-opt %s --split-input-file --convert-par-to-exec --exec-gradient | aceso-opt --split-input-file --canonicalize --cse --loop-invariant-code-motion | FileCheck %s

// The head differentiates its primitives together; a copy's gradient is the copy back; a gradient op has
// stage and shard of its forward op.

// CHECK-LABEL: exec.graph @backward_crosses_back(
//       CHECK:   %[[W:.*]] = nn.parameter "w"
//       CHECK:   %[[T:.*]] = nn.parameter "table"
//       CHECK:   %[[COPY:.*]] = exec.copy %{{.*}} {exec.at = #exec.at<1, forward>}
//       CHECK:   %[[LOGITS:.*]] = nn.linear "head"
//       CHECK:   %[[SUMS:.*]]:2 = nn.class_sums
//       CHECK:   nn.token_loss
//  CHECK-NEXT:   %[[ONE:.*]] = exec.loss_seed {exec.at = #exec.at<1, backward>} : tensor<f32>
//  CHECK-NEXT:   %[[D:.*]] = nn.cross_entropy_grad "head"(%[[LOGITS]], %{{.*}}, %[[SUMS]]#0, %{{.*}}, %[[ONE]]) {exec.at = #exec.at<1, backward>
//  CHECK-NEXT:   %[[DX:.*]] = nn.einsum "head"(%[[D]], %[[T]]) {exec.at = #exec.at<1, backward>, par.shard = #par.shard<tp = 2, dp = 1>, pattern = "s b o, o k -> s b k", rules = "os"
//  CHECK-NEXT:   %[[DT:.*]] = nn.einsum "head"(%[[D]], %[[COPY]]) {{.*}}pattern = "s b o, s b k -> o k"
//  CHECK-NEXT:   exec.accumulate %[[DT]] to %[[T]] {exec.at = #exec.at<1, backward>}
//  CHECK-NEXT:   %[[BACK:.*]] = exec.copy %[[DX]] {exec.at = #exec.at<0, backward>}
//  CHECK-NEXT:   %[[DW:.*]] = nn.einsum "fc"(%[[BACK]], %{{.*}}) {exec.at = #exec.at<0, backward>, par.shard = #par.shard<tp = 1, dp = 1>
//  CHECK-NEXT:   exec.accumulate %[[DW]] to %[[W]] {exec.at = #exec.at<0, backward>}
//  CHECK-NEXT:   exec.return
par.plan @backward_crosses_back(%x: tensor<4x?x8xf32>, %labels: tensor<?x4xi32>) -> tensor<f32>
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

// A value with two uses has its contributions added, a tied weight is accumulated twice, and the residual
// gradient is the result's itself.

// CHECK-LABEL: exec.graph @residual(
//       CHECK:   %[[T:.*]] = nn.parameter "table"
//       CHECK:   %[[Y:.*]] = nn.linear "a"
//       CHECK:   exec.loss_seed
//       CHECK:   %[[DZ:.*]] = nn.einsum "head"
//       CHECK:   exec.accumulate %{{.*}} to %[[T]]
//       CHECK:   %[[DU:.*]] = nn.dropout "c"(%[[DZ]]) {{{.*}}letters = "s b h", p = 1.000000e-01 : f64
//       CHECK:   %[[DY:.*]] = nn.gelu_grad "b"(%[[Y]], %{{.*}}, %[[DU]])
//       CHECK:   %[[SUM:.*]] = nn.sum "a"(%[[DZ]], %[[DY]])
//       CHECK:   %[[DA:.*]] = nn.einsum "a"(%[[SUM]], %{{.*}})
//       CHECK:   exec.accumulate %[[DA]] to %[[T]]
par.plan @residual(%x: tensor<4x?x8xf32>, %labels: tensor<?x4xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 4 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %b = nn.parameter "bias" <zeros> : tensor<8xf32>
  %t = nn.parameter "table" <normal, 2.0e-02> : tensor<8x8xf32>
  par.stage devices = 1
  %y = nn.linear "a" (%x, %t) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8x8xf32>) -> tensor<4x?x8xf32>
  %u = nn.gelu "b" (%y, %b) {par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8xf32>) -> tensor<4x?x8xf32>
  %z = nn.bias_dropout_add "c" (%u, %b, %y) {p = 1.0e-01, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8xf32>, tensor<4x?x8xf32>) -> tensor<4x?x8xf32>
  %loss = nn.linear_cross_entropy "head" (%z, %t, %labels) {num_classes = 8 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8x8xf32>, tensor<?x4xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}

// -----

// A scale and a sum of products are each other's gradients; a chained sum hands its gradient on.

// CHECK-LABEL: exec.graph @scale_and_dot(%{{.*}}: tensor<4x2x8xbf16> {nn.name = "x"}
//  CHECK-SAME:     %[[C:.*]]: tensor<4x2x8xbf16> {nn.name = "c"})
//       CHECK:   %[[F:.*]] = nn.parameter "factor"
//       CHECK:   %[[Y:.*]] = nn.scale "scale"(%[[X:.*]], %[[F]])
//       CHECK:   %[[A:.*]] = nn.dot "a"(%[[Y]], %[[C]])
//       CHECK:   nn.dot "b"(%[[C]], %[[Y]], %[[A]])
//       CHECK:   %[[ONE:.*]] = exec.loss_seed
//  CHECK-NEXT:   %[[B:.*]] = nn.scale "b"(%[[C]], %[[ONE]]) {{{.*}}letters = "s b k"{{.*}}rules = "k"
//  CHECK-NEXT:   %[[DA:.*]] = nn.scale "a"(%[[C]], %[[ONE]])
//  CHECK-NEXT:   %[[DY:.*]] = nn.sum "scale"(%[[B]], %[[DA]])
//  CHECK-NEXT:   %[[DF:.*]] = nn.dot "scale"(%[[DY]], %[[X]])
//  CHECK-NEXT:   exec.accumulate %[[DF]] to %[[F]]
par.plan @scale_and_dot(%x: tensor<4x?x8xbf16> {nn.name = "x"}, %c: tensor<4x?x8xbf16> {nn.name = "c"}) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 4 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %f = nn.parameter "factor" <ones> : tensor<f32>
  par.stage devices = 2
  %y = nn.scale "scale" (%x, %f) {letters = "s b k", rules = "k", par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<4x?x8xbf16>, tensor<f32>) -> tensor<4x?x8xbf16>
  %a = nn.dot "a" (%y, %c) {letters = "s b k", rules = "k", par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<4x?x8xbf16>, tensor<4x?x8xbf16>) -> tensor<f32>
  %b = nn.dot "b" (%c, %y, %a) {letters = "s b k", rules = "k", par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<4x?x8xbf16>, tensor<4x?x8xbf16>, tensor<f32>) -> tensor<f32>
  par.return %b : tensor<f32>
}
