//===- ExecDialect.td - The exec dialect -------------------*- tablegen -*-===//

#ifndef ACESO_EXEC_DIALECT_TD
#define ACESO_EXEC_DIALECT_TD

include "mlir/IR/OpBase.td"

def Exec_Dialect : Dialect {
  let name = "exec";
  let cppNamespace = "::aceso::exec";
  let summary = "What each rank does: one SPMD program for each stage";
  let description = [{
    Two levels. `exec.graph` is the training step on *global* tensors: the primitives of the model, each
    on its stage, with gradient and recomputed ops explicit. Placement turns it into `exec.program`: for
    each stage segments (read, forward, backward, update), each written once for one micro-batch, and a
    schedule that says in which order they run. There everything is explicit: tensors are local and carry
    their layout as encoding, every collective is an op with its group, every transfer an op with its
    peer, every value that outlives a segment is in a named slot, every release of memory is an op.

    Local computation uses the ops of dialect `nn`. Communication reads and writes a communicator
    resource, slots a storage resource: no generic pass merges, drops or moves either.
  }];
  let dependentDialects = ["::aceso::nn::NNDialect", "::aceso::par::ParDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
}

#endif // ACESO_EXEC_DIALECT_TD
