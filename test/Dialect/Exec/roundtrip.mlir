// RUN: aceso-opt %s --verify-roundtrip --allow-unregistered-dialect | FileCheck %s

// CHECK: #exec.layout<mesh = [2, 2], dims = {{\[\[\], \[0\], \[1\]\]}}>
"test.op"() {name = "split"} : () -> tensor<8x4x16xf32, #exec.layout<mesh = [2, 2], dims = [[], [0], [1]]>>
// CHECK: #exec.layout<mesh = [3, 2], dims = {{\[\[1, 0\]\]}}>
"test.op"() {name = "two_digits"} : () -> tensor<8xf32, #exec.layout<mesh = [3, 2], dims = [[1, 0]]>>
// CHECK: #exec.layout<mesh = [2, 2], dims = {{\[\[\]\]}}, pending = [0, 1]>
"test.op"() {name = "pending"} : () -> tensor<8xf32, #exec.layout<mesh = [2, 2], dims = [[]], pending = [0, 1]>>
// CHECK: #exec.layout<mesh = [2], dims = {{\[\[\]\]}}, pending = max [0]>
"test.op"() {name = "maximum"} : () -> tensor<8xf32, #exec.layout<mesh = [2], dims = [[]], pending = max [0]>>
// CHECK: #exec.layout<mesh = [], dims = []>
"test.op"() {name = "scalar"} : () -> tensor<f32, #exec.layout<mesh = [], dims = []>>
