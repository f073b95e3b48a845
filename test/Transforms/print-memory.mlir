// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec="print-memory=true" -o /dev/null | FileCheck %s
// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec | sed '/exec.release /d' > %t.mlir
// RUN: not aceso-opt %t.mlir --exec-print-memory -o /dev/null 2>&1 | FileCheck %s --check-prefix=BROKEN

// By hand, stage 0 at the gradient of w, second micro-batch: w, its gradient so far (256 B each), its
// moments (512 B); the gradient of the result, the input read again and the new gradient of w, 256 B each;
// the global batch (x 1024 B, labels 128 B).
// Stage 1, of each rank, at the gradient of the logits, second micro-batch: half of the table, its gradient so
// far (256 B each), moments (512 B); kept for backward the input and the own half of the logits (256 B each),
// maximum and sum of each of 8 tokens (64 B), the loss so far (4 B); gradient of the logits (256 B) and of the
// loss (4 B); of each token class, whether it is an own one, place, weight, weight at the label (25 B).

//      CHECK: Memory of one rank at its peak, in KiB (program two_stages)
// CHECK-NEXT: stage ranks peak parameters weights gradients optimizer activations values workspace inputs at
// CHECK-NEXT: 0 0-0 2.875 0.250 0.000 0.250 0.500 0.000 0.750 0.000 1.125 nn.einsum "fc" (backward)
// CHECK-NEXT: 1 1-2 3.141 0.250 0.000 0.250 0.500 0.566 0.254 0.195 1.125 nn.cross_entropy_grad "head" (backward)

// BROKEN: error: 'exec.program' op gives a program that cannot run: {{.*}}value 0 is never released
