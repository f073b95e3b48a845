// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec="optimizer=adamw clip-grad=1.0" | FileCheck %s
// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec="optimizer=adamw clip-grad=1.0" -o %t.mlir
// RUN: aceso-opt %t.mlir --verify-roundtrip --canonicalize --cse --loop-invariant-code-motion --exec-verify-complete | diff - %t.mlir

// The passes after placement, on the whole: what happens once a step (synchronize), collectives instead of
// conversions (expand), the order of segments (schedule), the end of every value (release).

// CHECK-LABEL: exec.program @two_stages
//  CHECK-SAME:   optimizer = #exec.optimizer<adamw, beta1 = 9.000000e-01 : f64
//       CHECK:   exec.stage 0
//   CHECK-DAG:     exec.slot @w parameter depth = 1 of @w
//   CHECK-DAG:     exec.slot @w.moment1 moment1 depth = 1 of @w
//   CHECK-DAG:     exec.slot @w.moment2 moment2 depth = 1 of @w
//       CHECK:     exec.segment read
//       CHECK:       %[[P:.*]] = exec.load @w :
//  CHECK-NEXT:       exec.store %[[P]], @w.weight
//  CHECK-NEXT:       exec.release %[[P]]
//       CHECK:     exec.segment update

// Each element's square counts once; a stage adds what it has; all ranks clip alike.
//       CHECK:       %[[G:.*]] = exec.load @w.gradient
//       CHECK:       %[[SQUARE:.*]] = exec.square_sum %[[G]]
//       CHECK:       %[[TOTAL:.*]] = exec.world_sum %[[SQUARE]]
//       CHECK:       %[[NORM:.*]], %[[C:.*]] = exec.clip_coefficient %[[TOTAL]] {max_norm = 1.000000e+00 : f64}
//       CHECK:       exec.zero
//       CHECK:       exec.world_sum
//       CHECK:       exec.report "loss"
//       CHECK:       exec.report "grad_norm" %[[NORM]]
//       CHECK:       %[[NEW:.*]], %{{.*}}, %{{.*}} = exec.adamw %{{.*}}, %[[G]], %{{.*}}, %{{.*}}, %[[C]] {{.*}}weight_decay = 1.000000e-02
//       CHECK:       exec.store %[[NEW]], @w

// 1F1B with two stages and four micro-batches.
//       CHECK:     exec.schedule {
//  CHECK-NEXT:       exec.run read
//  CHECK-NEXT:       exec.run forward
//  CHECK-NEXT:       exec.repeat 3 {
//  CHECK-NEXT:         exec.run forward
//  CHECK-NEXT:         exec.run backward
//  CHECK-NEXT:       }
//  CHECK-NEXT:       exec.run backward
//  CHECK-NEXT:       exec.run update

//       CHECK:   exec.stage 1
//       CHECK:     exec.segment forward
//       CHECK:       %[[IN:.*]] = exec.receive "value0" from 0
//  CHECK-NEXT:       %[[X:.*]] = exec.all_gather %[[IN]] over [0] dim = 0
//  CHECK-NEXT:       exec.release %[[IN]]
//       CHECK:       exec.all_reduce %{{.*}} over [0] : {{.*}}pending = max [0]
//   CHECK-NOT:       exec.convert
//       CHECK:     exec.segment backward
//       CHECK:       %[[A:.*]] = exec.load @head.activation
//  CHECK-NEXT:       exec.release_slot @head.activation
//       CHECK:       exec.reduce_scatter %{{.*}} over [0] dim = 0
//       CHECK:     exec.segment update

// The table is split over both ranks of the stage: its squares pend over the digit already. The norm
// of a bias that both hold would be masked.
//       CHECK:       exec.square_sum %{{.*}} to tensor<f32, #exec.layout<mesh = [2], dims = [], pending = [0]>>
//       CHECK:     exec.schedule {
//  CHECK-NEXT:       exec.run read
//  CHECK-NEXT:       exec.repeat 4 {
