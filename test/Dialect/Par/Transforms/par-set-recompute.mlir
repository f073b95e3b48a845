// RUN: aceso-opt %s --par-set-recompute="ops=0,2-3" | FileCheck %s --check-prefix=SET
// RUN: aceso-opt %s --par-set-recompute="ops=0,2-3 value=true" | FileCheck %s --check-prefix=SET
// RUN: aceso-opt %s --par-set-recompute="ops=0-3 value=recompute" --par-set-recompute="ops=1 value=keep" | FileCheck %s --check-prefix=SET
// RUN: aceso-opt %s --par-set-recompute="ops=0-3" --par-set-recompute="ops=0-3 value=false" | FileCheck %s --check-prefix=NONE

// A recomputed op is computed again in backward; `true` and `false` say the same as the names of the kinds.

// SET-LABEL: par.plan @net
//       SET:   par.stage devices = 2
//  SET-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 2, dp = 1, recompute>
//  SET-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  SET-NEXT:   par.stage devices = 2
//  SET-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 2, recompute>
//  SET-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 1, dp = 2, recompute>

// NONE-LABEL: par.plan @net
//       NONE:   par.stage devices = 2
//  NONE-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  NONE-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  NONE-NEXT:   par.stage devices = 2
//  NONE-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>
//  NONE-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>

par.plan @net(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>,
                global_batch = 8 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 2
  %2 = nn.linear "fc3" (%1, %w) {par.shard = #par.shard<tp = 1, dp = 2>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%2, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 2>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
