//===- Signature.cpp - The index letters of an op -------------------------===//

#include "aceso/Layout/Signature.h"

#include <cassert>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

namespace aceso {

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

static bool isLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)); }

static bool consume(std::string_view &text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text = trim(text.substr(prefix.size()));
  return true;
}

namespace {
/// Reads letters from text; the first mistake is kept in `error`.
class LettersParser {
public:
  explicit LettersParser(std::string &error) : error(error) { error.clear(); }

  std::vector<TensorLetters> parseTensors(std::string_view text, bool areResults) {
    std::vector<TensorLetters> tensors;
    text = trim(text);
    while (!text.empty() && error.empty()) {
      size_t comma = text.find(',');
      std::string_view one = trim(text.substr(0, comma));
      TensorLetters tensor;
      if (areResults)
        tensor.reduction = consume(one, "max:") ? Reduction::Max : Reduction::Sum;
      else
        tensor.additive = consume(one, "+");
      tensor.dims = parseDims(one);
      tensors.push_back(std::move(tensor));
      if (comma == std::string_view::npos)
        break;
      text = trim(text.substr(comma + 1));
      require(!text.empty(), "a comma separates two tensors");
    }
    return tensors;
  }

  void require(bool holds, const char *what) {
    if (!holds && error.empty())
      error = what;
  }

private:
  /// "s b k", "(n d) k" or "()".
  std::vector<std::string> parseDims(std::string_view text) {
    std::vector<std::string> dims;
    if (text == "()")
      return dims;
    require(!text.empty(), "a tensor without letters is written ()");
    std::string seen;
    bool inProduct = false;
    for (char c : text) {
      if (c == ' ')
        continue;
      if (c == '(') {
        require(!inProduct, "parentheses do not nest");
        inProduct = true;
        dims.emplace_back();
      } else if (c == ')') {
        require(inProduct && !dims.back().empty(), "parentheses hold a product of letters");
        inProduct = false;
      } else {
        require(isLetter(c), "letters are a-z and A-Z");
        require(seen.find(c) == std::string::npos, "a tensor has a letter once");
        seen += c;
        if (!inProduct)
          dims.emplace_back();
        dims.back() += c;
      }
      if (!error.empty())
        return dims;
    }
    require(!inProduct, "a parenthesis is not closed");
    return dims;
  }

  std::string &error;
};
} // namespace

std::optional<Signature> Signature::tryParse(std::string_view pattern, std::string_view rules,
                                             std::string_view nosplit, std::string &error) {
  LettersParser parser(error);
  Signature signature;
  size_t arrow = pattern.find("->");
  parser.require(arrow != std::string_view::npos, "a pattern has the form operands -> results");
  if (!error.empty())
    return std::nullopt;
  signature.operands = parser.parseTensors(pattern.substr(0, arrow), /*areResults=*/false);
  signature.results = parser.parseTensors(pattern.substr(arrow + 2), /*areResults=*/true);
  signature.rules = rules;
  signature.nosplit = nosplit;
  parser.require(!rules.empty(), "an op has at least one rule");
  for (char c : rules)
    parser.require(c == '-' || isLetter(c), "a rule is a letter or -");
  std::string letters = signature.letters();
  for (char c : nosplit)
    parser.require(letters.find(c) != std::string::npos, "nosplit names a letter of the op");
  // The neutral element of a maximum cannot stand for "add this once".
  bool additive = false, maximum = false;
  for (const TensorLetters &operand : signature.operands)
    additive |= operand.additive;
  for (const TensorLetters &result : signature.results)
    maximum |= result.reduction == Reduction::Max;
  parser.require(!(additive && maximum), "an op with additive operands reduces by sums");
  if (!error.empty())
    return std::nullopt;
  return signature;
}

Signature Signature::parse(std::string_view pattern, std::string_view rules,
                           std::string_view nosplit) {
  std::string error;
  std::optional<Signature> signature = tryParse(pattern, rules, nosplit, error);
  if (!signature) {
    std::fprintf(stderr, "letters \"%.*s\", rules \"%.*s\": %s\n", static_cast<int>(pattern.size()),
                 pattern.data(), static_cast<int>(rules.size()), rules.data(), error.c_str());
    std::abort();
  }
  return *signature;
}

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

namespace {
/// Binds letters to sizes.
class ShapeBinder {
public:
  ShapeBinder(std::map<char, int64_t> &extents, std::string &error)
      : extents(extents), error(error) {}

  bool checkRank(const TensorLetters &tensor, const std::vector<int64_t> &shape,
                 const std::string &name) {
    if (tensor.dims.size() != shape.size())
      return fail(name + " has " + std::to_string(shape.size()) + " dimensions, but " +
                  std::to_string(tensor.dims.size()) + " are declared");
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (shape[dim] < 1 && !(shape[dim] == dynamicExtent && tensor.dims[dim].size() == 1))
        return fail(place(name, dim) + " has size " + std::to_string(shape[dim]) +
                    ", which must be at least 1");
    return true;
  }

  /// Dimensions of one letter only.
  bool bindSingles(const TensorLetters &tensor, const std::vector<int64_t> &shape,
                   const std::string &name) {
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (tensor.dims[dim].size() == 1 && !bind(tensor.dims[dim][0], shape[dim], name, dim))
        return false;
    return true;
  }

