//===- KernelLetters.cpp - Letters of a kernel instruction ----------------===//

#include "aceso/Program/KernelLetters.h"

namespace aceso {

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::optional<Signature> parseLetters(const std::string &letters, const std::string &nosplit,
                                      std::string &error) {
  std::optional<Signature> signature = Signature::tryParse(letters, "-", nosplit, error);
  if (!signature)
    error = "letters '" + letters + "': " + error;
  return signature;
}

std::string elementwiseLetters(const std::vector<unsigned> &operandRanks,
                               const std::vector<unsigned> &resultRanks) {
  auto tensors = [](const std::vector<unsigned> &ranks) {
    std::string text;
    for (size_t i = 0; i < ranks.size(); ++i) {
      text += i ? ", " : "";
      for (unsigned dim = 0; dim < ranks[i]; ++dim)
        text += std::string(dim ? " " : "") + static_cast<char>('A' + dim);
      if (ranks[i] == 0)
        text += "()";
    }
    return text;
  };
  return tensors(operandRanks) + " -> " + tensors(resultRanks);
}

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

bool bindKernelExtents(Signature &signature, const AttributeMap &attributes,
                       const std::vector<const TensorDesc *> &operands,
                       const std::vector<const TensorDesc *> &results, std::string &error) {
  constexpr std::string_view prefix = "extents.";
  for (const auto &[name, value] : attributes) {
    if (!name.starts_with(prefix))
      continue;
    const int64_t *size = std::get_if<int64_t>(&value);
    if (name.size() != prefix.size() + 1 || !size || *size < 1) {
      error = "attribute '" + name + "' must give one letter a positive size";
      return false;
    }
    signature.extents[name.back()] = *size;
  }
  auto shapesOf = [](const std::vector<const TensorDesc *> &tensors) {
    std::vector<std::vector<int64_t>> shapes;
    for (const TensorDesc *tensor : tensors)
      shapes.push_back(tensor->shape);
    return shapes;
  };
  if (signature.bindShapes(shapesOf(operands), shapesOf(results), error))
    return true;
  if (error.ends_with("whose size nothing says"))
    error += "; give it as an attribute 'extents.<letter>'";
  return false;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

namespace {
/// Finds the one assignment that the layouts of all tensors agree on.
class AssignmentFinder {
public:
  std::string add(const std::vector<TensorLetters> &letters,
                  const std::vector<const TensorDesc *> &tensors, const char *word) {
    for (size_t i = 0; i < tensors.size(); ++i)
      for (size_t dim = 0; dim < letters[i].dims.size(); ++dim) {
        const std::string &product = letters[i].dims[dim];
        const DigitList &digits = tensors[i]->layout.dims[dim];
        minors += product.substr(1);
        auto [known, isNew] = assignment.emplace(product[0], digits);
        if (!isNew && known->second != digits)
          return std::string("letter ") + product[0] + " is split by digits " + toString(digits) +
                 " in " + word + " " + std::to_string(i) + " and by " + toString(known->second) +
                 " elsewhere";
      }
    return "";
  }

  std::string check(const Signature &signature) const {
    std::map<Digit, char> letterOf;
    for (const auto &[letter, digits] : assignment) {
      if (!digits.empty() && signature.nosplit.find(letter) != std::string::npos)
        return std::string("letter ") + letter + " may not be split, but is by digits " +
               toString(digits);
      if (!digits.empty() && minors.find(letter) != std::string::npos)
        return std::string("letter ") + letter +
               " is split, but is a minor factor of a dimension elsewhere";
      for (Digit digit : digits)
        if (auto [other, isNew] = letterOf.emplace(digit, letter); !isNew)
          return "digit " + std::to_string(digit) + " splits letters " + other->second + " and " +
                 letter;
    }
    return "";
  }

  Assignment assignment;

private:
  std::string minors;
};
} // namespace

std::string checkKernelLayouts(const Signature &signature,
                               const std::vector<const TensorDesc *> &operands,
                               const std::vector<const TensorDesc *> &results) {
  AssignmentFinder finder;
  if (std::string problem = finder.add(signature.operands, operands, "operand"); !problem.empty())
    return problem;
  if (std::string problem = finder.add(signature.results, results, "result"); !problem.empty())
    return problem;
  if (std::string problem = finder.check(signature); !problem.empty())
    return problem;
  for (unsigned i = 0; i < operands.size(); ++i) {
    Layout wanted = wantedLayout(signature, finder.assignment, i);
    if (operands[i]->layout != wanted)
      return "operand " + std::to_string(i) + " is wanted in " + toString(wanted) + ", but is in " +
             toString(operands[i]->layout);
  }
  for (unsigned i = 0; i < results.size(); ++i) {
    Layout left = leftLayout(signature, finder.assignment, i);
    if (results[i]->layout != left)
      return "result " + std::to_string(i) + " is left in " + toString(left) + ", but is in " +
             toString(results[i]->layout);
  }
  return "";
}

} // namespace aceso
