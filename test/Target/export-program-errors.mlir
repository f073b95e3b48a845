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

// -----

// Programs that name what is not there.

exec.program @unknown_input attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.segment forward {
      // expected-error @+1 {{names input @x, which the program does not have}}
      %x = exec.read_input @x : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    }
  }
}

// -----

exec.program @load attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.segment forward {
      // expected-error @+1 {{names slot @a, which the stage does not have}}
      %x = exec.load @a : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
    }
  }
}

// -----

exec.program @release_slot attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.segment forward {
      // expected-error @+1 {{names slot @a, which the stage does not have}}
      exec.release_slot @a
    }
  }
}

// -----

exec.program @store attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.segment forward {
      %x = exec.zero : tensor<f32, #exec.layout<mesh = [], dims = []>>
      // expected-error @+1 {{names slot @a, which the stage does not have}}
      exec.store %x, @a : tensor<f32, #exec.layout<mesh = [], dims = []>>
    }
  }
}

// -----

exec.program @add_to_slot attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.segment forward {
      %x = exec.zero : tensor<f32, #exec.layout<mesh = [], dims = []>>
      // expected-error @+1 {{names slot @a, which the stage does not have}}
      exec.add_to_slot %x, @a : tensor<f32, #exec.layout<mesh = [], dims = []>>
    }
  }
}

// -----

exec.program @unknown_parameter attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.stage 0 first_rank = 0 mesh = [] {
    // expected-error @+1 {{names parameter @w, which the program does not have}}
    exec.slot @a weight depth = 1 of @w : tensor<4xf32, #exec.layout<mesh = [], dims = [[]]>>
  }
}

// -----

exec.program @unknown_segment attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.schedule {
      exec.repeat 2 {
        // expected-error @+1 {{runs backward, which the stage does not have}}
        exec.run backward
      }
    }
  }
}

// -----

exec.program @no_run attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.schedule {
      // expected-error @+1 {{stands in a schedule, which holds exec.run and exec.repeat only}}
      %x = exec.zero : tensor<f32, #exec.layout<mesh = [], dims = []>>
    }
  }
}

// -----

// No pieces are made for what does not cross as one whole value.

// expected-error @+1 {{gives a program that cannot run: P6: stage 1, forward segment 0, instruction 0 (receive value0): it moves f32 [4, 2] 0:[] 1:[] pending:[0]+, but a value is sent whole}}
exec.program @summand attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 3, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0",
    optimizer = #exec.optimizer<sgd, beta1 = 0.0 : f64, beta2 = 0.0 : f64, eps = 0.0 : f64, weight_decay = 0.0 : f64,
                                momentum = 0.0 : f64, clip_grad = 0.0 : f64>} {
  exec.input @x batch_dim = 1 : tensor<4x2xf32>
  exec.stage 0 first_rank = 0 mesh = [] {
    exec.segment forward {
      %x = exec.read_input @x : tensor<4x2xf32, #exec.layout<mesh = [], dims = [[], []]>>
      exec.send "value0" %x to 1 : tensor<4x2xf32, #exec.layout<mesh = [], dims = [[], []]>>
      exec.release %x : tensor<4x2xf32, #exec.layout<mesh = [], dims = [[], []]>>
    }
    exec.schedule {
      exec.run forward
    }
  }
  exec.stage 1 first_rank = 1 mesh = [2] {
    exec.segment forward {
      %x = exec.receive "value0" from 0 : tensor<4x2xf32, #exec.layout<mesh = [2], dims = [[], []], pending = [0]>>
      exec.release %x : tensor<4x2xf32, #exec.layout<mesh = [2], dims = [[], []], pending = [0]>>
    }
    exec.schedule {
      exec.run forward
    }
  }
}
