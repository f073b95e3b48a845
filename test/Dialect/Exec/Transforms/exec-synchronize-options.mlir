// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec="optimizer=adamw beta1=0.8 beta2=0.95 eps=1e-6 weight-decay=0.1 clip-grad=2" | FileCheck %s --check-prefix=ALL
// RUN: aceso-opt %inputs/two-stages.mlir --convert-par-to-exec --exec-gradient --exec-recompute --exec-place --exec-synchronize="beta1=0.8 beta2=0.95 eps=1e-6 weight-decay=0.1 clip-grad=2" | FileCheck %s --check-prefix=ALL
// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec | FileCheck %s --check-prefix=DEFAULT

// Every option reaches the program, and the ops that use it.

// ALL: optimizer = #exec.optimizer<adamw, beta1 = 8.000000e-01 : f64, beta2 = 0.94999999999999996 : f64, eps = 9.9999999999999995E-7 : f64, weight_decay = 1.000000e-01 : f64, momentum = 0.000000e+00 : f64, clip_grad = 2.000000e+00 : f64>
// ALL: exec.adamw {{.*}}beta1 = 8.000000e-01 : f64, beta2 = 0.94999999999999996 : f64, epsilon = 9.9999999999999995E-7 : f64, weight_decay = 1.000000e-01 : f64

// DEFAULT: optimizer = #exec.optimizer<adamw, beta1 = 9.000000e-01 : f64, beta2 = 0.99899999999999999 : f64, eps = 1.000000e-08 : f64, weight_decay = 1.000000e-02 : f64, momentum = 0.000000e+00 : f64, clip_grad = 0.000000e+00 : f64>
