// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec="print-memory=true" -o /dev/null | FileCheck %s

// By hand, stage 0 at the gradient of w, second micro-batch: w, its gradient so far (256 B each), its
// moments (512 B); the gradient of the result, the input read again and the new gradient of w, 256 B each.
// Stage 1, of each rank, at the gradient of the table: half of the table, its gradient so far (256 B each),
// moments (512 B), the input that was kept (256 B), the loss so far (4 B); gradient of the own half of the
// logits, gradient of the input still pending, new gradient of the table, 256 B each.

//      CHECK: Memory of one rank at its peak, in KiB (program two_stages)
// CHECK-NEXT: stage ranks peak parameters weights gradients optimizer activations values at
// CHECK-NEXT: 0 0-0 1.750 0.250 0.000 0.250 0.500 0.000 0.750 nn.einsum "fc" (backward)
// CHECK-NEXT: 1 1-2 2.004 0.250 0.000 0.250 0.500 0.254 0.750 nn.einsum "head" (backward)
