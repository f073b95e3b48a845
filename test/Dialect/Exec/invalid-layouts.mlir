// RUN: aceso-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// expected-error @+1 {{a digit of a mesh has a radix of at least 2, not 1}}
"test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [1], dims = [[]]>>

// -----

// expected-error @+1 {{names digit 1 of a mesh of 1 digits}}
"test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[1]]>>

// -----

// expected-error @+1 {{uses digit 0 twice}}
"test.op"() : () -> tensor<4x4xf32, #exec.layout<mesh = [2], dims = [[0], [0]]>>

// -----

// expected-error @+1 {{uses digit 0 twice}}
"test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[0]], pending = [0]>>

// -----

// expected-error @+1 {{pending digits stand in ascending order}}
"test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = [1, 0]>>

// -----

// expected-error @+1 {{a layout of 1 dimensions on a tensor of 2}}
"test.op"() : () -> tensor<4x4xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

// expected-error @+1 {{a mesh has at most 2147483647 devices}}
"test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [65536, 65536], dims = [[]]>>

// -----

// expected-error @+1 {{a layout on a tensor with dynamic dimensions}}
"test.op"() : () -> tensor<?xf32, #exec.layout<mesh = [2], dims = [[]]>>

// -----

// expected-error @+1 {{expected read, forward, backward or update, not 'sideways'}}
"test.op"() {exec.at = #exec.at<0, sideways>} : () -> ()

// -----

// expected-error @+1 {{carries the unknown attribute "exec.other"}}
"test.op"() {exec.other = 1 : i64} : () -> ()

// -----

// expected-error @+1 {{has an exec.at that is no #exec.at<...>}}
"test.op"() {exec.at = 1 : i64} : () -> ()

// -----

// expected-error @+1 {{beta2 must be at least 0 and below 1, not 1}}
"test.op"() {optimizer = #exec.optimizer<adamw, beta1 = 0.9 : f64, beta2 = 1.0 : f64, eps = 1.0e-8 : f64, weight_decay = 0.0 : f64, momentum = 0.0 : f64, clip_grad = 0.0 : f64>} : () -> ()

// -----

// expected-error @+1 {{weight_decay must be at least 0 and finite, not inf}}
"test.op"() {optimizer = #exec.optimizer<adamw, beta1 = 0.9 : f64, beta2 = 0.9 : f64, eps = 1.0e-8 : f64, weight_decay = 0x7FF0000000000000 : f64, momentum = 0.0 : f64, clip_grad = 0.0 : f64>} : () -> ()
