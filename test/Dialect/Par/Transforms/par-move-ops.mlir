// RUN: aceso-opt %s --par-move-ops | FileCheck %s --check-prefix=ONE
// RUN: aceso-opt %s --par-move-ops="stage=0 count=1" | FileCheck %s --check-prefix=ONE
// RUN: aceso-opt %s --par-move-ops="stage=1 count=-1" | FileCheck %s --check-prefix=BACK
// RUN: aceso-opt %s --par-move-ops="stage=1 count=-1" --par-move-ops="stage=1 count=1" | FileCheck %s --check-prefix=SAME

// Ops that move take the degrees of the op they come to stand beside, and keep rule and recompute. Their
// order and operands stay.

// ONE-LABEL: par.plan @net
//       ONE:   par.stage devices = 2
//  ONE-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  ONE-NEXT:   par.stage devices = 1
//  ONE-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 1, dp = 1, rule = 1, recompute>
//  ONE-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  ONE-NEXT:   par.stage devices = 1
//  ONE-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>

// BACK-LABEL: par.plan @net
//       BACK:   par.stage devices = 2
//  BACK-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  BACK-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 2, dp = 1, rule = 1, recompute>
//  BACK-NEXT:   par.stage devices = 1
//  BACK-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  BACK-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  BACK-NEXT:   par.stage devices = 1
//  BACK-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>

// SAME-LABEL: par.plan @net
//       SAME:   par.stage devices = 2
//  SAME-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  SAME-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 2, dp = 1, rule = 1, recompute>
//  SAME-NEXT:   par.stage devices = 1
//  SAME-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  SAME-NEXT:   par.stage devices = 1
//  SAME-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  SAME-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>

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
