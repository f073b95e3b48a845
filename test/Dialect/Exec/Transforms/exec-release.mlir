// RUN: aceso-opt %s --exec-release | FileCheck %s

// A value ends behind its last use, one that nobody uses where it is made. A slot of activations ends behind
// its last load; what the optimizer needs no more at the begin of the update, what it loads behind that;
// parameters and moments live on.

#layout = #exec.layout<mesh = [], dims = [[]]>
#scalar = #exec.layout<mesh = [], dims = []>

// CHECK-LABEL: exec.program @program
exec.program @program attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.input @x batch_dim = 0 : tensor<4xf32>
  exec.parameter @p <zeros> : tensor<4xf32>
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.slot @p parameter depth = 1 of @p : tensor<4xf32, #layout>
    exec.slot @m moment1 depth = 1 of @p : tensor<4xf32, #layout>
    exec.slot @w weight depth = 1 of @p : tensor<4xf32, #layout>
    exec.slot @g gradient depth = 1 of @p : tensor<4xf32, #layout>
    exec.slot @a activation depth = 1 : tensor<4xf32, #layout>
    // CHECK: exec.segment read {
    exec.segment read {
      // CHECK-NEXT: %[[P:.*]] = exec.load @p
      // CHECK-NEXT: exec.store %[[P]], @w
      // CHECK-NEXT: exec.release %[[P]] :
      // CHECK-NEXT: }
      %p = exec.load @p : tensor<4xf32, #layout>
      exec.store %p, @w : tensor<4xf32, #layout>
    }
    // CHECK: exec.segment forward {
    exec.segment forward {
      // CHECK-NEXT: %[[X:.*]] = exec.read_input @x
      // CHECK-NEXT: %[[W:.*]] = exec.load @w
      // CHECK-NEXT: exec.store %[[X]], @a
      // CHECK-NEXT: %[[SUM:.*]] = nn.sum "sum"(%[[X]], %[[W]])
      // CHECK-NEXT: exec.release %[[X]], %[[W]], %[[SUM]] :
      // CHECK-NEXT: }
      %x = exec.read_input @x : tensor<4xf32, #layout>
      %w = exec.load @w : tensor<4xf32, #layout>
      exec.store %x, @a : tensor<4xf32, #layout>
      %sum = nn.sum "sum" (%x, %w) : (tensor<4xf32, #layout>, tensor<4xf32, #layout>) -> tensor<4xf32, #layout>
    }
    // CHECK: exec.segment backward {
    exec.segment backward {
      // CHECK-NEXT: %[[A:.*]] = exec.load @a
      // CHECK-NEXT: exec.release_slot @a
      // CHECK-NEXT: exec.add_to_slot %[[A]], @g
      // CHECK-NEXT: exec.release %[[A]] :
      // CHECK-NEXT: }
      %a = exec.load @a : tensor<4xf32, #layout>
      exec.add_to_slot %a, @g : tensor<4xf32, #layout>
    }
    // CHECK: exec.segment update {
    exec.segment update {
      // CHECK-NEXT: exec.release_slot @w
      // CHECK-NEXT: %[[G:.*]] = exec.load @g
      // CHECK-NEXT: exec.release_slot @g
      // CHECK-NEXT: %[[P:.*]] = exec.load @p
      // CHECK-NEXT: %[[M:.*]] = exec.load @m
      // CHECK-NEXT: %[[ZERO:.*]] = exec.zero
      // CHECK-NEXT: %[[NEW:.*]], %[[MOMENT:.*]] = exec.sgd_momentum %[[P]], %[[G]], %[[M]], %[[ZERO]]
      // CHECK-NEXT: exec.release %[[G]], %[[P]], %[[M]], %[[ZERO]] :
      // CHECK-NEXT: exec.store %[[NEW]], @p
      // CHECK-NEXT: exec.release %[[NEW]] :
      // CHECK-NEXT: exec.store %[[MOMENT]], @m
      // CHECK-NEXT: exec.release %[[MOMENT]] :
      // CHECK-NEXT: }
      %g = exec.load @g : tensor<4xf32, #layout>
      %p = exec.load @p : tensor<4xf32, #layout>
      %m = exec.load @m : tensor<4xf32, #layout>
      %zero = exec.zero : tensor<f32, #scalar>
      %new:2 = exec.sgd_momentum %p, %g, %m, %zero {momentum = 0.9 : f64, weight_decay = 0.0 : f64}
        : (tensor<4xf32, #layout>, tensor<4xf32, #layout>, tensor<4xf32, #layout>, tensor<f32, #scalar>) -> (tensor<4xf32, #layout>, tensor<4xf32, #layout>)
      exec.store %new#0, @p : tensor<4xf32, #layout>
      exec.store %new#1, @m : tensor<4xf32, #layout>
    }
  }
}
