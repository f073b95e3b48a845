// RUN: aceso-opt %s --par-set-stages="ops=4,1 devices=2,2 tp=1,2" | FileCheck %s --check-prefix=TWO
// RUN: aceso-opt %s --par-set-stages="ops=5 devices=4" | FileCheck %s --check-prefix=ONE
// RUN: aceso-opt %s --par-set-stages="ops=1,1,1,2 devices=1,1,1,1" | FileCheck %s --check-prefix=FOUR
// RUN: aceso-opt %s --pass-pipeline="builtin.module(par.plan(par-set-stages{ops={4,1} devices={2,2} tp={1,2}}))" | FileCheck %s --check-prefix=TWO
// RUN: aceso-opt %s --pass-pipeline="builtin.module(par.plan(par-set-stages{ops=4,1 devices=2,2 tp=1,2}))" | FileCheck %s --check-prefix=TWO

// Any cut, any devices, one tp for each stage (all devices where none is given); rules and recompute stay.

// TWO-LABEL: par.plan @net
//       TWO:   par.stage devices = 2
//  TWO-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>
//  TWO-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 1, dp = 2, rule = 1, recompute>
//  TWO-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>
//  TWO-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>
//  TWO-NEXT:   par.stage devices = 2
//  TWO-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>

// ONE-LABEL: par.plan @net
//       ONE:   par.stage devices = 4
//  ONE-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 4, dp = 1>
//  ONE-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 4, dp = 1, rule = 1, recompute>
//  ONE-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 4, dp = 1>
//  ONE-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 4, dp = 1>
//  ONE-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 4, dp = 1>

// FOUR-LABEL: par.plan @net
//       FOUR:   par.stage devices = 1
//  FOUR-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  FOUR-NEXT:   par.stage devices = 1
//  FOUR-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 1, dp = 1, rule = 1, recompute>
//  FOUR-NEXT:   par.stage devices = 1
//  FOUR-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  FOUR-NEXT:   par.stage devices = 1
//  FOUR-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  FOUR-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>

par.plan @net(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>,
                global_batch = 8 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 2, dp = 1, rule = 1, recompute>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %2 = nn.linear "fc3" (%1, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %3 = nn.linear "fc4" (%2, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%3, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
