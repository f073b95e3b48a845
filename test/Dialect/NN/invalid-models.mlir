// RUN: aceso-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// What holds for models, parameters and inputs (M1 to M6).

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
// M3: paths are unique.
nn.model @two_parameters(%x: tensor<f32>) -> tensor<f32> {
  // expected-note @+1 {{the earlier one is here}}
  %0 = nn.parameter "w" <zeros> : tensor<4xf32>
  // expected-error @+1 {{'nn.parameter' op has the path "w" of an earlier parameter; paths are unique in a model}}
  %1 = nn.parameter "w" <ones> : tensor<4xf32>
  nn.return %x : tensor<f32>
}

// -----
nn.model @two_units(%x: tensor<8x?x16xf32>, %loss: tensor<f32>) -> tensor<f32> {
  // expected-note @+1 {{the earlier one is here}}
  %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  // expected-error @+1 {{'nn.dropout' op has the path "d" of an earlier unit; paths are unique in a model}}
  %1 = nn.dropout "d" (%0) {letters = "s b h", rules = "-", p = 0.1 : f64} : (tensor<8x?x16xf32>) -> tensor<8x?x16xf32>
  nn.return %loss : tensor<f32>
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
// M5: a parameter has a path and a static shape.
// expected-error @+1 {{'nn.parameter' op needs a path: it names the parameter in checkpoints}}
%0 = nn.parameter "" <zeros> : tensor<4xf32>

// -----
// expected-error @+1 {{'nn.parameter' op has a dynamic shape; a parameter's is static}}
%0 = nn.parameter "w" <zeros> : tensor<?xf32>

// -----
// M6: inputs have different names.
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
