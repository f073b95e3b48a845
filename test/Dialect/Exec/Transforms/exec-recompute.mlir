// RUN: aceso-opt %s --convert-par-to-exec --exec-gradient --exec-recompute | FileCheck %s
// RUN: aceso-opt %s --convert-par-to-exec --exec-gradient --exec-recompute | aceso-opt --canonicalize --cse --loop-invariant-code-motion | FileCheck %s

// Inside layers.0 the flagged gelu is dropped: backward uses a clone in front of its first use there. What
// leaves the block (the add's result, used by the head) is kept although its op is flagged.

// CHECK-LABEL: exec.graph @block_rule(
//       CHECK:   %[[Y:.*]] = nn.linear "layers.0.fc1"
//       CHECK:   %[[U:.*]] = nn.gelu "layers.0.gelu"(%[[Y]], %[[B:.*]]) {exec.at = #exec.at<0, forward>
//       CHECK:   %[[V:.*]] = nn.linear "layers.0.fc2"(%[[U]]
//       CHECK:   %[[Z:.*]] = nn.bias_dropout_add "layers.0.add"(%[[V]]
//       CHECK:   exec.loss_seed
//       CHECK:   nn.einsum "head"({{.*}}, %[[Z]])
//       CHECK:   nn.einsum "layers.0.fc2"
//  CHECK-NEXT:   %[[CLONE:.*]] = nn.gelu "layers.0.gelu"(%[[Y]], %[[B]]) {exec.at = #exec.at<0, backward, recomputed>
//  CHECK-NEXT:   nn.einsum "layers.0.fc2"({{.*}}, %[[CLONE]])
//       CHECK:   nn.gelu_grad "layers.0.gelu"(%[[Y]]
//   CHECK-NOT:   recomputed
par.plan @block_rule(%x: tensor<4x?x8xf32>, %labels: tensor<?x4xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 4 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %b = nn.parameter "bias" <zeros> : tensor<8xf32>
  %w1 = nn.parameter "w1" <normal, 2.0e-02> : tensor<8x8xf32>
  %w2 = nn.parameter "w2" <normal, 2.0e-02> : tensor<8x8xf32>
  %t = nn.parameter "table" <normal, 2.0e-02> : tensor<8x8xf32>
  par.stage devices = 1
  %y = nn.linear "layers.0.fc1" (%x, %w1) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8x8xf32>) -> tensor<4x?x8xf32>
  %u = nn.gelu "layers.0.gelu" (%y, %b) {par.shard = #par.shard<tp = 1, dp = 1, recompute>} : (tensor<4x?x8xf32>, tensor<8xf32>) -> tensor<4x?x8xf32>
  %v = nn.linear "layers.0.fc2" (%u, %w2) {rules = "ko", par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8x8xf32>) -> tensor<4x?x8xf32>
  %z = nn.bias_dropout_add "layers.0.add" (%v, %b, %y) {p = 1.0e-01, par.shard = #par.shard<tp = 1, dp = 1, recompute>} : (tensor<4x?x8xf32>, tensor<8xf32>, tensor<4x?x8xf32>) -> tensor<4x?x8xf32>
  %loss = nn.linear_cross_entropy "head" (%z, %t, %labels) {num_classes = 8 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<4x?x8xf32>, tensor<8x8xf32>, tensor<?x4xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
