// RUN: aceso-opt %s --par-move-devices="from=0 from-axes=tp to=2 to-axis=dp" | FileCheck %s --check-prefix=DP
// RUN: aceso-opt %s --par-move-devices="from=0 from-axes=tp to=2" | FileCheck %s --check-prefix=TP
// RUN: aceso-opt %s --par-set-stages="ops=2,1,2 devices=1,1,2 tp=1,1,1" --par-move-devices="from=2 from-axes=dp to=0 to-axis=tp" | FileCheck %s --check-prefix=OTHER

// A stage gives half of its devices along one axis; another grows along the same or the other axis. Several
// may give to one; a stage that is named twice halves twice.

// DP-LABEL: par.plan @net
//       DP:   par.stage devices = 1
//  DP-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  DP-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  DP-NEXT:   par.stage devices = 1
//  DP-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  DP-NEXT:   par.stage devices = 2
//  DP-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>
//  DP-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 1, dp = 2>

// TP-LABEL: par.plan @net
//       TP:   par.stage devices = 1
//  TP-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  TP-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  TP-NEXT:   par.stage devices = 1
//  TP-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  TP-NEXT:   par.stage devices = 2
//  TP-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  TP-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>

// OTHER-LABEL: par.plan @net
//       OTHER:   par.stage devices = 2
//  OTHER-NEXT:   nn.linear "fc1"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  OTHER-NEXT:   nn.linear "fc2"{{.*}}par.shard = #par.shard<tp = 2, dp = 1>
//  OTHER-NEXT:   par.stage devices = 1
//  OTHER-NEXT:   nn.linear "fc3"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  OTHER-NEXT:   par.stage devices = 1
//  OTHER-NEXT:   nn.linear "fc4"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>
//  OTHER-NEXT:   nn.linear_cross_entropy "head"{{.*}}par.shard = #par.shard<tp = 1, dp = 1>

par.plan @net(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>,
                global_batch = 8 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  par.stage devices = 2
  %0 = nn.linear "fc1" (%x, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "fc2" (%0, %w) {par.shard = #par.shard<tp = 2, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %2 = nn.linear "fc3" (%1, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  par.stage devices = 1
  %3 = nn.linear "fc4" (%2, %w) {par.shard = #par.shard<tp = 1, dp = 1>, rules = "ok"} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%3, %w, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
