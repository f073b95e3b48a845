// Options.

// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --samples=1 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --devices=4 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: --export-profile-set needs --devices, the number of ranks that measure, and --samples, the samples of each replica (such as 1,2,4,8)

// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --devices=0 --samples=1 2>&1 | FileCheck %s --check-prefix=DEVICES
// DEVICES: error: --devices=0 must be from 1 to 65535

// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --devices=4 --samples=1,0 2>&1 | FileCheck %s --check-prefix=SAMPLES
// SAMPLES: error: --samples names 0; give numbers from 1 to 1048576

// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --devices=4 --samples=1,2,1 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: --samples names 1 twice

// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --devices=6 --samples=1 --tp=2,3 2>&1 | FileCheck %s --check-prefix=TP
// TP: error: --tp names 3, which is no power of two that divides --devices=6

// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --devices=4 --samples=1 --tp=8 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: error: --tp names 8; give numbers from 1 to 4

// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --devices=4 --samples=1 --rules=-1 2>&1 | FileCheck %s --check-prefix=RULES
// RULES: error: --rules names -1; give numbers from 0 to 255

// RUN: not aceso-translate --export-profile-set %inputs/gpt-tiny.mlir --devices=4 --samples=1 --rules=0,3 2>&1 | FileCheck %s --check-prefix=RULE
// RULE: error: model 'gpt' has no op with a rule 3; rules are 0 to 2

// Models.

// RUN: not aceso-translate --export-profile-set %inputs/two-stages.mlir --devices=4 --samples=1 2>&1 | FileCheck %s --check-prefix=PLAN
// PLAN: error: has 0 models; --export-profile-set takes exactly one nn.model (aceso-translate --import-model makes it)

// RUN: sed 's/, profile = "gpt_tiny"//' %inputs/gpt-tiny.mlir > %t.prefix.mlir
// RUN: not aceso-translate --export-profile-set %t.prefix.mlir --devices=4 --samples=1 2>&1 | FileCheck %s --check-prefix=PREFIX
// PREFIX: error: model 'gpt' does not say what the names of its cost tables begin with; give it the attribute 'profile'

// RUN: sed 's/profile = "gpt-post-process"/num_classes = 30 : i64/;s/{num_classes = 30 : i64, /{/' %inputs/gpt-tiny.mlir > %t.key.mlir
// RUN: not aceso-translate --export-profile-set %t.key.mlir --devices=4 --samples=1 2>&1 | FileCheck %s --check-prefix=KEY
// KEY: error: 'nn.linear_cross_entropy' op has no profile key, so no row of a cost table can be its; give it the attribute 'profile'

// RUN: sed 's/enc-MLP-GEMM-2/enc-MLP-GEMM-1/' %inputs/gpt-tiny.mlir > %t.same.mlir
// RUN: not aceso-translate --export-profile-set %t.same.mlir --devices=4 --samples=1 2>&1 | FileCheck %s --check-prefix=SAME
// SAME: error: 'nn.linear' op has the profile key "enc-MLP-GEMM-1" of "layers.0.mlp.fc1", but is another kind of op or has other shapes or rules; one row of a table cannot be true of both
// SAME: note: the other one is here

// RUN: sed '/nn.linear "layers.1.mlp.fc1"/s/rules = "ok"/rules = "ko"/' %inputs/gpt-tiny.mlir > %t.rules.mlir
// RUN: not aceso-translate --export-profile-set %t.rules.mlir --devices=4 --samples=1 2>&1 | FileCheck %s --check-prefix=OTHERRULES
// OTHERRULES: error: 'nn.linear' op has the profile key "enc-MLP-GEMM-1" of "layers.0.mlp.fc1", but is another kind of op or has other shapes or rules

// RUN: echo 'nn.model @empty(%x: tensor<f32>) -> tensor<f32> { nn.return %x : tensor<f32> }' > %t.empty.mlir
// RUN: not aceso-translate --export-profile-set %t.empty.mlir --devices=4 --samples=1 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: error: model 'empty' computes nothing
