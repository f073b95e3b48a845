// RUN: aceso-opt %s --exec-expand-conversions | FileCheck %s
// RUN: aceso-opt %s --exec-expand-conversions | aceso-opt --canonicalize --cse --loop-invariant-code-motion | FileCheck %s

// Each conversion becomes the steps that receive the fewest elements; a layout that stays, none.

#whole = #exec.layout<mesh = [2, 2], dims = [[], []]>
#rows = #exec.layout<mesh = [2, 2], dims = [[0], []]>
#rows_both = #exec.layout<mesh = [2, 2], dims = [[0, 1], []]>
#columns = #exec.layout<mesh = [2, 2], dims = [[], [0]]>
#pending = #exec.layout<mesh = [2, 2], dims = [[], []], pending = [0]>
#pending_both = #exec.layout<mesh = [2, 2], dims = [[], []], pending = [0, 1]>

exec.program @conversions attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.input @x batch_dim = 0 : tensor<8x4xf32>
  exec.stage 0 first_rank = 0 mesh = [2, 2] {
    exec.slot @rows activation depth = 1 : tensor<4x4xf32, #rows>
    exec.slot @rows_both activation depth = 1 : tensor<2x4xf32, #rows_both>
    exec.slot @columns activation depth = 1 : tensor<8x2xf32, #columns>
    exec.slot @whole activation depth = 1 : tensor<8x4xf32, #whole>
    exec.slot @summand activation depth = 1 : tensor<8x4xf32, #pending>
    exec.segment forward {
      // CHECK: %[[X:.*]] = exec.read_input @x
      %x = exec.read_input @x : tensor<8x4xf32, #whole>

      // What every device has is cut by each for itself, the digits in their order.
      // CHECK-NEXT: %[[PART:.*]] = exec.slice %[[X]] over [0, 1] dim = 0
      // CHECK-NEXT: exec.store %[[PART]], @rows_both
      %part = exec.convert %x : tensor<8x4xf32, #whole> to tensor<2x4xf32, #rows_both>
      exec.store %part, @rows_both : tensor<2x4xf32, #rows_both>

      // The last digit of a dimension is gathered.
      // CHECK-NEXT: %[[ROWS:.*]] = exec.all_gather %[[PART]] over [1] dim = 0
      // CHECK-NEXT: exec.store %[[ROWS]], @rows
      %rows = exec.convert %part : tensor<2x4xf32, #rows_both> to tensor<4x4xf32, #rows>
      exec.store %rows, @rows : tensor<4x4xf32, #rows>

      // A digit changes its dimension.
      // CHECK-NEXT: %[[COLUMNS:.*]] = exec.all_to_all %[[ROWS]] over [0] from 0 [0] to 1
      // CHECK-NEXT: exec.store %[[COLUMNS]], @columns
      %columns = exec.convert %rows : tensor<4x4xf32, #rows> to tensor<8x2xf32, #columns>
      exec.store %columns, @columns : tensor<8x2xf32, #columns>

      // One of the devices that hold the same contributes it.
      // CHECK-NEXT: %[[SUMMAND:.*]] = exec.mask %[[X]] over [0]
      // CHECK-NEXT: exec.store %[[SUMMAND]], @summand
      %summand = exec.convert %x : tensor<8x4xf32, #whole> to tensor<8x4xf32, #pending>
      exec.store %summand, @summand : tensor<8x4xf32, #pending>

      // A sum is reduced to where it is wanted: to all, or to each device's part.
      // CHECK-NEXT: %[[SUM:.*]] = exec.all_reduce %[[SUMMAND]] over [0]
      // CHECK-NEXT: exec.store %[[SUM]], @whole
      %sum = exec.convert %summand : tensor<8x4xf32, #pending> to tensor<8x4xf32, #whole>
      exec.store %sum, @whole : tensor<8x4xf32, #whole>
      // CHECK-NEXT: %[[OWN:.*]] = exec.reduce_scatter %[[SUMMAND]] over [0] dim = 0
      // CHECK-NEXT: exec.store %[[OWN]], @rows
      %own = exec.convert %summand : tensor<8x4xf32, #pending> to tensor<4x4xf32, #rows>
      exec.store %own, @rows : tensor<4x4xf32, #rows>
      // Two steps: one digit is wanted in a dimension, the other nowhere.
      // CHECK-NEXT: %[[BOTH:.*]] = exec.mask %[[X]] over [0, 1]
      // CHECK-NEXT: %[[FIRST:.*]] = exec.reduce_scatter %[[BOTH]] over [0] dim = 0
      // CHECK-NEXT: %[[LAST:.*]] = exec.all_reduce %[[FIRST]] over [1]
      // CHECK-NEXT: exec.store %[[LAST]], @rows
      %both = exec.convert %x : tensor<8x4xf32, #whole> to tensor<8x4xf32, #pending_both>
      %last = exec.convert %both : tensor<8x4xf32, #pending_both> to tensor<4x4xf32, #rows>
      exec.store %last, @rows : tensor<4x4xf32, #rows>

      // CHECK-NEXT: exec.store %[[X]], @whole
      %same = exec.convert %x : tensor<8x4xf32, #whole> to tensor<8x4xf32, #whole>
      exec.store %same, @whole : tensor<8x4xf32, #whole>
    }
  }
}
