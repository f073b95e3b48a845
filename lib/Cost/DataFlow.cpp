//===- DataFlow.cpp - Who produces and uses what ----------------*- C++ -*-===//

#include "DataFlow.h"

#include <algorithm>

using namespace aceso;

static bool readsOperand(const PrimitiveFacts &primitive, uint32_t operand) {
  if (!primitive.gradientReadsOperand.empty())
    return primitive.gradientReadsOperand[operand];
  return !primitive.signature.isSum && !primitive.signature.operands[operand].additive;
}

DataFlow::DataFlow(const ModelFacts &facts) {
  uint32_t numOps = facts.ops.size();
  values.resize(facts.values.size());
  for (uint32_t op = 0; op < numOps; ++op) {
    const auto &primitives = facts.ops[op].primitives;
    for (uint32_t p = 0; p < primitives.size(); ++p) {
      for (uint32_t i = 0; i < primitives[p].operands.size(); ++i)
        values[primitives[p].operands[i]].uses.push_back(
            {op, p, i, readsOperand(primitives[p], i), primitives[p].hasOwnGradient});
      for (uint32_t i = 0; i < primitives[p].results.size(); ++i) {
        Value &value = values[primitives[p].results[i]];
        value.producer = op;
        value.primitive = p;
        value.result = i;
        value.isReadByProducer =
            !primitives[p].gradientReadsResult.empty() && primitives[p].gradientReadsResult[i];
      }
    }
  }

  produced.resize(numOps);
  crossing.resize(numOps);
  ownParameters.resize(numOps);
  lastUser.resize(numOps);
  for (uint32_t op = 0; op < numOps; ++op)
    lastUser[op] = op;
  for (ValueId id = 0; id < values.size(); ++id) {
    const Value &value = values[id];
    if (value.uses.empty())
      continue;
    switch (facts.values[id].kind) {
    case ValueKind::Input:
      break;
    case ValueKind::Parameter:
      if (value.uses.front().op == value.lastUse())
        ownParameters[value.lastUse()].push_back(id);
      else
        sharedParameters.push_back(id);
      break;
    case ValueKind::Activation:
      produced[value.producer].push_back(id);
      lastUser[value.producer] = std::max(lastUser[value.producer], value.lastUse());
      for (uint32_t op = value.producer + 1; op <= value.lastUse(); ++op)
        crossing[op].push_back(id);
      break;
    }
  }
}
