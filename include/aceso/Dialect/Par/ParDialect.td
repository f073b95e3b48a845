//===- ParDialect.td - The par dialect ---------------------*- tablegen -*-===//

#ifndef ACESO_PAR_DIALECT_TD
#define ACESO_PAR_DIALECT_TD

include "mlir/IR/OpBase.td"

def Par_Dialect : Dialect {
  let name = "par";
  let cppNamespace = "::aceso::par";
  let summary = "How a network is split: the parallelism dialect";
  let description = [{
    `par.plan` holds the units of planning of a model (dialect `nn`) in execution order in one flat block,
    cut into pipeline stages by marker ops. Each unit carries a discardable attribute `par.shard`: its
    tensor- and data-parallel degree, the rule by which tp partitions it, and whether what it gives is
    recomputed in backward. Cluster, batches and schedule are attributes of the plan.

    Order carries meaning: an op belongs to the last marker before it. A plan is isolated from above,
    nothing in it is constant-like and every op has a path of its own, so canonicalization, CSE and code
    motion leave it unchanged. Every search move is a rewrite of this IR.

    The verifier checks what makes a plan runnable. Being over the memory limit is legal: the cost report
    says so.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::aceso::nn::NNDialect"];
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// What par-annotate-cost leaves on plans and stage markers: a dictionary. Whoever changes a plan
    /// removes it.
    static ::llvm::StringRef getCostAttrName() { return "par.cost"; }
  }];
}

#endif // ACESO_PAR_DIALECT_TD
