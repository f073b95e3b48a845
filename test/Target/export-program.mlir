// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec="clip-grad=1.0" -o %t.mlir
// RUN: aceso-translate --export-program %t.mlir | FileCheck %s

// CHECK: "aceso-program": 2
// CHECK: "name": "two_stages"
// CHECK: "global_batch": 8
// CHECK: "clip_grad_norm":1.0
// CHECK: {"name":"input0","type":"f32","shape":[4,2,8],"batch_dim":1}
// CHECK-SAME: {"name":"input1","type":"i32","shape":[2,4],"batch_dim":0,"counted":true}
// CHECK: "path":"w","type":"f32","shape":[8,8],"init":"normal","deviation":0.02

// RUN: not aceso-translate --export-program %inputs/two-stages.mlir 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: has 0 exec.program ops; --export-program writes exactly one (make it with aceso-opt --lower-to-exec)

// RUN: aceso-opt %inputs/two-stages.mlir --convert-par-to-exec --exec-gradient --exec-place -o %t.placed.mlir
// RUN: not aceso-translate --export-program %t.placed.mlir 2>&1 | FileCheck %s --check-prefix=STATE
// STATE: error: {{.*}}has no optimizer; run exec-synchronize (lower-to-exec does)

// RUN: sed '/exec.send "value1"/d' %t.mlir > %t.broken.mlir
// RUN: not aceso-translate --export-program %t.broken.mlir 2>&1 | FileCheck %s --check-prefix=BROKEN
// BROKEN: error: {{.*}}gives a program that cannot run:
