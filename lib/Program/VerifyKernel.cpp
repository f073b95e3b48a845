//===- VerifyKernel.cpp - Whether a kernel can run on its boxes -----------===//

#include "Verifier.h"

#include "aceso/Program/KernelLetters.h"
#include "aceso/Program/Kernels.h"

#include <algorithm>
#include <cmath>

namespace aceso {

static bool hasKind(const AttributeValue &value, AttributeKind kind) {
  switch (kind) {
  case AttributeKind::Bool:
    return std::holds_alternative<bool>(value);
  case AttributeKind::Int:
    return std::holds_alternative<int64_t>(value);
  case AttributeKind::Float: {
    const double *number = std::get_if<double>(&value);
    return number && std::isfinite(*number);
  }
  case AttributeKind::String:
    return std::holds_alternative<std::string>(value);
  }
  return false;
}

static std::string checkAttributes(const KernelInfo &kernel, const AttributeMap &attributes) {
  for (const KernelAttribute &attribute : kernel.attributes) {
    auto value = attributes.find(std::string(attribute.name));
    if (value == attributes.end()) {
      if (attribute.required)
        return "attribute '" + std::string(attribute.name) + "' is missing";
    } else if (!hasKind(value->second, attribute.kind)) {
      return "attribute '" + std::string(attribute.name) + "' must be a " +
             toString(attribute.kind);
    }
  }
  // What is misspelt would have its default, unseen.
  for (const auto &[name, value] : attributes) {
    bool isKnown = name.starts_with("extents.") ||
                   std::any_of(kernel.attributes.begin(), kernel.attributes.end(),
                               [&](const KernelAttribute &known) { return known.name == name; });
    if (!isKnown)
      return "attribute '" + name + "' is none that the kernel reads";
  }
  return "";
}

namespace {
/// Whether element types are of their classes (KernelInfo); the first that is not is kept.
struct TypeCheck {
  std::string problem;

  void add(const std::string &tensor, ElementType type, char typeClass) {
    const char *expected = typeClass == 'i' ? "an index" : "floating point";
    if (isFloating(type) == (typeClass == 'i'))
      return refuse(tensor, type, expected);
    if (typeClass != 't')
      return;
    if (!shared)
      shared = {tensor, type};
    if (type != shared->second)
      refuse(tensor, type, toString(shared->second) + (" like " + shared->first));
  }

private:
  void refuse(const std::string &tensor, ElementType type, const std::string &expected) {
    if (problem.empty())
      problem = tensor + " is " + toString(type) + ", but must be " + expected;
  }

