//===- Passes.td - Passes over several dialects ------------*- tablegen -*-===//

#ifndef ACESO_TRANSFORMS_PASSES_TD
#define ACESO_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExecPrintMemoryPass : Pass<"exec-print-memory", "::aceso::exec::ProgramOp"> {
  let summary = "Prints the peak memory of every stage's ranks, by liveness over the schedule";
  let description = [{
    Exports the program and walks the schedule of each rank as the runtime does: live values, slots, the
    global batch that every rank is given, and what kernels and collectives (Gloo's) hold while they run. Of
    each stage the rank that holds most is printed, with what is there at its peak. Not counted are messages
    that the other side has not taken yet, and what libraries allocate for themselves. Changes nothing; a
    program that cannot run is an error.
  }];
}

#endif // ACESO_TRANSFORMS_PASSES_TD
