// RUN: aceso-opt %inputs/two-stages.mlir --convert-par-to-exec --exec-gradient --exec-place | FileCheck %s
// RUN: aceso-opt %inputs/two-stages.mlir --convert-par-to-exec --exec-gradient --exec-place | aceso-opt --canonicalize --cse --loop-invariant-code-motion | FileCheck %s

// Inputs and parameters are declared, of inputs also whose labels the loss counts; stages follow with slots, forward and backward. Conversions stand
// where layouts differ, kernels know nothing of them.

// CHECK-LABEL: exec.program @two_stages
//       CHECK:   exec.input @input0 batch_dim = 1 : tensor<4x2x8xf32>
//  CHECK-NEXT:   exec.input @input1 batch_dim = 0 counted : tensor<2x4xi32>
//       CHECK:   exec.parameter @table <normal, 2.000000e-02 : f64> : tensor<16x8xf32>

//       CHECK:   exec.stage 0 first_rank = 0 mesh = []
//       CHECK:     exec.segment forward
//       CHECK:       %[[Y:.*]] = nn.linear "fc"
//  CHECK-NEXT:       exec.send "value0" %[[Y]] to 1
//       CHECK:     exec.segment backward
//  CHECK-NEXT:       %[[DY:.*]] = exec.receive "value1" from 1
//       CHECK:       nn.einsum "fc"(%[[DY]]

// The value arrives cut, one owner for each element, and is gathered where the head wants it whole.
//       CHECK:   exec.stage 1 first_rank = 1 mesh = [2]
//   CHECK-DAG:     exec.slot @table.weight weight depth = 1 of @table : tensor<8x8xf32, #exec.layout<mesh = [2], dims = {{\[\[0\], \[\]\]}}>>
//   CHECK-DAG:     exec.slot @loss metric
//       CHECK:     exec.segment forward
//  CHECK-NEXT:       %[[IN:.*]] = exec.receive "value0" from 0 : tensor<2x2x8xf32, #exec.layout<mesh = [2], dims = {{\[\[0\], \[\], \[\]\]}}>>
//  CHECK-NEXT:       %[[X:.*]] = exec.convert %[[IN]] : {{.*}} to tensor<4x2x8xf32, #exec.layout<mesh = [2], dims = {{\[\[\], \[\], \[\]\]}}>>
//  CHECK-NEXT:       exec.store %[[X]], @fc.activation
//       CHECK:       %[[LOGITS:.*]] = nn.linear "head"(%[[X]], {{.*}}) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "os"}

// A split vocabulary leaves the maximum pending with max, the sums pending with sum.
//       CHECK:       %[[MAX:.*]] = nn.class_max "head"(%[[LOGITS]]) {{.*}} -> tensor<4x2xf32, #exec.layout<mesh = [2], dims = {{\[\[\], \[\]\]}}, pending = max [0]>>
//  CHECK-NEXT:       %[[WHOLE:.*]] = exec.convert %[[MAX]]
//       CHECK:       nn.class_sums "head"(%[[LOGITS]], %[[WHOLE]]
//  CHECK-SAME:       pending = [0]
//       CHECK:       nn.token_loss
//  CHECK-NEXT:       exec.add_to_slot %{{.*}}, @loss

// The gradient of the copied value pends over tp and is reduced straight into the form that is sent.
//       CHECK:     exec.segment backward
//  CHECK-NEXT:       exec.loss_seed
//       CHECK:       %[[DX:.*]] = nn.einsum "head"({{.*}}) {{.*}}pending = [0]>>
//       CHECK:       exec.add_to_slot %{{.*}}, @table.gradient
//  CHECK-NEXT:       %[[OWNED:.*]] = exec.convert %[[DX]] : {{.*}} to tensor<2x2x8xf32, #exec.layout<mesh = [2], dims = {{\[\[0\], \[\], \[\]\]}}>>
//  CHECK-NEXT:       exec.send "value1" %[[OWNED]] to 0
