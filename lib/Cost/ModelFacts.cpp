//===- ModelFacts.cpp - What cost formulas and search know of a model -*- C++ -*-===//

#include "aceso/Cost/ModelFacts.h"

#include <algorithm>
#include <cctype>

using namespace aceso;

std::string_view aceso::blockOfPath(std::string_view path) {
  for (size_t begin = 0; begin < path.size();) {
    size_t end = std::min(path.find('.', begin), path.size());
    std::string_view component = path.substr(begin, end - begin);
    auto isDigit = [](unsigned char c) { return std::isdigit(c) != 0; };
    if (!component.empty() && std::all_of(component.begin(), component.end(), isDigit))
      return path.substr(0, end);
    begin = end + 1;
  }
  return path;
}

std::string aceso::checkOpDegrees(const OpFacts &op, const Degrees &degrees, int64_t microBatch) {
  for (const PrimitiveFacts &primitive : op.primitives) {
    Signature signature = primitive.signature;
    signature.extents[batchLetter] = microBatch;
    if (std::string error = checkDegrees(signature, degrees); !error.empty())
      return "op '" + op.path + "': " + error;
  }
  return "";
}
