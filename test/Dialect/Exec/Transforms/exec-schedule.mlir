// RUN: aceso-opt %s --split-input-file --exec-schedule | FileCheck %s

// 1F1B: stage i of p runs p - i - 1 forward passes ahead, then one backward for each forward. A slot of
// activations holds as many micro-batches as are in flight; other slots hold one.

// CHECK-LABEL: exec.program @three_stages
//       CHECK:   exec.stage 0
//       CHECK:     exec.slot @w weight depth = 1
//       CHECK:     exec.slot @a activation depth = 3
//       CHECK:     exec.schedule {
//  CHECK-NEXT:       exec.run read
//  CHECK-NEXT:       exec.repeat 2 {
//  CHECK-NEXT:         exec.run forward
//  CHECK-NEXT:       }
//  CHECK-NEXT:       exec.repeat 6 {
//  CHECK-NEXT:         exec.run forward
//  CHECK-NEXT:         exec.run backward
//  CHECK-NEXT:       }
//  CHECK-NEXT:       exec.repeat 2 {
//  CHECK-NEXT:         exec.run backward
//  CHECK-NEXT:       }
//  CHECK-NEXT:       exec.run update
//  CHECK-NEXT:     }
//       CHECK:   exec.stage 1
//       CHECK:     exec.slot @a activation depth = 2
//       CHECK:     exec.schedule {
//  CHECK-NEXT:       exec.run forward
//  CHECK-NEXT:       exec.repeat 7 {
//       CHECK:       }
//  CHECK-NEXT:       exec.run backward
//  CHECK-NEXT:     }
//       CHECK:   exec.stage 2
//       CHECK:     exec.slot @a activation depth = 1
//       CHECK:     exec.schedule {
//  CHECK-NEXT:       exec.repeat 8 {
//  CHECK-NEXT:         exec.run forward
//  CHECK-NEXT:         exec.run backward
//  CHECK-NEXT:       }
//  CHECK-NEXT:     }
exec.program @three_stages attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 3, memory = 100>, global_batch = 16 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.parameter @p <zeros> : tensor<4xf32>
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.slot @w weight depth = 1 of @p : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    exec.slot @a activation depth = 1 : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    exec.segment read {
    }
    exec.segment forward {
    }
    exec.segment backward {
    }
    exec.segment update {
    }
  }
  exec.stage 1 first_rank = 1 mesh = [] {
    exec.slot @a activation depth = 1 : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    exec.segment forward {
    }
    exec.segment backward {
    }
  }
  exec.stage 2 first_rank = 2 mesh = [] {
    exec.slot @a activation depth = 1 : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    exec.segment forward {
    }
    exec.segment backward {
    }
  }
}

// -----

// With fewer micro-batches than stages ahead, all forward passes come first: no steady loop.

// CHECK-LABEL: exec.program @one_micro_batch
//       CHECK:   exec.stage 0
//       CHECK:     exec.slot @a activation depth = 1
//       CHECK:     exec.schedule {
//  CHECK-NEXT:       exec.run forward
//  CHECK-NEXT:       exec.run backward
//  CHECK-NEXT:     }
//       CHECK:   exec.stage 1
//       CHECK:     exec.schedule {
//  CHECK-NEXT:       exec.run forward
//  CHECK-NEXT:       exec.run backward
//  CHECK-NEXT:     }
exec.program @one_micro_batch attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.slot @a activation depth = 1 : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    exec.segment forward {
    }
    exec.segment backward {
    }
  }
  exec.stage 1 first_rank = 1 mesh = [] {
    exec.segment forward {
    }
    exec.segment backward {
    }
  }
}
