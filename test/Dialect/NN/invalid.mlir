// RUN: aceso-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// What holds for attributes and for ops with letters (N1 to N9). Models: invalid-models.mlir.

// A normal distribution has a deviation.
// expected-error @+1 {{a normal distribution needs a finite standard deviation above 0; write #nn.init<zeros> for constant zero}}
%0 = nn.parameter "w" <normal> : tensor<4xf32>

// -----
// expected-error @+1 {{a normal distribution needs a finite standard deviation above 0}}
%0 = nn.parameter "w" <normal, 0.0 : f64> : tensor<4xf32>

// -----
// expected-error @+1 {{a normal distribution needs a finite standard deviation above 0}}
%0 = nn.parameter "w" <normal, 0x7FF0000000000000 : f64> : tensor<4xf32>

// -----
// expected-error @+1 {{a standard deviation is an f64, not 'f32'}}
%0 = nn.parameter "w" <normal, 0.02 : f32> : tensor<4xf32>

// -----
// A constant has none.
// expected-error @+1 {{zeros takes no standard deviation, but has 1.000000e+00 : f64}}
%0 = nn.parameter "w" <zeros, 1.0 : f64> : tensor<4xf32>

// -----
// expected-error @+1 {{ones takes no standard deviation, but has 1.000000e+00 : f64}}
%0 = nn.parameter "w" <ones, 1.0 : f64> : tensor<4xf32>

// -----
// Probabilities: dropout keeps something.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'p' failed to satisfy constraint: 64-bit float attribute at least 0 and below 1}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 1.0 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'p' failed to satisfy constraint: 64-bit float attribute at least 0 and below 1}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = -0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'p' failed to satisfy constraint: 64-bit float attribute at least 0 and below 1}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 0x7FF8000000000000 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %b: tensor<16xf32>):
  // expected-error @+1 {{attribute 'p' failed to satisfy constraint: 64-bit float attribute at least 0 and below 1}}
  %0 = nn.bias_dropout_add "d" (%x, %b, %x) {p = 1.5 : f64} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%i: tensor<?x8xi32>, %t: tensor<16x16xf32>):
  // expected-error @+1 {{attribute 'p' failed to satisfy constraint: 64-bit float attribute at least 0 and below 1}}
  %0 = nn.embedding "e" (%i, %t, %t) {p = 2.0 : f64} : (tensor<?x8xi32>, tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
// Epsilon.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %g: tensor<16xf32>):
  // expected-error @+1 {{attribute 'eps' failed to satisfy constraint: 64-bit float attribute above 0}}
  %0 = nn.layer_norm "ln" (%x, %g, %g) {eps = 0.0 : f64} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %g: tensor<16xf32>):
  // expected-error @+1 {{attribute 'eps' failed to satisfy constraint: 64-bit float attribute above 0}}
  %0 = nn.layer_norm "ln" (%x, %g, %g) {eps = -1.0e-05 : f64} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %g: tensor<16xf32>):
  // expected-error @+1 {{attribute 'eps' failed to satisfy constraint: 64-bit float attribute above 0}}
  %0:3 = nn.layer_norm_stats "ln" (%x, %g, %g) {eps = 0.0 : f64, rules = "-"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> (tensor<8x?x16xf32>, tensor<8x?xf32>, tensor<8x?xf32>)
}) : () -> ()

// -----
// Scales.
"test.region"() ({
^entry(%x: tensor<?x4x8x8xf32>):
  // expected-error @+1 {{attribute 'scale' failed to satisfy constraint: 64-bit float attribute finite}}
  %0 = nn.softmax "s" (%x) {scale = 0x7FF0000000000000 : f64} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%q: tensor<8x?x4x4xf32>):
  // expected-error @+1 {{attribute 'scale' failed to satisfy constraint: 64-bit float attribute finite}}
  %0 = nn.attention_score "s" (%q, %q) {scale = 0x7FF8000000000000 : f64} : (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>) -> tensor<?x4x8x8xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<?x4x8x8xf32>):
  // expected-error @+1 {{attribute 'scale' failed to satisfy constraint: 64-bit float attribute finite}}
  %0 = nn.softmax_grad "s" (%x, %x) {rules = "ns", scale = 0x7FF0000000000000 : f64} : (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'scale' failed to satisfy constraint: 64-bit float attribute finite}}
  %0 = nn.einsum "e" (%x) {pattern = "s b h -> h", rules = "-", scale = 0x7FF0000000000000 : f64} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
