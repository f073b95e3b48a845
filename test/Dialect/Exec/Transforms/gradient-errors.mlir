// RUN: aceso-opt %s --exec-gradient --verify-diagnostics

exec.graph @twice(%x: tensor<f32>) -> tensor<f32>
    attributes {cluster = #par.cluster<nodes = 1, devices_per_node = 1, memory = 100>, global_batch = 1 : i64,
                micro_batch = 1 : i64, schedule = #par.schedule<one_f_one_b>, stage_devices = array<i64: 1>,
                plan_hash = "0"} {
  // expected-error @+1 {{is a backward op: the graph has its gradient already}}
  %0 = exec.seed {exec.at = #exec.at<0, backward>} : tensor<f32>
  exec.return %x {exec.at = #exec.at<0, forward>} : tensor<f32>
}
