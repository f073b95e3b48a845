// RUN: aceso-opt %s --split-input-file --allow-unregistered-dialect --verify-roundtrip | FileCheck %s

// A model with all it can have. Values print under the names of inputs and the paths of ops.
// CHECK-LABEL: nn.model @everything(
//  CHECK-SAME:     %ids: tensor<?x8xi32> {nn.name = "ids"}, %{{.*}}: tensor<?x8xi64>) -> tensor<f32>
//  CHECK-SAME:     attributes {config = {model_name = "gpt", num_layers = 2 : i64}, profile = "gpt_tiny"}
nn.model @everything(%a: tensor<?x8xi32> {nn.name = "ids"}, %labels: tensor<?x8xi64>) -> tensor<f32>
    attributes {config = {model_name = "gpt", num_layers = 2 : i64}, profile = "gpt_tiny"} {
  // CHECK-NEXT: %wte = nn.parameter "wte" <normal, 2.000000e-02 : f64> : tensor<32x16xf32>
  %0 = nn.parameter "wte" <normal, 2.0e-02 : f64> : tensor<32x16xf32>
  // CHECK-NEXT: %layers.0.wpe = nn.parameter "layers.0.wpe" <ones> : tensor<8x16xf32>
  %1 = nn.parameter "layers.0.wpe" <ones> : tensor<8x16xf32>
  // CHECK-NEXT: %embedding = nn.embedding "embedding"(%ids, %wte, %layers.0.wpe) {p = 1.000000e-01 : f64, profile = "encoder-embedding"}
  %2 = nn.embedding "embedding" (%a, %0, %1) {p = 1.0e-01 : f64, profile = "encoder-embedding"}
    : (tensor<?x8xi32>, tensor<32x16xf32>, tensor<8x16xf32>) -> tensor<8x?x16xf32>
  // CHECK-NEXT: %head = nn.linear_cross_entropy "head"(%embedding, %wte, %{{.*}}) {num_classes = 30 : i64, profile = "gpt-post-process"}
  %3 = nn.linear_cross_entropy "head" (%2, %0, %labels) {num_classes = 30 : i64, profile = "gpt-post-process"}
    : (tensor<8x?x16xf32>, tensor<32x16xf32>, tensor<?x8xi64>) -> tensor<f32>
  // CHECK-NEXT: nn.return %head : tensor<f32>
  nn.return %3 : tensor<f32>
}

// -----

// A model with nothing that may be left out: no config, profile, names or profile keys.
// CHECK-LABEL: nn.model @least(%{{.*}}: tensor<8x?x16xf64>, %{{.*}}: tensor<?x8xi32>) -> tensor<f64> {
nn.model @least(%x: tensor<8x?x16xf64>, %labels: tensor<?x8xi32>) -> tensor<f64> {
  // CHECK-NEXT: nn.parameter "w" <zeros> {no_decay} : tensor<32x16xf64>
  %w = nn.parameter "w" <zeros> {no_decay} : tensor<32x16xf64>
  // CHECK-NEXT: nn.linear_cross_entropy "head"(%{{.*}}, %w, %{{.*}}) {num_classes = 32 : i64} :
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 32 : i64}
    : (tensor<8x?x16xf64>, tensor<32x16xf64>, tensor<?x8xi32>) -> tensor<f64>
  nn.return %loss : tensor<f64>
}

// -----