// Rules: one letter each, at least one rule.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'rules' failed to satisfy constraint: string attribute made of one letter, or -, for each rule}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'rules' failed to satisfy constraint: string attribute made of one letter, or -, for each rule}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "s,h", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x16xf32>):
  // expected-error @+1 {{attribute 'rules' failed to satisfy constraint: string attribute made of one letter, or -, for each rule}}
  %0 = nn.linear "fc" (%x, %w) {rules = "o k"} : (tensor<8x?x16xf32>, tensor<4x16xf32>) -> tensor<8x?x4xf32>
}) : () -> ()

// -----
// Letters of one tensor.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'letters' failed to satisfy constraint: string attribute made of letters, one for each dimension, such as "b n s t"}}
  %0 = nn.dropout "d" (%x) {letters = "", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'letters' failed to satisfy constraint: string attribute made of letters, one for each dimension, such as "b n s t"}}
  %0 = nn.dropout "d" (%x) {letters = "s b 3", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'letters' failed to satisfy constraint: string attribute made of letters, one for each dimension, such as "b n s t"}}
  %0 = nn.dropout "d" (%x) {letters = "s b s", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'letters' failed to satisfy constraint: string attribute made of letters, one for each dimension, such as "b n s t"}}
  %0 = nn.dropout "d" (%x) {letters = "s b (n d)", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'letters' failed to satisfy constraint: string attribute made of letters, one for each dimension, such as "b n s t"}}
  %0 = nn.dropout "d" (%x) {letters = "s b, h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'letters' failed to satisfy constraint: string attribute made of letters, one for each dimension, such as "b n s t"}}
  %0 = nn.dropout "d" (%x) {letters = "s b h -> s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'letters' failed to satisfy constraint: string attribute made of letters, one for each dimension, such as "b n s t"}}
  %0 = nn.dropout "d" (%x) {letters = "+s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
// Patterns.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s b h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s b h, -> h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s (b (h)) -> h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s (b h -> h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s b) h -> h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s () h -> h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s b b -> b", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s 3 h -> h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s b h -> +h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'pattern' failed to satisfy constraint: string attribute that is an einsum pattern such as "s b o, s b k -> o k"}}
  %0 = nn.einsum "e" (%x) {pattern = "s, +b h -> max: h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
// Extents.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'extents' failed to satisfy constraint: dictionary of named attribute values made of letters with a positive size each, such as {d = 64 : i64}}}
  %0 = nn.einsum "e" (%x) {pattern = "s b (h x) -> (h x)", rules = "-", extents = {x = 0 : i64}} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'extents' failed to satisfy constraint: dictionary of named attribute values made of letters with a positive size each, such as {d = 64 : i64}}}
  %0 = nn.einsum "e" (%x) {pattern = "s b (h x) -> (h x)", rules = "-", extents = {xy = 4 : i64}} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'extents' failed to satisfy constraint: dictionary of named attribute values made of letters with a positive size each, such as {d = 64 : i64}}}
  %0 = nn.einsum "e" (%x) {pattern = "s b (h x) -> (h x)", rules = "-", extents = {x = 4 : i32}} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'extents' failed to satisfy constraint: dictionary of named attribute values made of letters with a positive size each, such as {d = 64 : i64}}}
  %0 = nn.einsum "e" (%x) {pattern = "s b (h x) -> (h x)", rules = "-", extents = {x = "4"}} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'extents' failed to satisfy constraint: dictionary of named attribute values made of letters with a positive size each, such as {d = 64 : i64}}}
  %0 = nn.einsum "e" (%x) {pattern = "s b (h x) -> (h x)", rules = "-", extents = {"3" = 4 : i64}} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
// Groups of features.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x16xf32>):
  // expected-error @+1 {{attribute 'group_size' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = nn.linear "fc" (%x, %w) {rules = "ok", group_size = 0 : i64} : (tensor<8x?x16xf32>, tensor<4x16xf32>) -> tensor<8x?x4xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x16xf32>):
  // expected-error @+1 {{dimension 0 of operand 1 has size 4, no multiple of 3, the product of x}}
  %0 = nn.linear "fc" (%x, %w) {rules = "ok", group_size = 3 : i64} : (tensor<8x?x16xf32>, tensor<4x16xf32>) -> tensor<8x?x4xf32>
}) : () -> ()

