// What the published format cannot say is an error at the op.

// RUN: aceso-translate --import-aceso-config %inputs/gpt-tiny-plan.json --model=%inputs/gpt-tiny.json --nodes=1 --devices-per-node=4 --memory-mb=420 -o %t.mlir

// A third rule, and a second one that is none in the published system.
// RUN: aceso-opt %t.mlir --par-set-rule="ops=2 rule=2" -o %t.third.mlir
// RUN: not aceso-translate --export-aceso-config %t.third.mlir 2>&1 | FileCheck %s --check-prefix=THIRD
// THIRD: error: "layers.0.attention.qkv" has rule 2, which the published format cannot say: its algo of this op is 0 or 1 (par-set-rule changes the rule)
// RUN: aceso-opt %t.mlir --par-set-rule="ops=1 rule=1" -o %t.second.mlir
// RUN: not aceso-translate --export-aceso-config %t.second.mlir 2>&1 | FileCheck %s --check-prefix=SECOND
// SECOND: error: "layers.0.ln_1" has rule 1, which the published format cannot say: its algo of this op is 0 (par-set-rule changes the rule)

// RUN: aceso-translate --import-model %inputs/gpt-tiny.json -o %t.model.mlir
// RUN: not aceso-translate --export-aceso-config %t.model.mlir 2>&1 | FileCheck %s --check-prefix=NOPLAN
// RUN: aceso-opt %t.mlir --lower-to-exec -o %t.exec.mlir
// RUN: not aceso-translate --export-aceso-config %t.exec.mlir 2>&1 | FileCheck %s --check-prefix=NOPLAN
// NOPLAN: error: has 0 plans; --export-aceso-config writes exactly one (aceso-opt --par-search or --convert-nn-to-par makes one of a model)

// RUN: not aceso-translate --export-aceso-config %s 2>&1 | FileCheck %s --check-prefix=NOCONFIG
// NOCONFIG: error: @net has no attribute 'config' with the sizes of its model, which a published plan begins with

// RUN: sed -e 's/attributes {/attributes {config = {name = unit},/' %s > %t.unit.mlir
// RUN: not aceso-translate --export-aceso-config %t.unit.mlir 2>&1 | FileCheck %s --check-prefix=UNIT
// UNIT: error: config.name is neither number, text nor list of them

par.plan @net(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>,
                global_batch = 1 : i64, micro_batch = 1 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 1
  %loss = nn.linear_cross_entropy "head" (%x, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