// An input need not be used.
// CHECK-LABEL: nn.model @unused_input(%x: {{.*}}, %positions: tensor<?x8xi32>
nn.model @unused_input(%x: tensor<8x?x16xf32> {nn.name = "x"}, %l: tensor<?x8xi32>, %p: tensor<?x8xi32> {nn.name = "positions"}) -> tensor<f32> {
  %w = nn.parameter "w" <zeros> : tensor<32x16xf32>
  %loss = nn.linear_cross_entropy "head" (%x, %w, %l) {num_classes = 32 : i64} : (tensor<8x?x16xf32>, tensor<32x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  nn.return %loss : tensor<f32>
}

// -----

// Units of planning, each with and without what is optional.
%x, %g, %w, %b, %f = "test.inputs"() : () -> (tensor<8x?x16xf32>, tensor<16xf32>, tensor<48x16xf32>, tensor<48xf32>, tensor<f32>)
// CHECK:      %ln = nn.layer_norm "ln"(%{{.*}}) {eps = 1.000000e-05 : f64, profile = "enc-1st-layernorm"}
%0 = nn.layer_norm "ln" (%x, %g, %g) {eps = 1.0e-05 : f64, profile = "enc-1st-layernorm"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
// CHECK-NEXT: %qkv:3 = nn.qkv "qkv"(%ln, %{{.*}}) {profile = "enc-attention-qkv"} :
// CHECK-SAME:   -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
%q, %k, %v = nn.qkv "qkv" (%0, %w, %b) {profile = "enc-attention-qkv"} : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>)
  -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
// CHECK-NEXT: nn.attention_score "score"(%qkv#0, %qkv#1) {profile = "enc-attention-score", scale = 5.000000e-01 : f64}
%1 = nn.attention_score "score" (%q, %k) {profile = "enc-attention-score", scale = 0.5 : f64} : (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>) -> tensor<?x4x8x8xf32>
// CHECK-NEXT: nn.softmax "causal"(%score) {causal, scale = 1.000000e+00 : f64} :
%2 = nn.softmax "causal" (%1) {causal, scale = 1.0 : f64} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
// CHECK-NEXT: nn.softmax "full"(%causal) {profile = "enc-attention-softmax", scale = 2.000000e+00 : f64} :
%3 = nn.softmax "full" (%2) {profile = "enc-attention-softmax", scale = 2.0 : f64} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
// CHECK-NEXT: nn.dropout "dropout"(%full) {letters = "b n s t", p = 0.000000e+00 : f64, profile = "enc-attention-dropout", rules = "ns"} :
%4 = nn.dropout "dropout" (%3) {letters = "b n s t", rules = "ns", p = 0.0 : f64, profile = "enc-attention-dropout"} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
// CHECK-NEXT: nn.attention_context "context"(%dropout, %qkv#2) {profile = "enc-attention-context"} :
%5 = nn.attention_context "context" (%4, %v) {profile = "enc-attention-context"} : (tensor<?x4x8x8xf32>, tensor<8x?x4x4xf32>) -> tensor<8x?x16xf32>
// CHECK-NEXT: nn.linear "plain"(%context, %{{.*}}) {rules = "ok"} :
%6 = nn.linear "plain" (%5, %w) {rules = "ok"} : (tensor<8x?x16xf32>, tensor<48x16xf32>) -> tensor<8x?x48xf32>
// CHECK-NEXT: nn.linear "biased"(%context, %{{.*}}, %{{.*}}) {profile = "fc", rules = "ko"} :
%7 = nn.linear "biased" (%5, %w, %b) {rules = "ko", profile = "fc"} : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>) -> tensor<8x?x48xf32>
// CHECK-NEXT: nn.linear "grouped"(%context, %{{.*}}, %{{.*}}) {group_size = 12 : i64, rules = "-"} :
%8 = nn.linear "grouped" (%5, %w, %b) {group_size = 12 : i64, rules = "-"} : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>) -> tensor<8x?x48xf32>
// CHECK-NEXT: nn.gelu "gelu"(%plain, %{{.*}}) {profile = "enc-MLP-gelu"} :
%9 = nn.gelu "gelu" (%6, %b) {profile = "enc-MLP-gelu"} : (tensor<8x?x48xf32>, tensor<48xf32>) -> tensor<8x?x48xf32>
// CHECK-NEXT: nn.bias_dropout_add "add"(%gelu, %{{.*}}, %biased) {p = 1.000000e-01 : f64, profile = "enc-post-MLP-dropout"} :
%10 = nn.bias_dropout_add "add" (%9, %b, %7) {p = 0.1 : f64, profile = "enc-post-MLP-dropout"} : (tensor<8x?x48xf32>, tensor<48xf32>, tensor<8x?x48xf32>) -> tensor<8x?x48xf32>
// CHECK-NEXT: nn.scale "scale"(%add, %{{.*}}) {letters = "s b k", profile = "scale", rules = "k-"} : (tensor<8x?x48xf32>, tensor<f32>) -> tensor<8x?x48xf32>
%11 = nn.scale "scale" (%10, %f) {letters = "s b k", rules = "k-", profile = "scale"} : (tensor<8x?x48xf32>, tensor<f32>) -> tensor<8x?x48xf32>
// CHECK-NEXT: nn.dot "dot"(%scale, %add) {letters = "s b k", rules = "s"} :
%12 = nn.dot "dot" (%11, %10) {letters = "s b k", rules = "s"} : (tensor<8x?x48xf32>, tensor<8x?x48xf32>) -> tensor<f32>
// CHECK-NEXT: nn.dot "more"(%scale, %add, %dot) {letters = "s b k", profile = "dot", rules = "s"} :
%13 = nn.dot "more" (%11, %10, %12) {letters = "s b k", rules = "s", profile = "dot"} : (tensor<8x?x48xf32>, tensor<8x?x48xf32>, tensor<f32>) -> tensor<f32>

