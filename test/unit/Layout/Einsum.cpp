//===- Einsum.cpp - An op executed from its letters alone -----------------===//

#include "Einsum.h"

#include <algorithm>
#include <limits>

namespace aceso::test {

/// Position of an element in a tensor, from the values of its letters.
static int64_t positionOf(const TensorLetters &tensor, const std::map<char, int64_t> &extents,
                          const std::map<char, int64_t> &values) {
  int64_t position = 0;
  for (const std::string &dim : tensor.dims)
    for (char letter : dim)
      position = position * extents.at(letter) + values.at(letter);
  return position;
}

/// Calls `visit` for every setting of `letters`.
template <typename Visit>
static void forEachSetting(const std::string &letters, const std::map<char, int64_t> &extents,
                           std::map<char, int64_t> &values, Visit visit, size_t first = 0) {
  if (first == letters.size())
    return visit();
  for (int64_t value = 0; value < extents.at(letters[first]); ++value) {
    values[letters[first]] = value;
    forEachSetting(letters, extents, values, visit, first + 1);
  }
}

static std::string lettersOf(const TensorLetters &tensor) {
  std::string letters;
  for (const std::string &dim : tensor.dims)
    letters += dim;
  return letters;
}

Values evaluate(const Signature &signature, const std::map<char, int64_t> &extents,
                const std::vector<Values> &operands, unsigned index) {
  const TensorLetters &result = signature.results[index];
  std::string kept = lettersOf(result), gone;
  for (char letter : signature.letters())
    if (kept.find(letter) == std::string::npos)
      gone += letter;
  bool isSum = result.reduction == Reduction::Sum;
  Values output;
  std::map<char, int64_t> values;
  forEachSetting(kept, extents, values, [&] {
    int64_t total = isSum ? 0 : std::numeric_limits<int64_t>::min();
    forEachSetting(gone, extents, values, [&] {
      int64_t product = 1;
      for (size_t i = 0; i < operands.size(); ++i)
        if (!signature.operands[i].additive)
          product *= operands[i][positionOf(signature.operands[i], extents, values)];
      total = isSum ? total + product : std::max(total, product);
    });
    for (size_t i = 0; i < operands.size(); ++i)
      if (signature.operands[i].additive)
        total += operands[i][positionOf(signature.operands[i], extents, values)];
    output.push_back(total);
  });
  // Settings run in the order of the result's letters: row-major.
  return output;
}

std::map<char, int64_t> localExtents(const Signature &signature, const Mesh &mesh,
                                     const Assignment &assignment) {
  std::map<char, int64_t> extents = signature.extents;
  for (const auto &[letter, digits] : assignment)
    extents.at(letter) /= mesh.product(digits);
  return extents;
}

Signature gradientSignature(const Signature &forward, unsigned index) {
  Signature gradient;
  gradient.operands = {forward.results[0]};
  if (!forward.operands[index].additive)
    for (size_t i = 0; i < forward.operands.size(); ++i)
      if (i != index && !forward.operands[i].additive)
        gradient.operands.push_back(forward.operands[i]);
  TensorLetters result = forward.operands[index];
  result.additive = false;
  gradient.results = {result};
  gradient.rules = forward.rules;
  gradient.nosplit = forward.nosplit;
  gradient.extents = forward.extents;
  return gradient;
}

} // namespace aceso::test
