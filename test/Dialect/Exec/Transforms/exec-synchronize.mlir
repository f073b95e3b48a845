// RUN: aceso-opt %s --split-input-file --exec-synchronize="optimizer=sgd clip-grad=2.0 weight-decay=0.5" | FileCheck %s

// A tied weight: its home is the stage of its first use, from which the other stage reads it and to which that
// stage sends its gradient, reduced into the form that is sent. The home adds both and updates it.

// CHECK-LABEL: exec.program @tied
//  CHECK-SAME:   optimizer = #exec.optimizer<sgd,
//       CHECK:   exec.stage 0
//       CHECK:     exec.slot @p parameter depth = 1 of @p : tensor<4xf32, #exec.layout<mesh = [], dims = {{\[\[\]\]}}>>
//       CHECK:     exec.segment read {
//  CHECK-NEXT:       %[[P:.*]] = exec.load @p
//  CHECK-NEXT:       exec.store %[[P]], @w
//  CHECK-NEXT:       exec.send "p" %[[P]] to 1
//  CHECK-NEXT:     }
//       CHECK:     exec.segment update {
//  CHECK-NEXT:       %[[G:.*]] = exec.load @g
//  CHECK-NEXT:       %[[OTHER:.*]] = exec.receive "p" from 1 : tensor<4xf32, #exec.layout<mesh = [], dims = {{\[\[\]\]}}>>
//  CHECK-NEXT:       %[[SUM:.*]] = nn.sum "p"(%[[G]], %[[OTHER]])
//  CHECK-NEXT:       %[[SQUARES:.*]] = exec.square_sum %[[SUM]]
//  CHECK-NEXT:       %[[ALL:.*]] = exec.world_sum %[[SQUARES]]
//  CHECK-NEXT:       %[[NORM:.*]], %[[C:.*]] = exec.clip_coefficient %[[ALL]] {max_norm = 2.000000e+00 : f64}
//  CHECK-NEXT:       exec.zero
//  CHECK-NEXT:       %[[LOSS:.*]] = exec.world_sum
//  CHECK-NEXT:       exec.report "loss" %[[LOSS]]
//  CHECK-NEXT:       exec.report "grad_norm" %[[NORM]]
//  CHECK-NEXT:       %[[OLD:.*]] = exec.load @p
//  CHECK-NEXT:       %[[NEW:.*]] = exec.sgd %[[OLD]], %[[SUM]], %[[C]] {weight_decay = 5.000000e-01 : f64}
//  CHECK-NEXT:       exec.store %[[NEW]], @p
//  CHECK-NEXT:     }

// The other stage has no home of it, no optimizer, and nothing to add to the norm.
//       CHECK:   exec.stage 1
//   CHECK-NOT:     exec.slot @p parameter
//       CHECK:     exec.segment read {
//  CHECK-NEXT:       %[[IN:.*]] = exec.receive "p" from 0 : tensor<2xf32,
//  CHECK-NEXT:       %[[WHOLE:.*]] = exec.convert %[[IN]] : tensor<2xf32{{.*}} to tensor<4xf32
//  CHECK-NEXT:       exec.store %[[WHOLE]], @w
//  CHECK-NEXT:     }
//       CHECK:     exec.segment update {
//  CHECK-NEXT:       %[[G1:.*]] = exec.load @g : tensor<4xf32, {{.*}}pending = [0]>>
//  CHECK-NEXT:       %[[OWN:.*]] = exec.convert %[[G1]] : {{.*}} to tensor<2xf32, #exec.layout<mesh = [2], dims = {{\[\[0\]\]}}>>
//  CHECK-NEXT:       exec.send "p" %[[OWN]] to 0
//  CHECK-NEXT:       %[[ZERO:.*]] = exec.zero
//  CHECK-NEXT:       %[[MASKED:.*]] = exec.convert %[[ZERO]] : {{.*}} to tensor<f32, {{.*}}pending = [0]>>
//  CHECK-NEXT:       exec.world_sum %[[MASKED]]
//       CHECK:       %[[L:.*]] = exec.load @loss
//       CHECK:       exec.world_sum
//       CHECK:       exec.report "loss"
//   CHECK-NOT:       exec.sgd
//       CHECK:     }
exec.program @tied attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 3, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.parameter @p <zeros> : tensor<4xf32>
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.slot @w weight depth = 1 of @p : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    exec.slot @g gradient depth = 1 of @p : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    exec.segment forward {
    }
    exec.segment backward {
    }
  }
  exec.stage 1 first_rank = 1 mesh = [2] {
    exec.slot @w weight depth = 1 of @p : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
    exec.slot @g gradient depth = 1 of @p : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>
    exec.slot @loss metric depth = 1 : tensor<f32, #exec.layout<mesh = [2], dims = []>>
    exec.segment forward {
    }
    exec.segment backward {
    }
  }
}