// -----
// Classes.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x16xf32>, %l: tensor<?x8xi32>):
  // expected-error @+1 {{attribute 'num_classes' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = nn.linear_cross_entropy "head" (%x, %w, %l) {num_classes = 0 : i64} : (tensor<8x?x16xf32>, tensor<4x16xf32>, tensor<?x8xi32>) -> tensor<f32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{attribute 'num_classes' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = nn.class_max "head" (%x) {num_classes = -1 : i64, rules = "v"} : (tensor<8x?x16xf32>) -> tensor<8x?xf32>
}) : () -> ()

// -----
// Ids and labels are whole numbers, values are not.
"test.region"() ({
^entry(%x: tensor<?x8xf32>, %t: tensor<16x16xf32>):
  // expected-error @+1 {{operand #0 must be ranked tensor of 32-bit signless integer or 64-bit signless integer values}}
  %0 = nn.embedding "e" (%x, %t, %t) {p = 0.1 : f64} : (tensor<?x8xf32>, tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x16xf32>, %l: tensor<?x8xi8>):
  // expected-error @+1 {{operand #2 must be ranked tensor of 32-bit signless integer or 64-bit signless integer values}}
  %0 = nn.linear_cross_entropy "head" (%x, %w, %l) {num_classes = 4 : i64} : (tensor<8x?x16xf32>, tensor<4x16xf32>, tensor<?x8xi8>) -> tensor<f32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8xi32>):
  // expected-error @+1 {{operand #0 must be variadic of ranked tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float values}}
  %0 = nn.sum "x" (%x, %x) : (tensor<8xi32>, tensor<8xi32>) -> tensor<8xi32>
}) : () -> ()

// -----
// N1: an op has a path.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.sum' op needs a path}}
  %0 = nn.sum "" (%x, %x) : (tensor<8x?x16xf32>, tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
// N2: as many operands and results as letters name.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.einsum' op declares letters for 2 operands and 1 results, but has 1 and 1}}
  %0 = nn.einsum "e" (%x) {pattern = "s b h, h -> h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.einsum' op declares letters for 1 operands and 2 results, but has 1 and 1}}
  %0 = nn.einsum "e" (%x) {pattern = "s b h -> h, s", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
// N3: sizes agree with letters.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x17xf32>):
  // expected-error @+1 {{'nn.linear' op dimension 1 of operand 1 says that k is 17, elsewhere it is 16}}
  %0 = nn.linear "fc" (%x, %w) {rules = "ok"} : (tensor<8x?x16xf32>, tensor<4x17xf32>) -> tensor<8x?x4xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.dropout' op operand 0 has 3 dimensions, but 2 are declared}}
  %0 = nn.dropout "d" (%x) {letters = "s b", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %g: tensor<15xf32>):
  // expected-error @+1 {{'nn.layer_norm' op dimension 0 of operand 1 says that h is 15, elsewhere it is 16}}
  %0 = nn.layer_norm "ln" (%x, %g, %g) {eps = 1.0e-05 : f64} : (tensor<8x?x16xf32>, tensor<15xf32>, tensor<15xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
// The rows of qkv are three for each feature of a head.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<46x16xf32>, %b: tensor<46xf32>):
  // expected-error @+1 {{'nn.qkv' op dimension 0 of operand 1 has size 46, no multiple of 12, the product of qd}}
  %0:3 = nn.qkv "qkv" (%x, %w, %b) : (tensor<8x?x16xf32>, tensor<46x16xf32>, tensor<46xf32>) -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
}) : () -> ()

// -----
// A static batch where another one is dynamic.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %b: tensor<16xf32>):
  // expected-error @+1 {{'nn.gelu' op dimension 1 of result 0 says that b is 2, elsewhere it is dynamic}}
  %0 = nn.gelu "g" (%x, %b) : (tensor<8x?x16xf32>, tensor<16xf32>) -> tensor<8x2x16xf32>
}) : () -> ()

