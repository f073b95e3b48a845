// RUN: aceso-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// What holds for models, parameters and inputs (M1 to M7).

// A parameter whose bytes nobody can count.
nn.model @huge(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{'nn.parameter' op has more than 2^48 elements}}
  %w = nn.parameter "w" <zeros> : tensor<9223372036854775807x16xf32>
  nn.return %x : tensor<f32>
}

// -----
// M1: a model ends in the loss that it declares.
// expected-error @+1 {{'nn.model' op must end in nn.return}}
nn.model @no_return(%x: tensor<f32>) -> tensor<f32> {
  "test.return"(%x) : (tensor<f32>) -> ()
}

// -----
nn.model @other_type(%x: tensor<f32>) -> tensor<f64> {
  // expected-error @+1 {{'nn.return' op returns 'tensor<f32>', but the model declares results 'tensor<f64>'}}
  nn.return %x : tensor<f32>
}

// -----
nn.model @no_result(%x: tensor<f32>) {
  // expected-error @+1 {{'nn.return' op returns 'tensor<f32>', but the model declares results}}
  nn.return %x : tensor<f32>
}

// -----
nn.model @two_results(%x: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  // expected-error @+1 {{'nn.return' op returns 'tensor<f32>', but the model declares results 'tensor<f32>', 'tensor<f32>'}}
  nn.return %x : tensor<f32>
}

// -----
// expected-error @+1 {{'nn.model' op region #0 ('body') failed to verify constraint: region with 1 blocks}}
nn.model @no_body(%x: tensor<f32>) -> tensor<f32>

// -----
// A loss is one number.
nn.model @loss_of_a_token(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{'nn.return' op operand #0 must be 0D tensor of 32-bit float or 64-bit float values}}
  nn.return %x : tensor<8xf32>
}

// -----
"test.region"() ({
^entry(%x: tensor<f32>):
  // expected-error @+1 {{'nn.return' op expects parent op 'nn.model'}}
  nn.return %x : tensor<f32>
}) : () -> ()

// -----
// M2: parameters and units only.
nn.model @other_dialect(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{'test.op' op stands in a model, which holds parameters and units of planning only}}
  %0 = "test.op"(%x) : (tensor<f32>) -> tensor<f32>
  nn.return %0 : tensor<f32>
}

// -----
nn.model @gradient(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{'nn.sum' op stands in a model, which holds parameters and units of planning only}}
  %0 = nn.sum "x" (%x, %x) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  nn.return %0 : tensor<f32>
}

// -----
// What units expand to is no unit.
nn.model @primitive(%x: tensor<8x?x16xf32>) -> tensor<f32> {
  // expected-error @+1 {{'nn.class_max' op stands in a model, which holds parameters and units of planning only}}
  %0 = nn.class_max "head" (%x) {num_classes = 16 : i64, rules = "v"} : (tensor<8x?x16xf32>) -> tensor<8x?xf32>
  %1 = nn.dot "loss" (%0, %0) {letters = "s b", rules = "s"} : (tensor<8x?xf32>, tensor<8x?xf32>) -> tensor<f32>
  nn.return %1 : tensor<f32>
}

// -----
// M3: paths are unique.
nn.model @two_parameters(%x: tensor<f32>) -> tensor<f32> {
  // expected-note @+1 {{the earlier one is here}}
  %0 = nn.parameter "w" <zeros> : tensor<4xf32>
  // expected-error @+1 {{'nn.parameter' op has the path "w" of an earlier parameter; paths are unique}}
  %1 = nn.parameter "w" <ones> : tensor<4xf32>
  nn.return %x : tensor<f32>
}

// -----
nn.model @two_units(%x: tensor<8x?x16xf32>, %loss: tensor<f32>) -> tensor<f32> {
  // expected-note @+1 {{the earlier one is here}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  // expected-error @+1 {{'nn.dropout' op has the path "d" of an earlier unit; paths are unique}}
  %1 = nn.dropout "d" (%0) {letters = "s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  nn.return %loss : tensor<f32>
}

// -----
// Programs declare inputs and parameters by their names.
nn.model @parameter_like_an_input(%x: tensor<f32> {nn.name = "x"}, %y: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{'nn.parameter' op has the path "input1", which is the name of argument 1; give one another name}}
  %0 = nn.parameter "input1" <zeros> : tensor<4xf32>
  nn.return %x : tensor<f32>
}

