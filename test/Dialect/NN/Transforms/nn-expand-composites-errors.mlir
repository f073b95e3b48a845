// RUN: aceso-opt %s --split-input-file --verify-diagnostics --nn-expand-composites

nn.model @units_stay_units(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32> {
  %w = nn.parameter "w" <zeros> : tensor<32x16xf32>
  // expected-error @+1 {{'nn.linear_cross_entropy' op stands in a model, which holds units of planning and not their primitives}}
  %0 = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 30 : i64} : (tensor<8x?x16xf32>, tensor<32x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  nn.return %0 : tensor<f32>
}