// -----
// A letter of a product whose size nothing says.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.einsum' op dimension 2 of operand 0 is a product with letter x, whose size nothing says}}
  %0 = nn.einsum "e" (%x) {pattern = "s b (h x) -> (h x)", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
// N4: only the batch may be dynamic.
"test.region"() ({
^entry(%x: tensor<?x?x16xf32>, %b: tensor<16xf32>):
  // expected-error @+1 {{'nn.gelu' op has a dynamic dimension s; only the batch, b, may be dynamic}}
  %0 = nn.gelu "g" (%x, %b) : (tensor<?x?x16xf32>, tensor<16xf32>) -> tensor<?x?x16xf32>
}) : () -> ()

// -----
// N5: rules split letters that the op has ...
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.dropout' op splits letter n by rule 1, but its letters are sbh}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "sn", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x16xf32>):
  // expected-error @+1 {{'nn.linear' op splits letter x by rule 0, but its letters are sbko}}
  %0 = nn.linear "fc" (%x, %w) {rules = "x"} : (tensor<8x?x16xf32>, tensor<4x16xf32>) -> tensor<8x?x4xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.class_max' op splits letter o by rule 0, but its letters are sbv}}
  %0 = nn.class_max "head" (%x) {num_classes = 4 : i64, rules = "o"} : (tensor<8x?x16xf32>) -> tensor<8x?xf32>
}) : () -> ()

// -----
// ... and that may be split ...
"test.region"() ({
^entry(%x: tensor<?x4x8x8xf32>):
  // expected-error @+1 {{'nn.softmax_grad' op splits letter t by rule 0, which may not be split}}
  %0 = nn.softmax_grad "s" (%x, %x) {rules = "t", scale = 1.0 : f64} : (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %g: tensor<16xf32>):
  // expected-error @+1 {{'nn.layer_norm_stats' op splits letter h by rule 1, which may not be split}}
  %0:3 = nn.layer_norm_stats "ln" (%x, %g, %g) {eps = 1.0e-05 : f64, rules = "-h"} : (tensor<8x?x16xf32>, tensor<16xf32>, tensor<16xf32>) -> (tensor<8x?x16xf32>, tensor<8x?xf32>, tensor<8x?xf32>)
}) : () -> ()

// -----
// ... and that are no minor factor.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x16xf32>):
  // expected-error @+1 {{'nn.linear' op splits letter x by rule 0, a minor factor of a dimension; only the major one can be split}}
  %0 = nn.linear "fc" (%x, %w) {rules = "x", group_size = 2 : i64} : (tensor<8x?x16xf32>, tensor<4x16xf32>) -> tensor<8x?x4xf32>
}) : () -> ()

// -----
// N6: one element type ...
"test.region"() ({
^entry(%x: tensor<8x?x16xf16>, %w: tensor<4x16xf32>):
  // expected-error @+1 {{'nn.linear' op mixes element types 'f16' and 'f32'}}
  %0 = nn.linear "fc" (%x, %w) {rules = "ok"} : (tensor<8x?x16xf16>, tensor<4x16xf32>) -> tensor<8x?x4xf16>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?xf32>, %l: tensor<?x8xi32>):
  // expected-error @+1 {{'nn.token_loss' op mixes element types 'f32' and 'f64'}}
  %0 = nn.token_loss "head" (%x, %x, %l) {rules = "-"} : (tensor<8x?xf32>, tensor<8x?xf32>, tensor<?x8xi32>) -> tensor<f64>
}) : () -> ()

// -----
// ... and statistics in the type that sums are kept in.
"test.region"() ({
^entry(%x: tensor<8x?x16xf16>):
  // expected-error @+1 {{'nn.class_max' op keeps statistics of 'f16' values in 'f16' instead of 'f32'}}
  %0 = nn.class_max "head" (%x) {num_classes = 4 : i64, rules = "v"} : (tensor<8x?x16xf16>) -> tensor<8x?xf16>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf64>, %w: tensor<4x16xf64>, %l: tensor<?x8xi32>):
  // expected-error @+1 {{'nn.linear_cross_entropy' op keeps statistics of 'f64' values in 'f32' instead of 'f64'}}
  %0 = nn.linear_cross_entropy "head" (%x, %w, %l) {num_classes = 4 : i64} : (tensor<8x?x16xf64>, tensor<4x16xf64>, tensor<?x8xi32>) -> tensor<f32>
}) : () -> ()

