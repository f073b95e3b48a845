// RUN: aceso-opt %s --verify-roundtrip | FileCheck %s
// RUN: aceso-opt %s --canonicalize --cse --loop-invariant-code-motion | FileCheck %s

// CHECK-LABEL: nn.model @one_layer(
//  CHECK-SAME:     attributes {profile = "gpt_tiny"}
nn.model @one_layer(%ids: tensor<?x8xi32>, %labels: tensor<?x8xi32>) -> tensor<f32> attributes {profile = "gpt_tiny"} {
  // CHECK: nn.parameter "wte" <normal, 2.000000e-02 : f64> : tensor<32x16xf32>
  %wte = nn.parameter "wte" <normal, 2.000000e-02 : f64> : tensor<32x16xf32>
  %wpe = nn.parameter "wpe" <normal, 2.000000e-02 : f64> : tensor<8x16xf32>
  // CHECK: nn.parameter "ln_1.scale" <ones> {no_decay} : tensor<16xf32>
  %g = nn.parameter "ln_1.scale" <ones> {no_decay} : tensor<16xf32>
  %b = nn.parameter "ln_1.shift" <zeros> {no_decay} : tensor<16xf32>
  %wqkv = nn.parameter "qkv.weight" <normal, 2.000000e-02 : f64> : tensor<48x16xf32>
  %bqkv = nn.parameter "qkv.bias" <zeros> {no_decay} : tensor<48xf32>
  %wd = nn.parameter "dense.weight" <normal, 2.000000e-02 : f64> : tensor<16x16xf32>
  %bd = nn.parameter "dense.bias" <zeros> {no_decay} : tensor<16xf32>
  // CHECK: nn.embedding "embedding"(%{{.*}}, %{{.*}}, %{{.*}}) {p = 1.000000e-01 : f64, profile = "encoder-embedding"}
  %0 = nn.embedding "embedding" (%ids, %wte, %wpe) {p = 1.0e-01 : f64, profile = "encoder-embedding"} : (tensor<?x8xi32>, tensor<32x16xf32>, tensor<8x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.layer_norm "ln_1" (%0, %g, %b) {eps = 1.0e-05 : f64} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
  // CHECK: %{{.*}}:3 = nn.qkv "qkv"
  %q, %k, %v = nn.qkv "qkv" (%1, %wqkv, %bqkv) : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>) -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
  %s = nn.attention_score "score" (%q, %k) {scale = 5.0e-01 : f64} : (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>) -> tensor<?x4x8x8xf32>
  // CHECK: nn.softmax "softmax"(%{{.*}}) {causal, scale = 1.000000e+00 : f64}
  %p = nn.softmax "softmax" (%s) {causal, scale = 1.0 : f64} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %d = nn.dropout "dropout" (%p) {letters = "b n s t", rules = "ns", p = 1.0e-01 : f64} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %c = nn.attention_context "context" (%d, %v) : (tensor<?x4x8x8xf32>, tensor<8x?x4x4xf32>) -> tensor<8x?x16xf32>
  // CHECK: nn.linear "dense"(%{{.*}}, %{{.*}}) {rules = "ko"}
  %y = nn.linear "dense" (%c, %wd) {rules = "ko"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %z = nn.bias_dropout_add "add" (%y, %bd, %0) {p = 1.0e-01 : f64} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  %u = nn.gelu "gelu" (%z, %bd) : (tensor<8x?x16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
  // CHECK: nn.linear_cross_entropy "head"
  %loss = nn.linear_cross_entropy "head" (%u, %wte, %labels) {num_classes = 30 : i64} : (tensor<8x?x16xf32>, tensor<32x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  // CHECK: nn.return %{{.*}} : tensor<f32>
  nn.return %loss : tensor<f32>
}
