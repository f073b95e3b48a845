//===- ParAttrs.td - Attributes of the par dialect ---------*- tablegen -*-===//

#ifndef ACESO_PAR_ATTRS_TD
#define ACESO_PAR_ATTRS_TD

include "aceso/Dialect/Par/ParDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Par_RecomputeKind : I32EnumAttr<"RecomputeKind", "What happens to an op's result between forward and backward", [
    I32EnumAttrCase<"Keep", 0, "keep">,
    I32EnumAttrCase<"Recompute", 1, "recompute">,
  ]> {
  let cppNamespace = "::aceso::par";
  let genSpecializedAttr = 0;
}

def Par_ScheduleKind : I32EnumAttr<"ScheduleKind", "Order of forward and backward passes in a pipeline", [
    I32EnumAttrCase<"OneFOneB", 0, "one_f_one_b">,
  ]> {
  let cppNamespace = "::aceso::par";
  let genSpecializedAttr = 0;
}

def Par_ScheduleAttr : AttrDef<Par_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "Pipeline schedule";
  let description = [{
    `#par.schedule<one_f_one_b>`: stage i of p runs p - i - 1 forward passes ahead, then one backward for
    each forward.
  }];
  let parameters = (ins EnumParameter<Par_ScheduleKind>:$kind);
  let assemblyFormat = "`<` $kind `>`";
}

def Par_ClusterAttr : AttrDef<Par_Dialect, "Cluster"> {
  let mnemonic = "cluster";
  let summary = "The devices that a plan is for";
  let description = [{
    `#par.cluster<nodes = 2, devices_per_node = 8, device = "v100-32g", memory = 28000>`: `memory` is the
    limit of one device in MiB, `device` a label. Numbers are at most 2147483647.
  }];
  let parameters = (ins "int64_t":$nodes, "int64_t":$devices_per_node, OptionalParameter<"::mlir::StringAttr">:$device,
                        "int64_t":$memory);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The most that any of its numbers can be.
    static constexpr int64_t most = 2147483647;
    int64_t numDevices() const { return getNodes() * getDevicesPerNode(); }
  }];
}

def Par_ShardAttr : AttrDef<Par_Dialect, "Shard"> {
  let mnemonic = "shard";
  let summary = "How one op is split over the devices of its stage";
  let description = [{
    `#par.shard<tp = 2, dp = 1>`, `#par.shard<tp = 2, dp = 1, rule = 1, recompute>`. `tp * dp` is the number
    of devices of the stage; dp splits the batch, tp the letter that rule `rule` of the op names. Degrees
    are at most 65535, rules at most 255.
  }];
  let parameters = (ins "int64_t":$tp, "int64_t":$dp, DefaultValuedParameter<"int64_t", "0">:$rule,
                        DefaultValuedParameter<"::aceso::par::RecomputeKind",
                                               "::aceso::par::RecomputeKind::Keep">:$recompute);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The attribute's name on an op.
    static constexpr ::llvm::StringLiteral attrName = "par.shard";
    int64_t numDevices() const { return getTp() * getDp(); }
    bool isRecomputed() const { return getRecompute() == ::aceso::par::RecomputeKind::Recompute; }
  }];
}

#endif // ACESO_PAR_ATTRS_TD
