// A complete program, broken in one place each time.

// RUN: aceso-opt %inputs/two-stages.mlir --lower-to-exec -o %t.mlir
// RUN: aceso-opt %t.mlir --exec-verify-complete -o /dev/null

// RUN: not aceso-opt %inputs/two-stages.mlir --convert-par-to-exec --exec-gradient --exec-place --exec-schedule --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V1
// V1: 'exec.convert' op is not expanded into steps

// RUN: sed '/class_max/s/tp = 2, dp = 1/tp = 1, dp = 2/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V2
// V2: 'nn.class_max' op "head" wants operand 0 in 0:[] 1:[0] 2:[], but it is in 0:[] 1:[] 2:[0]

// RUN: sed '/%head_2/s/dims = \[\]>>/dims = [], pending = [0]>>/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V2RESULT
// V2RESULT: 'nn.token_loss' op "head" leaves result 0 in {{.*}}, but it is in {{.*}}pending:[0]

// RUN: sed '/class_max/s/tp = 2, dp = 1/tp = 2, dp = 2/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=FIT
// FIT: 'nn.class_max' op has no par.shard that fits the 2 devices of its stage

// RUN: sed '/class_max/s/tp = 2, dp = 1/tp = 2, dp = 1, rule = 7/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=RULE
// RULE: 'nn.class_max' op has rule 7 of 2

// RUN: sed 's/exec.read_input @input1/exec.read_input @nothing/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=INPUT
// INPUT: 'exec.read_input' op names input @nothing, which the program does not have

// RUN: sed 's/exec.read_input @input1/exec.read_input @input0/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=PART
// PART: 'exec.read_input' op reads parts of a global 'tensor<2x4xi32>'
// PART: note: the input is a 'tensor<4x2x8xf32>'

// RUN: sed 's/exec.load @loss/exec.load @lost/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V3
// V3: 'exec.load' op names slot @lost, which the stage does not have

// RUN: sed 's/@loss *metric depth = 1 : tensor<f32/@loss metric depth = 1 : tensor<f64/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V3TYPE
// V3TYPE: op accesses slot @loss as 'tensor<f32
// V3TYPE: note: the slot is of 'tensor<f64

// RUN: sed 's/exec.receive "value0"/exec.receive "other"/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V4
// V4: 'exec.receive' op expects "other", a global 'tensor<4x2x8xf32>'
// V4: note: next comes "value0", a global 'tensor<4x2x8xf32>'

// RUN: sed 's/^\(.*exec.send "value1".*\)$/\1\n\1/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V4MORE
// V4MORE: 'exec.send' op sends to stage 0, which has no matching receive

// RUN: sed '/exec.send "value0"/s/ to 1 / to 7 /' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=PEER
// PEER: 'exec.send' op names stage 7, not another of 2 stages

// RUN: sed 's/exec.repeat 4/exec.repeat 3/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V5
// V5: 'exec.schedule' op runs forward 3 times for 4 micro-batches

// RUN: sed -E 's/global_batch = [0-9]+/global_batch = 2147483646/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V5MOST
// V5MOST: 'exec.program' op has {{[0-9]+}} micro-batches, but a step runs at most 1048576

// RUN: sed 's/exec.repeat 4/exec.repeat 4000000000000/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=MORE
// MORE: 'exec.run' op runs forward more often than there are micro-batches, 4

// RUN: sed 's/exec.run *update/exec.run update\nexec.run update/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=ONCE
// ONCE: 'exec.schedule' op runs update 2 times; it runs once a step

// RUN: not aceso-opt %inputs/two-stages.mlir --convert-par-to-exec --exec-gradient --exec-place --exec-expand-conversions --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: 'exec.stage' op has no schedule

// RUN: sed 's/exec.run *forward/exec.run swap/; s/exec.run *backward/exec.run forward/; s/exec.run swap/exec.run backward/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=ORDER
// ORDER: 'exec.run' op runs backward of a micro-batch before its forward

// RUN: sed -z 's/exec.repeat 4 {/exec.run forward\nexec.repeat 3 {/; s/\(.*\)exec.run *update/\1exec.run backward\nexec.run update/' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V6
// V6: 'exec.slot' op holds 1 micro-batches, but 2 are in flight

// RUN: sed '/exec.send "value1"/d' %t.mlir | not aceso-opt --exec-verify-complete 2>&1 | FileCheck %s --check-prefix=V7
// V7: 'exec.receive' op waits for ever: no other stage has a message or takes part
