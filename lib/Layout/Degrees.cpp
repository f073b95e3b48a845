//===- Degrees.cpp - Layouts that follow from letters and degrees ---------===//

#include "aceso/Layout/Signature.h"

#include <algorithm>
#include <cassert>

namespace aceso {

/// Why `letter` cannot be cut into `parts` (`what` names the degree, "tp 4"); empty if it can.
static std::string checkSplit(const Signature &signature, char letter, int64_t parts,
                              const std::string &what) {
  if (parts == 1)
    return "";
  if (signature.nosplit.find(letter) != std::string::npos)
    return what + " splits letter " + letter + ", which may not be split";
  auto checkMajor = [&](const std::vector<TensorLetters> &tensors,
                        const char *kind) -> std::string {
    for (size_t i = 0; i < tensors.size(); ++i)
      for (const std::string &dim : tensors[i].dims)
        if (size_t at = dim.find(letter); at != std::string::npos && at != 0)
          return what + " splits letter " + letter + ", a minor factor of dimension (" + dim +
                 ") of " + kind + " " + std::to_string(i) + "; only the major one can be split";
    return "";
  };
  if (std::string error = checkMajor(signature.operands, "operand"); !error.empty())
    return error;
  if (std::string error = checkMajor(signature.results, "result"); !error.empty())
    return error;
  int64_t size = signature.extent(letter);
  if (size == dynamicExtent)
    return what + " splits letter " + letter + ", whose size is not known yet";
  if (size % parts != 0)
    return what + " does not divide letter " + letter + " of size " + std::to_string(size);
  return "";
}

/// The letter that tp splits, or '-' where the op has it not.
static char splitLetter(const Signature &signature, const std::string &letters, unsigned rule) {
  assert(rule < signature.rules.size() && "no such rule");
  char letter = signature.rules[rule];
  return letters.find(letter) == std::string::npos ? '-' : letter;
}

std::string checkDegrees(const Signature &signature, const Degrees &degrees) {
  if (degrees.tp < 1 || degrees.dp < 1)
    return "tp " + std::to_string(degrees.tp) + " and dp " + std::to_string(degrees.dp) +
           " must be at least 1";
  if (degrees.rule >= signature.rules.size())
    return "rule " + std::to_string(degrees.rule) + " does not exist, there are rules 0 to " +
           std::to_string(signature.rules.size() - 1);
  std::string letters = signature.letters();
  char tpLetter = splitLetter(signature, letters, degrees.rule);
  std::string tp = "tp " + std::to_string(degrees.tp), dp = "dp " + std::to_string(degrees.dp);
  if (tpLetter == batchLetter)
    return checkSplit(signature, batchLetter, degrees.tp * degrees.dp, tp + " x " + dp);
  if (letters.find(batchLetter) != std::string::npos)
    if (std::string error = checkSplit(signature, batchLetter, degrees.dp, dp); !error.empty())
      return error;
  if (tpLetter == '-')
    return "";
  return checkSplit(signature, tpLetter, degrees.tp, tp);
}

Assignment assignDigits(const Signature &signature, const Mesh &mesh, const Degrees &degrees) {
  assert(degrees.tp * degrees.dp == mesh.numDevices() && "an op uses all devices of its stage");
  std::optional<unsigned> numDp = mesh.numLeadingDigits(degrees.dp);
  assert(numDp && "dp is a product of leading radices");
  std::string letters = signature.letters();
  Assignment assignment;
  if (*numDp > 0 && letters.find(batchLetter) != std::string::npos)
    for (unsigned digit = 0; digit < *numDp; ++digit)
      assignment[batchLetter].push_back(digit);
  // Reversed: another tp then only changes the tail of a dimension's digits.
  if (char letter = splitLetter(signature, letters, degrees.rule); letter != '-')
    for (unsigned digit = mesh.numDigits(); digit-- > *numDp;)
      assignment[letter].push_back(digit);
  return assignment;
}

static bool has(const TensorLetters &tensor, char letter) {
  return std::any_of(tensor.dims.begin(), tensor.dims.end(),
                     [&](const std::string &dim) { return dim.find(letter) != std::string::npos; });
}

static bool anyHas(const std::vector<TensorLetters> &tensors, char letter) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const TensorLetters &tensor) { return has(tensor, letter); });
}

/// Each dimension split by the digits of its major letter, nothing pending.
static Layout splitOf(const TensorLetters &tensor, const Assignment &assignment) {
  Layout layout = Layout::replicated(tensor.dims.size());
  for (size_t dim = 0; dim < tensor.dims.size(); ++dim)
    if (auto digits = assignment.find(tensor.dims[dim][0]); digits != assignment.end())
      layout.dims[dim] = digits->second;
  return layout;
}

/// Makes the digits of every letter that `pends` holds for pending.
template <typename Predicate>
static void addPending(Layout &layout, const Assignment &assignment, Predicate pends) {
  for (const auto &[letter, digits] : assignment)
    if (pends(letter))
      layout.pending.insert(layout.pending.end(), digits.begin(), digits.end());
  std::sort(layout.pending.begin(), layout.pending.end());
}

Layout wantedLayout(const Signature &signature, const Assignment &assignment, unsigned index) {
  const TensorLetters &operand = signature.operands[index];
  Layout layout = splitOf(operand, assignment);
  if (operand.additive)
    addPending(layout, assignment, [&](char letter) {
      return !has(operand, letter) && !anyHas(signature.results, letter);
    });
  return layout;
}

Layout leftLayout(const Signature &signature, const Assignment &assignment, unsigned index) {
  const TensorLetters &result = signature.results[index];
  Layout layout = splitOf(result, assignment);
  layout.reduction = result.reduction;
  addPending(layout, assignment, [&](char letter) { return !has(result, letter); });
  return layout;
}

Layout dualLayout(const Signature &signature, const Assignment &assignment, unsigned index) {
  const TensorLetters &operand = signature.operands[index];
  Layout layout = splitOf(operand, assignment);
  addPending(layout, assignment, [&](char letter) {
    return !has(operand, letter) && (!operand.additive || anyHas(signature.results, letter));
  });
  return layout;
}

} // namespace aceso
