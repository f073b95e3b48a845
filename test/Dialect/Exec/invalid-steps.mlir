// RUN: aceso-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

// S1

%0 = "test.op"() : () -> tensor<4xf32>
// expected-error @+1 {{needs a layout on both sides}}
%1 = exec.convert %0 : tensor<4xf32> to tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
// expected-error @+1 {{converts between two meshes; transfers between stages are exec.send and exec.receive}}
%1 = exec.convert %0 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>> to tensor<4xf32, #exec.layout<mesh = [3], dims = [[]]>>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
// expected-error @+1 {{turns a global 'tensor<4xf32>' into a global 'tensor<8xf32>'}}
%1 = exec.convert %0 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>> to tensor<4xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = max [0]>>
// expected-error @+1 {{'exec.convert' op pends with max on one side and with sum on the other}}
%1 = exec.convert %0 : tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = max [0]>> to tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = [1]>>

// -----

// S2

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
// expected-error @+1 {{names digit 3 of a mesh of 1}}
%1 = exec.slice %0 over [3] dim = 0 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>> to tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
// expected-error @+1 {{moves no digit}}
%1 = exec.slice %0 over [] dim = 0 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>> to tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
// expected-error @+1 {{names dimension 1 of 1}}
%1 = exec.slice %0 over [0] dim = 1 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>> to tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

%0 = "test.op"() : () -> tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>
// expected-error @+1 {{slices by digit 0, over which the value is not replicated}}
%1 = exec.slice %0 over [0] dim = 0 : tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>> to tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

%0 = "test.op"() : () -> tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>
// expected-error @+1 {{masks digit 0, over which the value is not replicated}}
%1 = exec.mask %0 over [0] : tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>> to tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
// expected-error @+1 {{reduces over digit 0, over which nothing pends}}
%1 = exec.all_reduce %0 over [0] : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>> to tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = [0, 1]>>
// expected-error @+1 {{leaves 0:[] pending:[1]+, but its result is in 0:[]}}
%1 = exec.all_reduce %0 over [0] : tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = [0, 1]>> to tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]]>>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>
// expected-error @+1 {{names dimension 2 of 1}}
%1 = exec.reduce_scatter %0 over [0] dim = 2 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>> to tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

// The minor digit of a dimension is gathered first.
%0 = "test.op"() : () -> tensor<1xf32, #exec.layout<mesh = [2, 2], dims = [[0, 1]]>>
// expected-error @+1 {{takes digits from dimension 0 that are not its last ones}}
%1 = exec.all_gather %0 over [0] dim = 0 : tensor<1xf32, #exec.layout<mesh = [2, 2], dims = [[0, 1]]>> to tensor<2xf32, #exec.layout<mesh = [2, 2], dims = [[1]]>>

// -----

%0 = "test.op"() : () -> tensor<2x4xf32, #exec.layout<mesh = [2], dims = [[0], []]>>
// expected-error @+1 {{cuts and concatenates by different digits}}
%1 = exec.all_to_all %0 over [0] from 0[1] to 1 : tensor<2x4xf32, #exec.layout<mesh = [2], dims = [[0], []]>> to tensor<4x2xf32, #exec.layout<mesh = [2], dims = [[], [0]]>>

// -----

%0 = "test.op"() : () -> tensor<2x4xf32, #exec.layout<mesh = [2, 2], dims = [[0], []], pending = [1]>>
// expected-error @+1 {{changes over which digits the value pends; a box exchange only moves cells}}
%1 = exec.box_exchange %0 over [0] : tensor<2x4xf32, #exec.layout<mesh = [2, 2], dims = [[0], []], pending = [1]>> to tensor<4x2xf32, #exec.layout<mesh = [2, 2], dims = [[], [0]]>>

// -----

%0 = "test.op"() : () -> tensor<2x4xf32, #exec.layout<mesh = [2, 2], dims = [[0], []], pending = max [1]>>
// expected-error @+1 {{'exec.box_exchange' op pends with max on one side and with sum on the other}}
%1 = exec.box_exchange %0 over [0] : tensor<2x4xf32, #exec.layout<mesh = [2, 2], dims = [[0], []], pending = max [1]>> to tensor<4x2xf32, #exec.layout<mesh = [2, 2], dims = [[], [0]], pending = [1]>>

// -----

// What pends already stays what it is.
%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = max [0]>>
// expected-error @+1 {{'exec.mask' op leaves 0:[] pending:[0,1]max, but its result is in 0:[] pending:[0,1]+}}
%1 = exec.mask %0 over [1] : tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = max [0]>> to tensor<4xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = [0, 1]>>

// -----

