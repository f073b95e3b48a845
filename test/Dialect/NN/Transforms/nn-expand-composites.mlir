// RUN: aceso-opt %s --split-input-file --allow-unregistered-dialect --nn-expand-composites | FileCheck %s

// Primitives carry path and discardable attributes of the composite, and its place.
// CHECK:      %[[X:.*]]:3 = "test.inputs"
%ids, %table, %positions = "test.inputs"() : () -> (tensor<?x8xi32>, tensor<32x16xf32>, tensor<8x16xf32>)
// CHECK-NEXT: %[[ROWS:.*]] = nn.lookup "embedding"(%[[X]]#0, %[[X]]#1, %[[X]]#2) {rules = "vv", test.mark} : {{.*}} -> tensor<8x?x16xf32>
// CHECK-NEXT: %[[MASKED:.*]] = nn.dropout "embedding"(%[[ROWS]]) {letters = "s b h", p = 1.000000e-01 : f64, rules = "-s", test.mark}
// CHECK-NEXT: "test.use"(%[[MASKED]])
%0 = nn.embedding "embedding" (%ids, %table, %positions) {p = 1.0e-01 : f64, profile = "key", test.mark}
  : (tensor<?x8xi32>, tensor<32x16xf32>, tensor<8x16xf32>) -> tensor<8x?x16xf32>
"test.use"(%0) : (tensor<8x?x16xf32>) -> ()

// -----

// Statistics of f16 values are f32.
// CHECK:      %[[X:.*]]:3 = "test.inputs"
%x, %g, %b = "test.inputs"() : () -> (tensor<8x?x16xf16>, tensor<16xf16>, tensor<16xf16>)
// CHECK-NEXT: %[[Y:.*]]:3 = nn.layer_norm_stats "ln"(%[[X]]#0, %[[X]]#1, %[[X]]#2) {eps = 1.000000e-05 : f64, rules = "-s"}
// CHECK-SAME:   -> (tensor<8x?x16xf16>, tensor<8x?xf32>, tensor<8x?xf32>)
// CHECK-NEXT: "test.use"(%[[Y]]#0)
%0 = nn.layer_norm "ln" (%x, %g, %b) {eps = 1.0e-05 : f64} : (tensor<8x?x16xf16>, tensor<16xf16>, tensor<16xf16>) -> tensor<8x?x16xf16>
"test.use"(%0) : (tensor<8x?x16xf16>) -> ()

// -----

// Rules of the linear layer go by groups of q, k and v rows of one head.
// CHECK:      %[[X:.*]]:3 = "test.inputs"
%x, %w, %b = "test.inputs"() : () -> (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>)
// CHECK-NEXT: %[[ALL:.*]] = nn.linear "qkv"(%[[X]]#0, %[[X]]#1, %[[X]]#2) {group_size = 24 : i64, rules = "okk"} : {{.*}} -> tensor<8x?x48xf32>
// CHECK-NEXT: %[[QKV:.*]]:3 = nn.split_heads "qkv"(%[[ALL]]) {rules = "n-n"}
// CHECK-NEXT: "test.use"(%[[QKV]]#0, %[[QKV]]#1, %[[QKV]]#2)
%q, %k, %v = nn.qkv "qkv" (%x, %w, %b) : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>)
  -> (tensor<8x?x2x8xf32>, tensor<8x?x2x8xf32>, tensor<8x?x2x8xf32>)
"test.use"(%q, %k, %v) : (tensor<8x?x2x8xf32>, tensor<8x?x2x8xf32>, tensor<8x?x2x8xf32>) -> ()

// -----

// CHECK:      %[[X:.*]]:3 = "test.inputs"
%x, %w, %labels = "test.inputs"() : () -> (tensor<8x?x16xbf16>, tensor<32x16xbf16>, tensor<?x8xi32>)
// CHECK-NEXT: %[[LOGITS:.*]] = nn.linear "head"(%[[X]]#0, %[[X]]#1) {rules = "os"} : {{.*}} -> tensor<8x?x32xbf16>
// CHECK-NEXT: %[[MAX:.*]] = nn.class_max "head"(%[[LOGITS]]) {num_classes = 30 : i64, rules = "vs"} : {{.*}} -> tensor<8x?xf32>
// CHECK-NEXT: %[[SUMS:.*]]:2 = nn.class_sums "head"(%[[LOGITS]], %[[MAX]], %[[X]]#2) {num_classes = 30 : i64, rules = "vs"}
// CHECK-NEXT: %[[LOSS:.*]] = nn.token_loss "head"(%[[SUMS]]#0, %[[SUMS]]#1, %[[X]]#2) {rules = "-s"} : {{.*}} -> tensor<f32>
// CHECK-NEXT: "test.use"(%[[LOSS]])
%0 = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 30 : i64} : (tensor<8x?x16xbf16>, tensor<32x16xbf16>, tensor<?x8xi32>) -> tensor<f32>
"test.use"(%0) : (tensor<f32>) -> ()

// -----

// Other ops stay, composites in nested regions do not.
// CHECK:      "test.region"
// CHECK:        %[[X:.*]]:3 = "test.inputs"
// CHECK-NEXT:   %[[Y:.*]] = nn.dropout "keep"(%[[X]]#0)
// CHECK-NEXT:   nn.layer_norm_stats "ln"(%[[Y]],
"test.region"() ({
  %x, %g, %b = "test.inputs"() : () -> (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>)
  %0 = nn.dropout "keep" (%x) {letters = "s b h", rules = "-", p = 0.0 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.layer_norm "ln" (%0, %g, %b) {eps = 1.0e-05 : f64} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
  "test.use"(%1) : (tensor<8x?x16xf32>) -> ()
}) : () -> ()