// -----
// N7: there is a position for every token.
"test.region"() ({
^entry(%i: tensor<?x8xi32>, %t: tensor<16x16xf32>, %p: tensor<7x16xf32>):
  // expected-error @+1 {{'nn.embedding' op reads sequences of 8 tokens, but has a table of 7 positions}}
  %0 = nn.embedding "e" (%i, %t, %p) {p = 0.1 : f64} : (tensor<?x8xi32>, tensor<16x16xf32>, tensor<7x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%i: tensor<?x8xi32>, %t: tensor<16x16xf32>, %p: tensor<7x16xf32>):
  // expected-error @+1 {{'nn.lookup' op reads sequences of 8 tokens, but has a table of 7 positions}}
  %0 = nn.lookup "e" (%i, %t, %p) {rules = "v"} : (tensor<?x8xi32>, tensor<16x16xf32>, tensor<7x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.position_grad' op reads sequences of 8 tokens, but has a table of 7 positions}}
  %0 = nn.position_grad "e" (%x) {rules = "v"} : (tensor<8x?x16xf32>) -> tensor<7x16xf32>
}) : () -> ()

// -----
// N8: every class has a row.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %w: tensor<4x16xf32>, %l: tensor<?x8xi32>):
  // expected-error @+1 {{'nn.linear_cross_entropy' op has 5 classes, but a table of 4 rows}}
  %0 = nn.linear_cross_entropy "head" (%x, %w, %l) {num_classes = 5 : i64} : (tensor<8x?x16xf32>, tensor<4x16xf32>, tensor<?x8xi32>) -> tensor<f32>
}) : () -> ()

// -----
// N9: an einsum multiplies one or two operands and adds the products.
"test.region"() ({
^entry(%x: tensor<4xf32>):
  // expected-error @+1 {{'nn.einsum' op takes one or two operands, not 3}}
  %0 = nn.einsum "e" (%x, %x, %x) {pattern = "h, h, h -> h", rules = "-"} : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.einsum' op takes one or two operands, not 0}}
  %0 = nn.einsum "e" () {pattern = "-> h", rules = "-"} : () -> tensor<4xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.einsum' op multiplies its operands and adds the products; its pattern has no max: and no +}}
  %0 = nn.einsum "e" (%x) {pattern = "s b h -> max: h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.einsum' op multiplies its operands and adds the products; its pattern has no max: and no +}}
  %0 = nn.einsum "e" (%x) {pattern = "+s b h -> h", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{'nn.einsum' op gives letter v, which no operand has}}
  %0 = nn.einsum "e" (%x) {pattern = "s b h -> v", rules = "-"} : (tensor<8x?x16xf32>) -> tensor<16xf32>
}) : () -> ()

// -----
// A sum has operands, all of its type.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{expected 1 or more operands, but found 0}}
  %0 = nn.sum "x" () : () -> tensor<8x?x16xf32>
}) : () -> ()

// -----
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %y: tensor<8x2x16xf32>):
  // expected-error @+1 {{'nn.sum' op dimension 1 of operand 1 says that B is 2, elsewhere it is dynamic}}
  %0 = nn.sum "x" (%x, %y) : (tensor<8x?x16xf32>, tensor<8x2x16xf32>) -> tensor<8x?x16xf32>
}) : () -> ()

// -----
// ... and a rank that letters can number.
"test.region"() ({
^entry(%x: tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1xf32>):
  // expected-error @+1 {{'nn.sum' op operand 0 has 27 dimensions, but 26 are declared}}
  %0 = nn.sum "x" (%x, %x) : (tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1xf32>, tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1xf32>) -> tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1xf32>
}) : () -> ()

// -----
// N6: a factor is a statistic.
"test.region"() ({
^entry(%x: tensor<8x?x16xbf16>, %f: tensor<f64>):
  // expected-error @+1 {{keeps statistics of 'bf16' values in 'f64' instead of 'f32'}}
  %0 = nn.scale "scale" (%x, %f) {letters = "s b k", rules = "k"} : (tensor<8x?x16xbf16>, tensor<f64>) -> tensor<8x?x16xbf16>
}) : () -> ()

// -----
// N3: both factors of a sum of products have one shape.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>, %y: tensor<8x?x8xf32>):
  // expected-error @+1 {{k}}
  %0 = nn.dot "dot" (%x, %y) {letters = "s b k", rules = "k"} : (tensor<8x?x16xf32>, tensor<8x?x8xf32>) -> tensor<f32>
}) : () -> ()

// -----
// N5: the letter of a rule is one of the op's.
"test.region"() ({
^entry(%x: tensor<8x?x16xf32>):
  // expected-error @+1 {{splits letter h by rule 0, but its letters are sbk}}
  %0 = nn.dot "dot" (%x, %x) {letters = "s b k", rules = "h"} : (tensor<8x?x16xf32>, tensor<8x?x16xf32>) -> tensor<f32>
}) : () -> ()