%0 = "test.op"() : () -> tensor<f32, #exec.layout<mesh = [2, 2], dims = [], pending = [0]>>
// expected-error @+1 {{sums a scalar that pends over every digit of its stage into one that is replicated}}
%1 = exec.world_sum %0 : tensor<f32, #exec.layout<mesh = [2, 2], dims = [], pending = [0]>> to tensor<f32, #exec.layout<mesh = [2, 2], dims = []>>

// -----

%0 = "test.op"() : () -> tensor<f32>
// expected-error @+1 {{needs a layout on both sides}}
%1 = exec.world_sum %0 : tensor<f32> to tensor<f32>

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
// expected-error @+1 {{changes shape or layout; it may change the element type only}}
%1 = exec.cast %0 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>> to tensor<2xf64, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

// U1 to U3

%0 = "test.op"() : () -> tensor<f32>
// expected-error @+1 {{needs a layout of its value}}
exec.report "loss" %0 : tensor<f32>

// -----

%0 = "test.op"() : () -> tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>
// expected-error @+1 {{reads its value, which still pends over some digits}}
exec.report "loss" %0 : tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>

// -----

%0 = "test.op"() : () -> tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>
// expected-error @+1 {{leaves a sum that pends over the digits that split its operand}}
%1 = exec.square_sum %0 : tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>> to tensor<f32, #exec.layout<mesh = [2], dims = []>>

// -----

%0 = "test.op"() : () -> tensor<f32, #exec.layout<mesh = [2], dims = []>>
// expected-error @+1 {{gives norm and coefficient in the type of the sum of squares}}
%1:2 = exec.clip_coefficient %0 {max_norm = 1.0 : f64} : (tensor<f32, #exec.layout<mesh = [2], dims = []>>) -> (tensor<f64, #exec.layout<mesh = [2], dims = []>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>)

// -----

%p, %g, %c = "test.op"() : () -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>)
// expected-error @+1 {{works element by element, but on}}
%1 = exec.sgd %p, %g, %c {weight_decay = 0.0 : f64} : (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>) -> tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

%p, %g, %c = "test.op"() : () -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>)
// expected-error @+1 {{'exec.sgd_momentum' op works element by element, but on}}
%1:2 = exec.sgd_momentum %p, %p, %g, %c {momentum = 0.9 : f64, weight_decay = 0.0 : f64} : (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>) -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>)

// -----

%p, %g, %c = "test.op"() : () -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>)
// expected-error @+1 {{'exec.adamw' op works element by element, but on}}
%1:3 = exec.adamw %p, %p, %p, %g, %c {beta1 = 0.9 : f64, beta2 = 0.9 : f64, epsilon = 1.0e-8 : f64, weight_decay = 0.0 : f64} : (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>) -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>)

// -----

%p, %c = "test.op"() : () -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>)
// expected-error @+1 {{'exec.adamw' op reads its coefficient, which still pends over some digits}}
%1:3 = exec.adamw %p, %p, %p, %p, %c {beta1 = 0.9 : f64, beta2 = 0.9 : f64, epsilon = 1.0e-8 : f64, weight_decay = 0.0 : f64} : (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>) -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>)

// -----

%p, %c = "test.op"() : () -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>)
// expected-error @+1 {{'exec.sgd' op reads its coefficient, which still pends over some digits}}
%1 = exec.sgd %p, %p, %c {weight_decay = 0.0 : f64} : (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>) -> tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>

// -----

%p, %c = "test.op"() : () -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>)
// expected-error @+1 {{'exec.sgd_momentum' op reads its coefficient, which still pends over some digits}}
%1:2 = exec.sgd_momentum %p, %p, %p, %c {momentum = 0.9 : f64, weight_decay = 0.0 : f64} : (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>) -> (tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>, tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>)

// -----

%p, %c = "test.op"() : () -> (tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>)
// expected-error @+1 {{'exec.sgd' op reads its parameter, which still pends over some digits}}
%1 = exec.sgd %p, %p, %c {weight_decay = 0.0 : f64} : (tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>, tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>, tensor<f32, #exec.layout<mesh = [2], dims = []>>) -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>

// -----

%0 = "test.op"() : () -> tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>
// expected-error @+1 {{'exec.clip_coefficient' op reads its sum of squares, which still pends over some digits}}
%1:2 = exec.clip_coefficient %0 {max_norm = 1.0 : f64} : (tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>) -> (tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>, tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>)

// -----

%0 = "test.op"() : () -> tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>
// expected-error @+1 {{'exec.square_sum' op reads its value, which still pends over some digits}}
%1 = exec.square_sum %0 : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>> to tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>
