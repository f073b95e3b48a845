// RUN: aceso-opt %s --split-input-file --verify-roundtrip | FileCheck %s
// RUN: aceso-opt %s --split-input-file --verify-roundtrip --mlir-print-op-generic | aceso-opt --split-input-file | FileCheck %s

// Every op of exec in its place.

// CHECK-LABEL: exec.graph @graph(%{{.*}}: tensor<4x2x8xf32> {nn.name = "x"}) -> tensor<f32>
// CHECK-SAME: attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>
exec.graph @graph(%x: tensor<4x2x8xf32> {nn.name = "x"}) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
                micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1, 1>,
                config = {hidden = 8 : i64}, profile = "p", plan_hash = "0"} {
  %w = nn.parameter "w" <zeros> : tensor<f32>
  // CHECK: %[[L:.*]] = nn.dot "l"(%{{.*}}, %{{.*}}) {exec.at = #exec.at<0, forward>
  %l = nn.dot "l" (%x, %x) {letters = "s b h", rules = "-", par.shard = #par.shard<tp = 1, dp = 1>, exec.at = #exec.at<0, forward>} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<f32>
  // CHECK: %[[COPY:.*]] = exec.copy %[[L]] {exec.at = #exec.at<1, forward>} : tensor<f32>
  %y = exec.copy %l {exec.at = #exec.at<1, forward>} : tensor<f32>
  // CHECK: %[[SEED:.*]] = exec.loss_seed {exec.at = #exec.at<1, backward>} : tensor<f32>
  %seed = exec.loss_seed {exec.at = #exec.at<1, backward>} : tensor<f32>
  // CHECK: %[[BACK:.*]] = exec.copy %[[SEED]] {exec.at = #exec.at<0, backward, recomputed>} : tensor<f32>
  %z = exec.copy %seed {exec.at = #exec.at<0, backward, recomputed>} : tensor<f32>
  // CHECK: exec.accumulate %[[BACK]] to %{{.*}} {exec.at = #exec.at<0, backward>} : tensor<f32>
  exec.accumulate %z to %w {exec.at = #exec.at<0, backward>} : tensor<f32>
  // CHECK: exec.return %[[COPY]] {exec.at = #exec.at<1, forward>} : tensor<f32>
  exec.return %y {exec.at = #exec.at<1, forward>} : tensor<f32>
}

// -----

#whole = #exec.layout<mesh = [2, 2], dims = [[], []]>
#rows = #exec.layout<mesh = [2, 2], dims = [[0], []]>
#rows_both = #exec.layout<mesh = [2, 2], dims = [[1, 0], []]>
#columns = #exec.layout<mesh = [2, 2], dims = [[], [0]]>
#columns_both = #exec.layout<mesh = [2, 2], dims = [[], [0, 1]]>
#summand = #exec.layout<mesh = [2, 2], dims = [[], []], pending = [0]>
#scalar = #exec.layout<mesh = [2, 2], dims = []>
#half = #exec.layout<mesh = [2, 2], dims = [], pending = [0]>
#quarter = #exec.layout<mesh = [2, 2], dims = [], pending = [0, 1]>

// CHECK-LABEL: exec.program @program attributes {cluster = #par.cluster<nodes = 2, devices_per_node = 4, memory = 100>
// CHECK-SAME: optimizer = #exec.optimizer<adamw, beta1 = 9.000000e-01{{.*}} clip_grad = 1.000000e+00
exec.program @program attributes {cluster = #par.cluster<nodes = 2, devices_per_node = 4, memory = 100>, global_batch = 8 : i64,
    micro_batch = 4 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<adamw, beta1 = 0.9 : f64, beta2 = 0.999 : f64, eps = 1.0e-8 : f64, weight_decay = 0.01 : f64,
                                momentum = 0.0 : f64, clip_grad = 1.0 : f64>} {
  // CHECK: exec.input @x batch_dim = 1 : tensor<8x4xf32>
  exec.input @x batch_dim = 1 : tensor<8x4xf32>
  // CHECK: exec.input @labels batch_dim = 0 counted : tensor<4x8xi32>
  exec.input @labels batch_dim = 0 counted : tensor<4x8xi32>
  // CHECK: exec.parameter @layer.w <normal, 2.000000e-02 : f64> {no_decay} : tensor<8x4xf32>
  exec.parameter @layer.w <normal, 0.02> {no_decay} : tensor<8x4xf32>
  // CHECK: exec.stage 0 first_rank = 0 mesh = [2, 2] {
  exec.stage 0 first_rank = 0 mesh = [2, 2] {
    // CHECK: exec.slot @p {{ *}}parameter depth = 1 of @layer.w : tensor<4x4xf32, #exec.layout<mesh = [2, 2], dims = {{\[\[0\], \[\]\]}}>>
    exec.slot @p parameter depth = 1 of @layer.w : tensor<4x4xf32, #rows>
    // CHECK: exec.slot @w {{ *}}weight depth = 1 of @layer.w
    exec.slot @w weight depth = 1 of @layer.w : tensor<8x4xf32, #whole>
    // CHECK: exec.slot @g {{ *}}gradient depth = 1 of @layer.w
    exec.slot @g gradient depth = 1 of @layer.w : tensor<4x4xf32, #rows>
    // CHECK: exec.slot @m {{ *}}moment1 depth = 1 of @layer.w
    exec.slot @m moment1 depth = 1 of @layer.w : tensor<4x4xf32, #rows>
    // CHECK: exec.slot @v {{ *}}moment2 depth = 1 of @layer.w
    exec.slot @v moment2 depth = 1 of @layer.w : tensor<4x4xf32, #rows>
    // CHECK: exec.slot @a {{ *}}activation depth = 2 : tensor<8x2xf32
    exec.slot @a activation depth = 2 : tensor<8x2xf32, #columns>
    // CHECK: exec.segment {{ *}}read {
    exec.segment read {
      // CHECK: %[[P:.*]] = exec.load @p : tensor<4x4xf32
      %p = exec.load @p : tensor<4x4xf32, #rows>
      // CHECK: %[[W:.*]] = exec.all_gather %[[P]] over [0] dim = 0 : tensor<4x4xf32{{.*}} to tensor<8x4xf32
      %w = exec.all_gather %p over [0] dim = 0 : tensor<4x4xf32, #rows> to tensor<8x4xf32, #whole>
      // CHECK: exec.store %[[W]], @w : tensor<8x4xf32
      exec.store %w, @w : tensor<8x4xf32, #whole>
      // CHECK: exec.release %[[P]], %[[W]] : tensor<4x4xf32{{.*}}, tensor<8x4xf32
      exec.release %p, %w : tensor<4x4xf32, #rows>, tensor<8x4xf32, #whole>
    }
    // CHECK: exec.segment {{ *}}forward {
    exec.segment forward {
      // CHECK: %[[X:.*]] = exec.read_input @x : tensor<8x4xf32
      %x = exec.read_input @x : tensor<8x4xf32, #whole>
      // CHECK: %[[ROWS:.*]] = exec.slice %[[X]] over [0] dim = 0 : tensor<8x4xf32{{.*}} to tensor<4x4xf32
      %rows = exec.slice %x over [0] dim = 0 : tensor<8x4xf32, #whole> to tensor<4x4xf32, #rows>
      // CHECK: %[[COLUMNS:.*]] = exec.all_to_all %[[ROWS]] over [0] from 0 [0] to 1 : tensor<4x4xf32{{.*}} to tensor<8x2xf32
      %columns = exec.all_to_all %rows over [0] from 0[0] to 1 : tensor<4x4xf32, #rows> to tensor<8x2xf32, #columns>
      // CHECK: exec.store %[[COLUMNS]], @a
      exec.store %columns, @a : tensor<8x2xf32, #columns>
      // CHECK: exec.send "value0" %[[X]] to 1 : tensor<8x4xf32
      exec.send "value0" %x to 1 : tensor<8x4xf32, #whole>
      // CHECK: %[[BOTH:.*]] = exec.slice %[[X]] over [1, 0] dim = 0 : {{.*}} to tensor<2x4xf32
      %both = exec.slice %x over [1, 0] dim = 0 : tensor<8x4xf32, #whole> to tensor<2x4xf32, #rows_both>
      // CHECK: exec.all_to_all %[[BOTH]] over [0, 1] from 0 [1, 0] to 1 : tensor<2x4xf32{{.*}} to tensor<8x1xf32
      %moved = exec.all_to_all %both over [0, 1] from 0[1, 0] to 1 : tensor<2x4xf32, #rows_both> to tensor<8x1xf32, #columns_both>
      // CHECK: exec.box_exchange %[[ROWS]] over [0] : tensor<4x4xf32{{.*}} to tensor<8x2xf32
      %box = exec.box_exchange %rows over [0] : tensor<4x4xf32, #rows> to tensor<8x2xf32, #columns>
      // CHECK: exec.convert %[[X]] : tensor<8x4xf32{{.*}} to tensor<8x2xf32
      %converted = exec.convert %x : tensor<8x4xf32, #whole> to tensor<8x2xf32, #columns>
    }
    // CHECK: exec.segment {{ *}}backward {
    exec.segment backward {
      // CHECK: %[[R:.*]] = exec.receive "value1" from 1 : tensor<8x4xf32
      %r = exec.receive "value1" from 1 : tensor<8x4xf32, #whole>
      // CHECK: %[[MASK:.*]] = exec.mask %[[R]] over [0] : {{.*}} to tensor<8x4xf32, {{.*}}pending = [0]>>
      %mask = exec.mask %r over [0] : tensor<8x4xf32, #whole> to tensor<8x4xf32, #summand>
      // CHECK: %[[REDUCED:.*]] = exec.reduce_scatter %[[MASK]] over [0] dim = 0 : tensor<8x4xf32{{.*}} to tensor<4x4xf32
      %reduced = exec.reduce_scatter %mask over [0] dim = 0 : tensor<8x4xf32, #summand> to tensor<4x4xf32, #rows>
      // CHECK: exec.add_to_slot %[[REDUCED]], @g {path = "layer"} : tensor<4x4xf32
      exec.add_to_slot %reduced, @g {path = "layer"} : tensor<4x4xf32, #rows>
      // CHECK: exec.all_reduce %[[MASK]] over [0] : {{.*}}pending = [0]>> to tensor<8x4xf32
      %all = exec.all_reduce %mask over [0] : tensor<8x4xf32, #summand> to tensor<8x4xf32, #whole>
      // CHECK: exec.release_slot @a
      exec.release_slot @a
    }
    // CHECK: exec.segment {{ *}}update {
    exec.segment update {
      // CHECK: %[[ZERO:.*]] = exec.zero : tensor<f32
      %zero = exec.zero : tensor<f32, #scalar>
      // CHECK: exec.report "loss" %[[ZERO]] : tensor<f32
      exec.report "loss" %zero : tensor<f32, #scalar>
      %p = exec.load @p : tensor<4x4xf32, #rows>
      %g = exec.load @g : tensor<4x4xf32, #rows>
      %m = exec.load @m : tensor<4x4xf32, #rows>
      %v = exec.load @v : tensor<4x4xf32, #rows>
      // CHECK: exec.cast %{{.*}} {path = "layer"} : tensor<4x4xf32{{.*}} to tensor<4x4xf64
      %cast = exec.cast %g {path = "layer"} : tensor<4x4xf32, #rows> to tensor<4x4xf64, #rows>
      // CHECK: %[[SQUARES:.*]] = exec.square_sum %{{.*}} : tensor<4x4xf32{{.*}} to tensor<f32
      %squares = exec.square_sum %g : tensor<4x4xf32, #rows> to tensor<f32, #half>
      %summand = exec.mask %squares over [1] : tensor<f32, #half> to tensor<f32, #quarter>
      // CHECK: %[[SUM:.*]] = exec.world_sum %{{.*}} : tensor<f32, {{.*}}pending = [0, 1]>> to tensor<f32
      %sum = exec.world_sum %summand : tensor<f32, #quarter> to tensor<f32, #scalar>
      // CHECK: %{{.*}}, %[[C:.*]] = exec.clip_coefficient %[[SUM]] {max_norm = 1.000000e+00 : f64} : (tensor<f32{{.*}}) -> (tensor<f32{{.*}}, tensor<f32
      %norm, %c = exec.clip_coefficient %sum {max_norm = 1.0 : f64} : (tensor<f32, #scalar>) -> (tensor<f32, #scalar>, tensor<f32, #scalar>)
      // CHECK: exec.adamw %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[C]] {beta1 = 9.000000e-01 : f64, beta2 = 8.750000e-01 : f64, epsilon = 1.000000e-08 : f64, weight_decay = 0.000000e+00 : f64}
      %a:3 = exec.adamw %p, %g, %m, %v, %c {beta1 = 0.9 : f64, beta2 = 0.875 : f64, epsilon = 1.0e-8 : f64, weight_decay = 0.0 : f64}
        : (tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>, tensor<f32, #scalar>)
          -> (tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>)
      // CHECK: exec.sgd %{{.*}}, %{{.*}}, %[[C]] {weight_decay = 1.000000e-02 : f64}
      %s = exec.sgd %p, %g, %c {weight_decay = 0.01 : f64}
        : (tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>, tensor<f32, #scalar>) -> tensor<4x4xf32, #rows>
      // CHECK: exec.sgd_momentum %{{.*}}, %{{.*}}, %{{.*}}, %[[C]] {momentum = 9.000000e-01 : f64, weight_decay = 1.000000e-02 : f64}
      %sm:2 = exec.sgd_momentum %p, %g, %m, %c {momentum = 0.9 : f64, weight_decay = 0.01 : f64}
        : (tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>, tensor<f32, #scalar>)
          -> (tensor<4x4xf32, #rows>, tensor<4x4xf32, #rows>)
    }
    // CHECK: exec.schedule {
    exec.schedule {
      // CHECK-NEXT: exec.run {{ *}}read
      exec.run read
      // CHECK-NEXT: exec.repeat 2 {
      exec.repeat 2 {
        // CHECK-NEXT: exec.run {{ *}}forward
        exec.run forward
        // CHECK-NEXT: exec.run {{ *}}backward
        exec.run backward
      }
      // CHECK: exec.run {{ *}}update
      exec.run update
    }
  }
  // CHECK: exec.stage 1 first_rank = 4 mesh = [2, 2] {
  exec.stage 1 first_rank = 4 mesh = [2, 2] {
    // CHECK: exec.slot @loss {{ *}}metric depth = 1 : tensor<f32
    exec.slot @loss metric depth = 1 : tensor<f32, #quarter>
    exec.segment backward {
      // CHECK: exec.loss_seed : tensor<f32
      %seed = exec.loss_seed : tensor<f32, #scalar>
    }
  }
}
