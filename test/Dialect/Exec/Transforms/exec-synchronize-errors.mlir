// What exec-synchronize refuses: options, by their own names.

// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="optimizer=lion" 2>&1 | FileCheck %s --check-prefix=KIND
// KIND: error: unknown optimizer 'lion'; choose adamw or sgd
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="beta1=1.5" 2>&1 | FileCheck %s --check-prefix=BETA1
// BETA1: error: the option 'beta1' must be at least 0 and below 1, not 1.5{{$}}
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="beta2=1" 2>&1 | FileCheck %s --check-prefix=BETA2
// BETA2: error: the option 'beta2' must be at least 0 and below 1, not 1{{$}}
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="eps=-1e-8" 2>&1 | FileCheck %s --check-prefix=EPS
// EPS: error: the option 'eps' must be at least 0, not -1e-08{{$}}
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="weight-decay=-0.5" 2>&1 | FileCheck %s --check-prefix=DECAY
// DECAY: error: the option 'weight-decay' must be at least 0, not -0.5{{$}}
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="optimizer=sgd momentum=1" 2>&1 | FileCheck %s --check-prefix=MOMENTUM
// MOMENTUM: error: the option 'momentum' must be at least 0 and below 1, not 1{{$}}
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="clip-grad=-1" 2>&1 | FileCheck %s --check-prefix=CLIP
// CLIP: error: the option 'clip-grad' must be at least 0, not -1{{$}}
// RUN: not aceso-opt %inputs/two-stages.mlir --lower-to-exec="clip-grad=inf" 2>&1 | FileCheck %s --check-prefix=INFINITE
// INFINITE: error: the option 'clip-grad' must be at least 0 and finite, not inf{{$}}

// A program without a loss.
// RUN: aceso-opt %inputs/two-stages.mlir --convert-par-to-exec --exec-gradient --exec-place | sed '/exec.slot @loss/d' | not aceso-opt --exec-synchronize 2>&1 | FileCheck %s --check-prefix=LOSS
// LOSS: error: 'exec.program' op has no slot of role metric, which holds the loss; exec-place makes it
