//===- ParDialect.cpp - The par dialect and its attributes ------*- C++ -*-===//

#include "aceso/Dialect/Par/Par.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace aceso;
using namespace aceso::par;

#include "aceso/Dialect/Par/ParDialect.cpp.inc"
#include "aceso/Dialect/Par/ParEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "aceso/Dialect/Par/ParAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "aceso/Dialect/Par/ParOps.cpp.inc"

void ParDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "aceso/Dialect/Par/ParAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "aceso/Dialect/Par/ParOps.cpp.inc"
      >();
}

LogicalResult ClusterAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t nodes,
                                  int64_t devicesPerNode, StringAttr, int64_t memory) {
  if (nodes < 1 || devicesPerNode < 1)
    return emitError() << "a cluster has at least one node and one device in each, not " << nodes
                       << " nodes of " << devicesPerNode << " devices";
  if (memory < 1)
    return emitError() << "the memory of a device in MiB must be above 0, not " << memory;
  if (nodes > most || devicesPerNode > most || memory > most)
    return emitError() << "nodes, devices of a node and memory in MiB are at most " << most;
  return success();
}

Attribute ShardAttr::parse(AsmParser &parser, Type) {
  int64_t tp = 0, dp = 0, rule = 0;
  RecomputeKind recompute = RecomputeKind::Keep;
  if (parser.parseLess() || parser.parseKeyword("tp") || parser.parseEqual() ||
      parser.parseInteger(tp) || parser.parseComma() || parser.parseKeyword("dp") ||
      parser.parseEqual() || parser.parseInteger(dp))
    return {};
  bool hasRule = false, hasRecompute = false;
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc loc = parser.getCurrentLocation();
    if (!hasRule && succeeded(parser.parseOptionalKeyword("rule"))) {
      if (parser.parseEqual() || parser.parseInteger(rule))
        return {};
      hasRule = true;
      continue;
    }
    StringRef keyword;
    if (parser.parseKeyword(&keyword))
      return {};
    std::optional<RecomputeKind> kind = symbolizeRecomputeKind(keyword);
    if (!kind || hasRecompute) {
      parser.emitError(loc, "expected rule, keep or recompute, each at most once, not '")
          << keyword << "'";
      return {};
    }
    recompute = *kind;
    hasRecompute = true;
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<ShardAttr>(parser.getContext(), tp, dp, rule, recompute);
}

void ShardAttr::print(AsmPrinter &printer) const {
  printer << "<tp = " << getTp() << ", dp = " << getDp();
  if (getRule() != 0)
    printer << ", rule = " << getRule();
  if (getRecompute() != RecomputeKind::Keep)
    printer << ", " << stringifyRecomputeKind(getRecompute());
  printer << ">";
}

LogicalResult ShardAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t tp,
                                int64_t dp, int64_t rule, RecomputeKind) {
  if (tp < 1 || dp < 1)
    return emitError() << "tp and dp must be at least 1, not tp = " << tp << ", dp = " << dp;
  if (rule < 0)
    return emitError() << "rules are numbered from 0, not " << rule;
  // As wide as the fields of a compact plan.
  constexpr int64_t mostDegree = std::numeric_limits<uint16_t>::max();
  constexpr int64_t mostRule = std::numeric_limits<uint8_t>::max();
  if (tp > mostDegree || dp > mostDegree || rule > mostRule)
    return emitError() << "tp and dp are at most " << mostDegree << " and rules at most "
                       << mostRule;
  return success();
}

std::string par::checkUnitDegrees(nn::NNOp unit, const Degrees &degrees, int64_t microBatch) {
  for (Signature &signature : unit.getPrimitiveSignatures()) {
    if (signature.extents.count(batchLetter))
      signature.extents[batchLetter] = microBatch;
    if (std::string error = checkDegrees(signature, degrees); !error.empty())
      return error;
  }
  return {};
}

LogicalResult ParDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() == getCostAttrName()) {
    if (isa<PlanOp, StageOp>(op) && isa<DictionaryAttr>(attribute.getValue()))
      return success();
    return op->emitOpError("carries par.cost, a dictionary that only par.plan and par.stage have");
  }
  if (attribute.getName() != ShardAttr::attrName)
    return op->emitOpError("carries the unknown attribute ") << attribute.getName();
  if (!isa<ShardAttr>(attribute.getValue()))
    return op->emitOpError("has a par.shard that is no #par.shard<...>");
  if (!isa<nn::NNOp>(op))
    return op->emitOpError("carries par.shard, but only ops of the nn dialect can be split");
  return success();
}
