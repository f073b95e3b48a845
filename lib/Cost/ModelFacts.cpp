//===- ModelFacts.cpp - What cost formulas and search know of a model -*- C++ -*-===//

#include "aceso/Cost/ModelFacts.h"

using namespace aceso;

std::string aceso::checkOpDegrees(const OpFacts &op, const Degrees &degrees, int64_t microBatch) {
  for (const PrimitiveFacts &primitive : op.primitives) {
    Signature signature = primitive.signature;
    signature.extents[batchLetter] = microBatch;
    if (std::string error = checkDegrees(signature, degrees); !error.empty())
      return "op '" + op.path + "': " + error;
  }
  return "";
}
