// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="optimizer=lion" 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="beta1=1.5" 2>&1 | FileCheck %s --check-prefix=BETA
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="clip-grad=-1" 2>&1 | FileCheck %s --check-prefix=CLIP

// KIND: error: unknown optimizer 'lion'; choose adamw or sgd
// BETA: error: beta1 must be at least 0 and below 1, not 1.5
// CLIP: error: clip_grad must be at least 0, not -1
