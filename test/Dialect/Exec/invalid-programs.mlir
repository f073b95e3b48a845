// RUN: aceso-opt %s --split-input-file --verify-diagnostics

// What holds for programs and their parts (P1 to P5).

// P1

exec.program @ranks attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  // expected-error @+1 {{is stage 0 from rank 1, expected stage 0 from rank 0}}
  exec.stage 0 first_rank = 1 mesh = [2] {
  }
}

// -----

// expected-error @+1 {{has stages for 2 ranks, but the cluster has 4}}
exec.program @ranks attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [2] {
  }
}

// -----

exec.program @order attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [2] {
  }
  // expected-error @+1 {{follows a stage; declarations come first}}
  exec.input @ids batch_dim = 0 : tensor<2x4xi32>
}

// -----

exec.program @other attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  // expected-error @+1 {{is no declaration and no stage}}
  %0 = nn.parameter "w" <zeros> : tensor<4xf32>
}

// -----

// P5

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{holds 0 micro-batches; it must hold at least one}}
    exec.slot @a activation depth = 0 : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
  }
}

// -----

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{which says no layout}}
    exec.slot @a activation depth = 1 : tensor<4xf32>
  }
}

// -----

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{of role weight must name its parameter}}
    exec.slot @a weight depth = 1 : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
  }
}

// -----

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.parameter @w <zeros> : tensor<4xf32>
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{of role activation belongs to no parameter}}
    exec.slot @a activation depth = 1 of @w : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
  }
}

// -----

exec.program @slots attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.parameter @w <zeros> : tensor<4xf32>
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{names parameter @v, which the program does not have}}
    exec.slot @a weight depth = 1 of @v : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
  }
}

// -----

// P2

// expected-error @+1 {{'exec.program' op has a global batch of 2147483648 samples, but at most 2147483647 are possible}}
exec.program @too_many_samples attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>,
    global_batch = 2147483648 : i64, micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
  }
}

// -----

// P2

// expected-error @+1 {{'exec.program' op has a global batch of 2 and a micro-batch of 0 samples; the first must be a multiple of the second, both above 0}}
exec.program @batches attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 0 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
  }
}

// -----

// P1: ranks are numbered by radices.

exec.program @radix attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  // expected-error @+1 {{'exec.stage' op has a mesh that cannot be: a digit of a mesh has a radix of at least 2, not 0}}
  exec.stage 0 first_rank = 0 mesh = [0] {
  }
}

// -----

exec.program @many attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  // expected-error @+1 {{'exec.stage' op has a mesh that cannot be: a mesh has at most 2147483647 devices}}
  exec.stage 0 first_rank = 0 mesh = [65536, 65536] {
  }
}

// -----

// P3

exec.program @content attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{'nn.parameter' op is no slot, segment or schedule}}
    %0 = nn.parameter "w" <zeros> : tensor<4xf32>
  }
}

// -----

exec.program @segments attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.segment forward {
    }
    // expected-error @+1 {{'exec.segment' op is another forward of one stage}}
    exec.segment forward {
    }
  }
}

// -----

exec.program @schedules attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.schedule {
    }
    // expected-error @+1 {{'exec.schedule' op is another schedule of one stage}}
    exec.schedule {
    }
  }
}

// -----

// P4

exec.program @items attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.schedule {
      // expected-error @+1 {{'nn.parameter' op stands in a schedule, which holds exec.run and exec.repeat only}}
      %0 = nn.parameter "w" <zeros> : tensor<4xf32>
    }
  }
}

// -----

exec.program @repeated_items attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.schedule {
      exec.repeat 2 {
        exec.run forward
        // expected-error @+1 {{'nn.parameter' op stands in a schedule, which holds exec.run and exec.repeat only}}
        %0 = nn.parameter "w" <zeros> : tensor<4xf32>
      }
    }
  }
}

// -----

exec.program @nothing_repeated attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.schedule {
      // expected-error @+1 {{'exec.repeat' op repeats nothing}}
      exec.repeat 1000000000000 {
      }
    }
  }
}