// -----

// Primitives, here on the local shapes of a device: a part of the vocabulary of bf16 values.
%ids, %table, %positions, %g, %x = "test.inputs"() : () -> (tensor<2x8xi32>, tensor<8x16xbf16>, tensor<9x16xbf16>, tensor<16xbf16>, tensor<8x2x24xbf16>)
// CHECK:      nn.lookup "embedding"(%{{.*}}) {rules = "vv"} :
%0 = nn.lookup "embedding" (%ids, %table, %positions) {rules = "vv"} : (tensor<2x8xi32>, tensor<8x16xbf16>, tensor<9x16xbf16>) -> tensor<8x2x16xbf16>
// CHECK-NEXT: %ln:3 = nn.layer_norm_stats "ln"(%{{.*}}) {eps = 1.000000e-05 : f64, rules = "-s"} : {{.*}} -> (tensor<8x2x16xbf16>, tensor<8x2xf32>, tensor<8x2xf32>)
%1:3 = nn.layer_norm_stats "ln" (%0, %g, %g) {eps = 1.0e-05 : f64, rules = "-s"} : (tensor<8x2x16xbf16>, tensor<16xbf16>, tensor<16xbf16>) -> (tensor<8x2x16xbf16>, tensor<8x2xf32>, tensor<8x2xf32>)
// CHECK-NEXT: %qkv:3 = nn.split_heads "qkv"(%{{.*}}) {rules = "n-n"} :
%2:3 = nn.split_heads "qkv" (%x) {rules = "n-n"} : (tensor<8x2x24xbf16>) -> (tensor<8x2x2x4xbf16>, tensor<8x2x2x4xbf16>, tensor<8x2x2x4xbf16>)
// CHECK-NEXT: nn.class_max "head"(%{{.*}}) {num_classes = 30 : i64, rules = "vs"} :
%3 = nn.class_max "head" (%x) {num_classes = 30 : i64, rules = "vs"} : (tensor<8x2x24xbf16>) -> tensor<8x2xf32>
// CHECK-NEXT: nn.class_sums "head"(%{{.*}}) {num_classes = 30 : i64, rules = "vs"} :
%4:2 = nn.class_sums "head" (%x, %3, %ids) {num_classes = 30 : i64, rules = "vs"} : (tensor<8x2x24xbf16>, tensor<8x2xf32>, tensor<2x8xi32>) -> (tensor<8x2xf32>, tensor<8x2xf32>)
// CHECK-NEXT: nn.token_loss "head"(%{{.*}}) {rules = "-s"} :
%5 = nn.token_loss "head" (%4#0, %4#1, %ids) {rules = "-s"} : (tensor<8x2xf32>, tensor<8x2xf32>, tensor<2x8xi32>) -> tensor<f32>

// -----

// Gradient ops. They keep the rules of their forward op, also where they lack the letter.
%ids, %x, %stat, %g, %scores, %q, %loss, %w = "test.inputs"() : () -> (tensor<2x8xi32>, tensor<8x2x16xf16>, tensor<8x2xf32>, tensor<16xf16>, tensor<2x4x8x8xf16>, tensor<8x2x2x4xf16>, tensor<f32>, tensor<16x16xf16>)
// CHECK:      nn.lookup_grad "embedding"(%{{.*}}) {rules = "vv"} :
%0 = nn.lookup_grad "embedding" (%ids, %x) {rules = "vv"} : (tensor<2x8xi32>, tensor<8x2x16xf16>) -> tensor<32x16xf16>
// CHECK-NEXT: nn.position_grad "embedding"(%{{.*}}) {rules = "vv"} :
%1 = nn.position_grad "embedding" (%x) {rules = "vv"} : (tensor<8x2x16xf16>) -> tensor<9x16xf16>
// CHECK-NEXT: %ln:3 = nn.layer_norm_grad "ln"(%{{.*}}) {rules = "-s"} :
%2:3 = nn.layer_norm_grad "ln" (%x, %stat, %stat, %g, %x) {rules = "-s"} : (tensor<8x2x16xf16>, tensor<8x2xf32>, tensor<8x2xf32>, tensor<16xf16>, tensor<8x2x16xf16>) -> (tensor<8x2x16xf16>, tensor<16xf16>, tensor<16xf16>)
// CHECK-NEXT: nn.merge_heads "qkv"(%{{.*}}) {rules = "n-n"} :
%3 = nn.merge_heads "qkv" (%q, %q, %q) {rules = "n-n"} : (tensor<8x2x2x4xf16>, tensor<8x2x2x4xf16>, tensor<8x2x2x4xf16>) -> tensor<8x2x24xf16>
// CHECK-NEXT: nn.softmax_grad "softmax"(%{{.*}}) {rules = "ns", scale = 1.000000e+00 : f64} :
%4 = nn.softmax_grad "softmax" (%scores, %scores) {rules = "ns", scale = 1.0 : f64} : (tensor<2x4x8x8xf16>, tensor<2x4x8x8xf16>) -> tensor<2x4x8x8xf16>
// CHECK-NEXT: nn.gelu_grad "gelu"(%{{.*}}) {rules = "f-s"} :
%5 = nn.gelu_grad "gelu" (%x, %g, %x) {rules = "f-s"} : (tensor<8x2x16xf16>, tensor<16xf16>, tensor<8x2x16xf16>) -> tensor<8x2x16xf16>
// CHECK-NEXT: nn.cross_entropy_grad "head"(%{{.*}}) {num_classes = 15 : i64, rules = "vs"} :
%6 = nn.cross_entropy_grad "head" (%x, %stat, %stat, %ids, %loss) {num_classes = 15 : i64, rules = "vs"} : (tensor<8x2x16xf16>, tensor<8x2xf32>, tensor<8x2xf32>, tensor<2x8xi32>, tensor<f32>) -> tensor<8x2x16xf16>
// CHECK-NEXT: nn.einsum "fc"(%{{.*}}) {pattern = "s b o, s b k -> o k", rules = "ok"} :
%7 = nn.einsum "fc" (%x, %x) {pattern = "s b o, s b k -> o k", rules = "ok"} : (tensor<8x2x16xf16>, tensor<8x2x16xf16>) -> tensor<16x16xf16>
// CHECK-NEXT: nn.einsum "fc"(%{{.*}}) {extents = {x = 4 : i64}, pattern = "s b (o x) -> (o x)", rules = "okk", scale = 5.000000e-01 : f64} :
%8 = nn.einsum "fc" (%x) {extents = {x = 4 : i64}, pattern = "s b (o x) -> (o x)", rules = "okk", scale = 0.5 : f64} : (tensor<8x2x16xf16>) -> tensor<16xf16>
// CHECK-NEXT: nn.sum "fc"(%{{.*}}, %{{.*}}, %{{.*}}) :
%9 = nn.sum "fc" (%7, %w, %w) : (tensor<16x16xf16>, tensor<16x16xf16>, tensor<16x16xf16>) -> tensor<16x16xf16>

// -----

// The dimensions of a sum have no meaning of their own: any may be dynamic.
%x = "test.inputs"() : () -> (tensor<8x?x16xf32>)
// CHECK: nn.sum "x"(%{{.*}}, %{{.*}}) : (tensor<8x?x16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
%0 = nn.sum "x" (%x, %x) : (tensor<8x?x16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
