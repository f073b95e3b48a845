// RUN: aceso-translate --export-program %s --split-input-file --verify-diagnostics

// Programs that are not lowered to the end; each error names the pass that does it.

exec.program @no_schedule attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  // expected-error @+1 {{has no schedule; run exec-schedule (lower-to-exec does)}}
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.segment forward {
    }
  }
}

// -----

exec.program @no_layout attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.segment forward {
      // expected-error @+1 {{is of 'tensor<4x2x8xf32>', which says no layout; run exec-place (lower-to-exec does)}}
      %x = exec.read_input @x : tensor<4x2x8xf32>
    }
  }
}

// -----

exec.program @not_expanded attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.segment forward {
      %x = exec.read_input @x : tensor<4x2x8xf32, #exec.layout<mesh = [2], dims = [[], [], []]>>
      // expected-error @+1 {{is nothing that a rank can run; lower it first (lower-to-exec does)}}
      %y = exec.convert %x : tensor<4x2x8xf32, #exec.layout<mesh = [2], dims = [[], [], []]>> to tensor<2x2x8xf32, #exec.layout<mesh = [2], dims = [[0], [], []]>>
    }
  }
}

// -----

// Only an op of another dialect gives what no tensor of a program holds.

exec.program @element_type attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.segment forward {
      // expected-error @+1 {{is of element type 'i8', which programs do not have}}
      %x = builtin.unrealized_conversion_cast to tensor<4x2x8xi8, #exec.layout<mesh = [2], dims = [[], [], []]>>
    }
  }
}
