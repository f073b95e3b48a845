// A model is the same after the generic clean-ups: every unit has its own path, so no two are equal, and
// every unit reaches the loss.
// RUN: aceso-opt %inputs/gpt-tiny.mlir -o %t.before
// RUN: aceso-opt %inputs/gpt-tiny.mlir --canonicalize --cse --loop-invariant-code-motion -o %t.after
// RUN: diff %t.before %t.after
// RUN: aceso-opt %s --canonicalize --cse --loop-invariant-code-motion | FileCheck %s

// Equal but for their paths: two dropouts draw different masks, two parameters have different values.
// CHECK-LABEL: nn.model @twins
//       CHECK:   nn.parameter "w"
//       CHECK:   nn.parameter "v"
//       CHECK:   nn.dropout "first"
//       CHECK:   nn.dropout "second"
nn.model @twins(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32> {
  %w = nn.parameter "w" <zeros> : tensor<16xf32>
  %v = nn.parameter "v" <zeros> : tensor<16xf32>
  %t = nn.parameter "t" <zeros> : tensor<32x16xf32>
  %0 = nn.dropout "first" (%x) {letters = "s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.dropout "second" (%x) {letters = "s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  %2 = nn.bias_dropout_add "add_0" (%0, %w, %1) {p = 0.0 : f64} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  %3 = nn.bias_dropout_add "add_1" (%2, %v, %x) {p = 0.0 : f64} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%3, %t, %labels) {num_classes = 32 : i64} : (tensor<8x?x16xf32>, tensor<32x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  nn.return %loss : tensor<f32>
}
