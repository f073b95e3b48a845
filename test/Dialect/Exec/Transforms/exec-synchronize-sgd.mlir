// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec="optimizer=sgd" | FileCheck %s --check-prefix=PLAIN
// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec="optimizer=sgd momentum=0.9" | FileCheck %s --check-prefix=MOMENTUM

//     PLAIN-NOT: moment1
//         PLAIN: exec.sgd %{{.*}} {weight_decay = 1.000000e-02 : f64}
//      MOMENTUM: exec.slot @w.moment1 moment1
//      MOMENTUM: %[[P:.*]], %[[M:.*]] = exec.sgd_momentum {{.*}}momentum = 9.000000e-01 : f64
//      MOMENTUM: exec.store %[[M]], @w.moment1
