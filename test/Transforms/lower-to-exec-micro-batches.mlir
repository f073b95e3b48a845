// A program does not grow with the number of micro-batches: only numbers in attributes differ.

// RUN: sed 's/global_batch = 8/global_batch = 16/' %inputs/two-stages.mlir | aceso-opt --lower-to-exec -o %t.8.mlir
// RUN: sed 's/global_batch = 8/global_batch = 1024/' %inputs/two-stages.mlir | aceso-opt --lower-to-exec -o %t.512.mlir
// RUN: sed -e 's/global_batch = [0-9]*/global_batch = N/' -e 's/exec.repeat [0-9]*/exec.repeat N/' -e 's/plan_hash = "[0-9a-f]*"//' %t.8.mlir > %t.8.txt
// RUN: sed -e 's/global_batch = [0-9]*/global_batch = N/' -e 's/exec.repeat [0-9]*/exec.repeat N/' -e 's/plan_hash = "[0-9a-f]*"//' %t.512.mlir > %t.512.txt
// RUN: diff %t.8.txt %t.512.txt
// RUN: grep -c 'exec.repeat 512' %t.512.mlir
