// RUN: aceso-opt %s --lower-to-exec="optimizer=sgd" | FileCheck %s

// Parameters may be called like the slots that the lowering makes: those then have a number.

//      CHECK: exec.slot @w.weight weight depth = 1 of @w :
//      CHECK: exec.slot @w.weight.weight weight depth = 1 of @w.weight :
//      CHECK: exec.slot @loss.weight weight depth = 1 of @loss :
//      CHECK: exec.slot @loss metric depth = 1
//      CHECK: exec.slot @w parameter depth = 1 of @w :
//      CHECK: exec.slot @"w.weight#1" parameter depth = 1 of @w.weight :
//      CHECK: exec.slot @"loss#1" parameter depth = 1 of @loss :
//      CHECK: exec.segment update
//      CHECK: exec.store %{{.*}}, @w :
//      CHECK: exec.store %{{.*}}, @"w.weight#1" :
//      CHECK: exec.store %{{.*}}, @"loss#1" :
par.plan @names(%x: tensor<8x?x16xf32>, %labels: tensor<?x8xi32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>,
                global_batch = 2 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>} {
  %w = nn.parameter "w" <zeros> : tensor<16x16xf32>
  %v = nn.parameter "w.weight" <zeros> : tensor<16x16xf32>
  %u = nn.parameter "loss" <zeros> : tensor<16x16xf32>
  par.stage devices = 1
  %0 = nn.linear "fc" (%x, %w) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %1 = nn.linear "fc1" (%0, %v) {rules = "ok", par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>) -> tensor<8x?x16xf32>
  %loss = nn.linear_cross_entropy "head" (%1, %u, %labels) {num_classes = 16 : i64, par.shard = #par.shard<tp = 1, dp = 1>} : (tensor<8x?x16xf32>, tensor<16x16xf32>, tensor<?x8xi32>) -> tensor<f32>
  par.return %loss : tensor<f32>
}