// -----
// M4: what is not used would be gone after the first clean-up.
nn.model @unused_parameter(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{'nn.parameter' op is not used: nothing that it gives reaches the loss}}
  %0 = nn.parameter "w" <zeros> : tensor<4xf32>
  nn.return %x : tensor<f32>
}

// -----
nn.model @unused_unit(%x: tensor<8x?x16xf32>, %loss: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{'nn.dropout' op is not used: nothing that it gives reaches the loss}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  nn.return %loss : tensor<f32>
}

// -----
nn.model @unused_result(%x: tensor<8x?x16xf32>, %w: tensor<48x16xf32>, %b: tensor<48xf32>) -> tensor<f32> {
  // expected-error @+1 {{'nn.qkv' op gives a result 2 that is not used: it does not reach the loss}}
  %q:3 = nn.qkv "qkv" (%x, %w, %b) : (tensor<8x?x16xf32>, tensor<48x16xf32>, tensor<48xf32>)
    -> (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>)
  %0 = nn.dot "loss" (%q#0, %q#1) {letters = "s b n d", rules = "n"} : (tensor<8x?x4x4xf32>, tensor<8x?x4x4xf32>) -> tensor<f32>
  nn.return %0 : tensor<f32>
}

// -----
// M5: a parameter has a path and a static shape.
// expected-error @+1 {{'nn.parameter' op needs a path: it names the parameter in checkpoints}}
%0 = nn.parameter "" <zeros> : tensor<4xf32>

// -----
// expected-error @+1 {{'nn.parameter' op has a dynamic shape; a parameter's is static}}
%0 = nn.parameter "w" <zeros> : tensor<?xf32>

// -----
// M6: inputs are tensors of different names.
// expected-error @+1 {{'nn.model' op names arguments 0 and 2 "ids"}}
nn.model @two_ids(%x: tensor<f32> {nn.name = "ids"}, %y: tensor<f32>, %z: tensor<f32> {nn.name = "ids"}) -> tensor<f32> {
  nn.return %x : tensor<f32>
}

// -----
// expected-error @+1 {{'nn.model' op names argument 0 "", which must be a string that is not empty}}
nn.model @empty_name(%x: tensor<f32> {nn.name = ""}) -> tensor<f32> {
  nn.return %x : tensor<f32>
}

// -----
// expected-error @+1 {{'nn.model' op names argument 0 3 : i64, which must be a string that is not empty}}
nn.model @name_is_a_number(%x: tensor<f32> {nn.name = 3 : i64}) -> tensor<f32> {
  nn.return %x : tensor<f32>
}

// -----
// expected-error @+1 {{'nn.model' op gives argument 0 the attribute "nn.nam", but nn knows only nn.name}}
nn.model @unknown_attribute(%x: tensor<f32> {nn.nam = "ids"}) -> tensor<f32> {
  nn.return %x : tensor<f32>
}

// -----
// An input without a name is called by its number.
// expected-error @+1 {{'nn.model' op names arguments 0 and 1 "input1"}}
nn.model @name_of_another(%x: tensor<f32> {nn.name = "input1"}, %y: tensor<f32>) -> tensor<f32> {
  nn.return %x : tensor<f32>
}

// -----
// expected-error @+1 {{'nn.model' op takes argument 1 of type 'index'; an input is a tensor of f16, bf16, f32, f64, i32 or i64}}
nn.model @no_tensor(%x: tensor<f32>, %y: index) -> tensor<f32> {
  nn.return %x : tensor<f32>
}

// -----
// expected-error @+1 {{'nn.model' op takes argument 0 of type 'tensor<?x8xi8>'}}
nn.model @bytes(%ids: tensor<?x8xi8>, %x: tensor<f32>) -> tensor<f32> {
  nn.return %x : tensor<f32>
}

// -----
// expected-error @+1 {{'nn.model' op takes argument 0 of type 'tensor<*xf32>'}}
nn.model @unranked(%y: tensor<*xf32>, %x: tensor<f32>) -> tensor<f32> {
  nn.return %x : tensor<f32>
}

// -----
// M7: a plan sets the batch.
nn.model @batch_of_three(%x: tensor<8x3x16xf32>) -> tensor<f32> {
  // expected-error @+1 {{'nn.dot' op "loss" has a batch (letter b) of 3; it must be dynamic (?), for the plan sets it}}
  %0 = nn.dot "loss" (%x, %x) {letters = "s b h", rules = "s"} : (tensor<8x3x16xf32>, tensor<8x3x16xf32>) -> tensor<f32>
  nn.return %0 : tensor<f32>
}