  std::optional<std::pair<std::string, ElementType>> shared; ///< the first 't'
};
} // namespace

static std::string checkOperands(const KernelInfo &kernel,
                                 const std::vector<const TensorDesc *> &operands,
                                 const std::vector<const TensorDesc *> &results) {
  if (operands.size() < kernel.minOperands() || operands.size() > kernel.maxOperands())
    return "it has " + std::to_string(operands.size()) + " operands, but takes " +
           std::to_string(kernel.minOperands()) +
           (kernel.maxOperands() != kernel.minOperands() ? " or more" : "");
  if (results.size() != kernel.results.size())
    return "it has " + std::to_string(results.size()) + " results, but gives " +
           std::to_string(kernel.results.size());
  TypeCheck check;
  for (unsigned i = 0; i < operands.size(); ++i)
    check.add("operand " + std::to_string(i), operands[i]->type, kernel.operandClass(i));
  for (unsigned i = 0; i < results.size(); ++i)
    check.add("result " + std::to_string(i), results[i]->type, kernel.results[i]);
  return check.problem;
}

static std::string withoutBlanks(std::string_view text) {
  std::string result(text);
  std::erase(result, ' ');
  return result;
}

static std::string checkElementwise(const Signature &signature) {
  const TensorLetters *first = nullptr;
  for (const std::vector<TensorLetters> *tensors : {&signature.operands, &signature.results})
    for (const TensorLetters &tensor : *tensors) {
      if (!first && !tensor.dims.empty())
        first = &tensor;
      if (!tensor.dims.empty() && tensor.dims != first->dims)
        return "it works element by element, but its tensors have different letters";
    }
  return "";
}

static std::string checkContraction(const Signature &signature) {
  Signature operands = signature;
  operands.results.clear();
  std::string known = operands.letters();
  for (char letter : signature.letters())
    if (known.find(letter) == std::string::npos)
      return std::string("letter ") + letter + " of its result is in no operand";
  return "";
}

/// Letters say which layouts go together; the kernel is right for certain letters only.
static std::string checkLetters(const KernelInfo &kernel, const Instruction &instruction,
                                const Signature &signature) {
  if (kernel.letters.empty())
    return kernel.isContraction ? checkContraction(signature) : checkElementwise(signature);
  if (withoutBlanks(instruction.letters) != withoutBlanks(kernel.letters))
    return "its letters are '" + instruction.letters + "', but the kernel is for '" +
           std::string(kernel.letters) + "'";
  for (char letter : kernel.nosplit)
    if (signature.nosplit.find(letter) == std::string::npos)
      return std::string("it does not say that letter ") + letter + " may not be split";
  return "";
}

/// A sum keeps its operands' layout, pending digits included.
static std::string checkSum(const std::vector<const TensorDesc *> &operands,
                            const TensorDesc &result) {
  for (unsigned i = 0; i < operands.size(); ++i)
    if (operands[i]->shape != result.shape || operands[i]->layout != result.layout)
      return "operand " + std::to_string(i) + " is " + toString(*operands[i]) +
             ", but the sum is " + toString(result);
  if (!result.layout.pending.empty() && result.layout.reduction != Reduction::Sum)
    return "it adds values that pend with a maximum";
  return "";
}

std::string checkKernel(const Instruction &instruction,
                        const std::vector<const TensorDesc *> &operands,
                        const std::vector<const TensorDesc *> &results) {
  const KernelInfo *kernel = findKernel(instruction.name);
  if (!kernel)
    return "no kernel has this name";
  if (std::string problem = checkOperands(*kernel, operands, results); !problem.empty())
    return problem;
  if (std::string problem = checkAttributes(*kernel, instruction.attributes); !problem.empty())
    return problem;
  if (kernel->isSum)
    return checkSum(operands, *results[0]);
  std::string error;
  std::optional<Signature> signature =
      parseLetters(instruction.letters, instruction.nosplit, error);
  if (!signature)
    return error;
  if (std::string problem = checkLetters(*kernel, instruction, *signature); !problem.empty())
    return problem;
  if (!bindKernelExtents(*signature, instruction.attributes, operands, results, error))
    return error;
  return checkKernelLayouts(*signature, operands, results);
}

std::string checkOptimizerKernel(const Instruction &instruction,
                                 const OptimizerSettings &optimizer) {
  if (!instruction.name.starts_with("exec."))
    return "";
  struct Setting {
    const char *attribute;
    double value;
  };
  for (auto [attribute, value] : {Setting{"beta1", optimizer.beta1},
                                  {"beta2", optimizer.beta2},
                                  {"epsilon", optimizer.epsilon},
                                  {"momentum", optimizer.momentum},
                                  {"weight_decay", optimizer.weightDecay},
                                  {"max_norm", optimizer.clipGradNorm}}) {
    auto stated = instruction.attributes.find(attribute);
    const double *number =
        stated == instruction.attributes.end() ? nullptr : std::get_if<double>(&stated->second);
    if (!number)
      continue;
    bool decaysNot = attribute == std::string_view("weight_decay") && *number == 0;
    if (*number != value && !decaysNot)
      return std::string("its ") + attribute + " is " + std::to_string(*number) +
             ", but the program's optimizer says " + std::to_string(value);
  }
  return "";
}

} // namespace aceso
