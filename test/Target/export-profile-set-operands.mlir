// RUN: aceso-translate --export-profile-set %s --devices=2 --samples=1 --tp=2 --rules=0 -o %t.json
// RUN: FileCheck %s < %t.json

// What stands in for the operands of an op, by where they come from in the model.

nn.model @operands(%x: tensor<4x?x8xf32> {nn.name = "x"}, %ids: tensor<?x4xi32> {nn.name = "ids"}, %labels: tensor<?x4xi32>) -> tensor<f32>
    attributes {profile = "operands"} {
  %w = nn.parameter "w" <normal, 2.0e-02 : f64> : tensor<8x8xf32>
  %p = nn.parameter "p" <normal, 2.0e-02 : f64> : tensor<4x8xf32>
  %f = nn.parameter "f" <ones> : tensor<f32>

  // An input of the model keeps its name and wants no gradient: no source.
  // CHECK:      "op": "of-input",
  // CHECK:      "input_bounds": [0,0],
  // CHECK:      "inputs": [{"name":"x",{{.*}}},{"name":"gradient0",{{.*}}}],
  // CHECK-NEXT: "parameters": [],
  // CHECK:      "name":"nn.dropout","operands":[0],
  // CHECK:      "kind": "backward",
  // CHECK-NOT:  "path":"noise"
  // CHECK:      "kind": "update",
  %noise = nn.dropout "noise" (%x) {letters = "s b k", rules = "k", p = 0.1 : f64, profile = "of-input"} : (tensor<4x?x8xf32>) -> tensor<4x?x8xf32>

  // So does what is calculated from inputs alone. A value of parameters alone is a parameter to its user.
  // CHECK:      "op": "of-constants",
  // CHECK:      "inputs": [{"name":"operand0",{{.*}}},{"name":"gradient0",{{.*}}}],
  // CHECK-NEXT: "parameters": [{"path":"profile.operand1","type":"f32","shape":[8,8],"init":"normal","deviation":1.0}],
  // CHECK:      "kind": "backward",
  // CHECK:      "letters":"s b o, s b k -> o k"
  // CHECK-NOT:  "letters":"s b o, o k -> s b k"
  // CHECK:      "kind": "update",
  %scaled = nn.scale "scaled" (%w, %f) {letters = "o k", rules = "o", profile = "without-samples"} : (tensor<8x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %y = nn.linear "y" (%noise, %scaled) {rules = "ok", profile = "of-constants"} : (tensor<4x?x8xf32>, tensor<8x8xf32>) -> tensor<4x?x8xf32>

  // One source for a value that is two operands. The result is a scalar, so a loss already: no probe.
  // CHECK:      "op": "twice",
  // CHECK:      "inputs": [{"name":"operand0",{{.*}}}],
  // CHECK:      "name":"nn.scale","operands":[0,1],"results":[2],"path":"profile.source0"
  // CHECK:      "name":"nn.dot","operands":[2,2],
  %lookup = nn.embedding "lookup" (%ids, %w, %p) {p = 0.0 : f64, profile = "indices"} : (tensor<?x4xi32>, tensor<8x8xf32>, tensor<4x8xf32>) -> tensor<4x?x8xf32>
  %twice = nn.dot "twice" (%y, %y) {letters = "s b k", rules = "k", profile = "twice"} : (tensor<4x?x8xf32>, tensor<4x?x8xf32>) -> tensor<f32>
  %all = nn.dot "all" (%lookup, %y, %twice) {letters = "s b k", rules = "k", profile = "all"} : (tensor<4x?x8xf32>, tensor<4x?x8xf32>, tensor<f32>) -> tensor<f32>

  // A scalar that depends on samples is no tensor of samples: it stands for a parameter.
  // CHECK:      "op": "all",
  // CHECK:      "path":"profile.operand2","type":"f32","shape":[]

  // CHECK:      "skipped": [{"op":"without-samples","samples":1,"tp":2,"rule":0,"reason":"result 0 of op 'scaled' has no samples, so no gradient of it can be an input of a step"}]
  nn.return %all : tensor<f32>
}