  /// Dimensions that are a product: what remains beside the known letters goes to the one unknown,
  /// or to the major one. A product that lacks more waits: another may give what it lacks.
  bool bindProducts(const TensorLetters &tensor, const std::vector<int64_t> &shape,
                    const std::string &name) {
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (tensor.dims[dim].size() > 1 && !bindProduct(tensor.dims[dim], shape[dim], name, dim))
        return false;
    return true;
  }

  /// Products that lacked more than one letter in the last round, and the first one's reason.
  size_t numWaiting = 0;
  std::string whyWaiting;

private:
  bool bindProduct(const std::string &letters, int64_t size, const std::string &name, size_t dim) {
    std::string unknown, known;
    for (char letter : letters)
      (extents.count(letter) ? known : unknown) += letter;
    if (unknown.size() > 1) {
      if (numWaiting++ == 0)
        whyWaiting = place(name, dim) + " is a product with letter " + unknown.back() +
                     ", whose size nothing says";
      return true;
    }
    if (unknown.empty())
      known.erase(0, 1);
    int64_t product = 1;
    for (char letter : known) {
      if (extents.at(letter) == dynamicExtent)
        return fail(place(name, dim) + " is a product with letter " + letter +
                    ", which is dynamic");
      if (__builtin_mul_overflow(product, extents.at(letter), &product))
        product = std::numeric_limits<int64_t>::max();
    }
    if (size % product != 0)
      return fail(place(name, dim) + " has size " + std::to_string(size) + ", no multiple of " +
                  std::to_string(product) + ", the product of " + known);
    return bind(unknown.empty() ? letters[0] : unknown[0], size / product, name, dim);
  }

  static std::string place(const std::string &name, size_t dim) {
    return "dimension " + std::to_string(dim) + " of " + name;
  }

  static std::string text(int64_t size) {
    return size == dynamicExtent ? "dynamic" : std::to_string(size);
  }

  bool bind(char letter, int64_t size, const std::string &name, size_t dim) {
    auto [known, isNew] = extents.emplace(letter, size);
    if (isNew || known->second == size)
      return true;
    return fail(place(name, dim) + " says that " + letter + " is " + text(size) +
                ", elsewhere it is " + text(known->second));
  }

  bool fail(std::string message) {
    error = std::move(message);
    return false;
  }

  std::map<char, int64_t> &extents;
  std::string &error;
};
} // namespace

bool Signature::bindShapes(const std::vector<std::vector<int64_t>> &operandShapes,
                           const std::vector<std::vector<int64_t>> &resultShapes,
                           std::string &error) {
  if (operandShapes.size() != operands.size() || resultShapes.size() != results.size()) {
    error = std::to_string(operandShapes.size()) + " operands and " +
            std::to_string(resultShapes.size()) + " results, but " +
            std::to_string(operands.size()) + " and " + std::to_string(results.size()) +
            " are declared";
    return false;
  }
  std::map<char, int64_t> bound = extents;
  ShapeBinder binder(bound, error);
  auto forEach = [&](bool (ShapeBinder::*visit)(const TensorLetters &, const std::vector<int64_t> &,
                                                const std::string &)) {
    for (size_t i = 0; i < operands.size(); ++i)
      if (!(binder.*visit)(operands[i], operandShapes[i], "operand " + std::to_string(i)))
        return false;
    for (size_t i = 0; i < results.size(); ++i)
      if (!(binder.*visit)(results[i], resultShapes[i], "result " + std::to_string(i)))
        return false;
    return true;
  };
  if (!forEach(&ShapeBinder::checkRank) || !forEach(&ShapeBinder::bindSingles))
    return false;
  size_t before;
  do {
    before = std::exchange(binder.numWaiting, 0);
    if (!forEach(&ShapeBinder::bindProducts))
      return false;
  } while (binder.numWaiting != 0 && binder.numWaiting != before);
  if (binder.numWaiting != 0) {
    error = binder.whyWaiting;
    return false;
  }
  extents = std::move(bound);
  return true;
}

int64_t Signature::extent(char letter) const {
  auto known = extents.find(letter);
  assert(known != extents.end() && "bindShapes comes before");
  return known->second;
}

std::vector<int64_t> Signature::shape(const TensorLetters &tensor) const {
  std::vector<int64_t> shape;
  for (const std::string &dim : tensor.dims) {
    shape.push_back(1);
    for (char letter : dim)
      shape.back() *= extent(letter);
  }
  return shape;
}

std::vector<int64_t> Signature::majors(const TensorLetters &tensor) const {
  std::vector<int64_t> majors;
  for (const std::string &dim : tensor.dims)
    majors.push_back(extent(dim[0]));
  return majors;
}

std::string Signature::letters() const {
  std::string letters;
  auto add = [&](const std::vector<TensorLetters> &tensors) {
    for (const TensorLetters &tensor : tensors)
      for (const std::string &dim : tensor.dims)
        for (char letter : dim)
          if (letters.find(letter) == std::string::npos)
            letters += letter;
  };
  add(operands);
  add(results);
  return letters;
}

} // namespace aceso
