// RUN: aceso-opt %s --split-input-file --exec-verify-complete --verify-diagnostics

// V2: every value of a stage has a layout, on the stage's own mesh.

exec.program @operand attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 2, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.segment forward {
      %x = exec.read_input @x : tensor<4x2x8xf32>
      // expected-error @+1 {{'nn.dropout' op has an operand without a layout}}
      %0 = nn.dropout "d" (%x) {letters = "s b h", rules = "-", p = 0.5 : f64, par.shard = #par.shard<tp = 2, dp = 1>} : (tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
    }
  }
}

// -----

exec.program @mesh attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  exec.stage 0 first_rank = 0 mesh = [2, 2] {
    exec.segment forward {
      // expected-error @+1 {{'exec.read_input' op has a result on another mesh than its stage's}}
      %x = exec.read_input @x : tensor<4x2x8xf32, #exec.layout<mesh = [4], dims = [[], [], []]>>
    }
  }
}

// -----

// V4: what crosses says how it is cut, and every element has one owner.

exec.program @no_layout attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.segment forward {
      %x = exec.read_input @x : tensor<4x2x8xf32>
      // expected-error @+1 {{'exec.send' op moves a value without a layout}}
      exec.send "x" %x to 1 : tensor<4x2x8xf32>
    }
    exec.segment backward {
    }
    exec.schedule {
      exec.run forward
      exec.run backward
    }
  }
  exec.stage 1 first_rank = 2 mesh = [2] {
    exec.segment forward {
    }
    exec.segment backward {
    }
    exec.schedule {
      exec.run forward
      exec.run backward
    }
  }
}

// -----

exec.program @sent_twice attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.segment forward {
      %x = exec.read_input @x : tensor<4x2x8xf32, #exec.layout<mesh = [2], dims = [[], [], []]>>
      // expected-error @+1 {{'exec.send' op moves a value in 0:[] 1:[] 2:[]; to cross once it must be in 0:[0] 1:[] 2:[]}}
      exec.send "x" %x to 1 : tensor<4x2x8xf32, #exec.layout<mesh = [2], dims = [[], [], []]>>
    }
    exec.segment backward {
    }
    exec.schedule {
      exec.run forward
      exec.run backward
    }
  }
  exec.stage 1 first_rank = 2 mesh = [2] {
    exec.segment forward {
    }
    exec.segment backward {
    }
    exec.schedule {
      exec.run forward
      exec.run backward
    }
  }
}

// -----

// The receiver's side of the same: both of its devices ask for every element.

exec.program @received_twice attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 4, memory = 100>, global_batch = 2 : i64,
    micro_batch = 2 : i64, schedule = #par.schedule<one_f_one_b>, plan_hash = "0"} {
  exec.input @x batch_dim = 1 : tensor<4x2x8xf32>
  exec.stage 0 first_rank = 0 mesh = [2] {
    exec.segment forward {
      %x = exec.read_input @x : tensor<2x2x8xf32, #exec.layout<mesh = [2], dims = [[0], [], []]>>
      exec.send "x" %x to 1 : tensor<2x2x8xf32, #exec.layout<mesh = [2], dims = [[0], [], []]>>
    }
    exec.segment backward {
    }
    exec.schedule {
      exec.run forward
      exec.run backward
    }
  }
  exec.stage 1 first_rank = 2 mesh = [2] {
    exec.segment forward {
      // expected-error @+1 {{'exec.receive' op moves a value in 0:[] 1:[] 2:[]; to cross once it must be in 0:[0] 1:[] 2:[]}}
      %x = exec.receive "x" from 0 : tensor<4x2x8xf32, #exec.layout<mesh = [2], dims = [[], [], []]>>
    }
    exec.segment backward {
    }
    exec.schedule {
      exec.run forward
      exec.run backward
    }
  }
}