// -----

// A home of another type than the model's: the main copy is f32, weights are read in f16, the gradient is f32.
// Two uses in different layouts read one home; their gradients are added in its layout. A bias (no_decay) that
// both ranks hold has its squares counted once: one of them is masked.

// CHECK-LABEL: exec.program @half
//       CHECK:     exec.slot @p parameter depth = 1 of @p : tensor<2xf32, #exec.layout<mesh = [2], dims = {{\[\[0\]\]}}>>
//       CHECK:     exec.slot @b parameter depth = 1 of @b : tensor<4xf32, #exec.layout<mesh = [2], dims = {{\[\[\]\]}}>>
//       CHECK:     exec.segment read {
//  CHECK-NEXT:       %[[P:.*]] = exec.load @p : tensor<2xf32
//  CHECK-NEXT:       %[[HALF:.*]] = exec.cast %[[P]] : tensor<2xf32{{.*}} to tensor<2xf16
//  CHECK-NEXT:       exec.store %[[HALF]], @w
//  CHECK-NEXT:       %[[ALL:.*]] = exec.convert %[[HALF]] : tensor<2xf16{{.*}} to tensor<4xf16
//  CHECK-NEXT:       exec.store %[[ALL]], @w1
//       CHECK:     exec.segment update {
//  CHECK-NEXT:       %[[G:.*]] = exec.load @g : tensor<2xf32
//  CHECK-NEXT:       %[[G1:.*]] = exec.load @g1 : tensor<4xf32
//  CHECK-NEXT:       %[[OWN:.*]] = exec.convert %[[G1]] : tensor<4xf32{{.*}} to tensor<2xf32
//  CHECK-NEXT:       nn.sum "p"(%[[G]], %[[OWN]])
//       CHECK:       exec.square_sum %{{.*}} : tensor<2xf32{{.*}} to tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>
//  CHECK-NEXT:       %[[SQUARES:.*]] = exec.square_sum %{{.*}} : tensor<4xf32{{.*}} to tensor<f32, #exec.layout<mesh = [2], dims = []>>
//  CHECK-NEXT:       exec.convert %[[SQUARES]] : {{.*}} to tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>
//       CHECK:       nn.sum "gradient_norm"
//       CHECK:       exec.sgd {{.*}} {weight_decay = 5.000000e-01 : f64}
//       CHECK:       exec.sgd {{.*}} {weight_decay = 0.000000e+00 : f64}
exec.program @half attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.parameter @p <zeros> : tensor<4xf16>
  exec.parameter @b <zeros> {no_decay} : tensor<4xf16>
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.slot @w weight depth = 1 of @p : tensor<2xf16, #exec.layout<mesh = [2], dims = [[0]]>>
    exec.slot @w1 weight depth = 1 of @p : tensor<4xf16, #exec.layout<mesh = [2], dims = [[]]>>
    exec.slot @b.weight weight depth = 1 of @b : tensor<4xf16, #exec.layout<mesh = [2], dims = [[]]>>
    exec.slot @g gradient depth = 1 of @p : tensor<2xf32, #exec.layout<mesh = [2], dims = [[0]]>>
    exec.slot @g1 gradient depth = 1 of @p : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]], pending = [0]>>
    exec.slot @b.gradient gradient depth = 1 of @b : tensor<4xf32, #exec.layout<mesh = [2], dims = [[]]>>
    exec.slot @loss metric depth = 1 : tensor<f32, #exec.layout<mesh = [2], dims = []>>
    exec.segment forward {
    }
    exec.segment backward {
    }
  }
}
