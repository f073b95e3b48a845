//===- EinsumMemory.cpp - What a contraction holds ------------------------===//

#include "EinsumMemory.h"

#include "aceso/Program/KernelLetters.h"

#include <algorithm>
#include <cassert>
#include <optional>

namespace aceso {

namespace {

/// A dimension of one letter, and how far its elements are apart.
struct LetterDim {
  char letter;
  int64_t size, stride;
};
using Dims = std::vector<LetterDim>;

/// A contiguous tensor with a dimension for each letter.
Dims dimsOf(const Signature &signature, const TensorLetters &letters, const LocalTensor &tensor) {
  Dims dims;
  for (size_t i = 0; i < letters.dims.size(); ++i) {
    const std::string &product = letters.dims[i];
    int64_t minors = 1;
    for (char letter : product.substr(1))
      minors *= signature.extent(letter);
    dims.push_back({product[0], tensor.box.size[i] / minors, 0});
    for (char letter : product.substr(1))
      dims.push_back({letter, signature.extent(letter), 0});
  }
  int64_t stride = 1;
  for (auto dim = dims.rbegin(); dim != dims.rend(); ++dim) {
    dim->stride = stride;
    stride *= dim->size;
  }
  return dims;
}

/// The letters of `dims` that are in each of (or not in) two others; those of size 1 are nowhere.
std::string select(const Dims &dims, const Dims &first, bool inFirst, const Dims &second,
                   bool inSecond) {
  auto has = [](const Dims &dims, char letter) {
    return std::any_of(dims.begin(), dims.end(),
                       [&](const LetterDim &dim) { return dim.letter == letter; });
  };
  std::string letters;
  for (const LetterDim &dim : dims)
    if (dim.size != 1 && has(first, dim.letter) == inFirst && has(second, dim.letter) == inSecond)
      letters += dim.letter;
  return letters;
}

/// Letters that follow one another at equal distance.
struct Merged {
  int64_t size = 1, stride = 1;
};

/// The dimensions of these letters, in this order, as one; none if they are apart.
std::optional<Merged> merge(const Dims &dims, const std::string &letters) {
  std::optional<Merged> merged;
  for (auto letter = letters.rbegin(); letter != letters.rend(); ++letter) {
    auto dim = std::find_if(dims.begin(), dims.end(),
                            [&](const LetterDim &dim) { return dim.letter == *letter; });
    if (!merged)
      merged = Merged{dim->size, dim->stride};
    else if (dim->stride == merged->size * merged->stride)
      merged->size *= dim->size;
    else
      return std::nullopt;
  }
  return merged ? merged : Merged{};
}

} // namespace

int64_t einsumPeakBytes(const Instruction &kernel, std::span<const LocalTensor> operands,
                        const LocalTensor &result) {
  if (operands.size() < 2)
    return result.bytes();
  std::string error;
  std::optional<Signature> signature = parseLetters(kernel.letters, kernel.nosplit, error);
  std::vector<TensorDesc> descs;
  for (const LocalTensor &operand : operands)
    descs.push_back({operand.type, operand.box.size, {}});
  TensorDesc resultDesc{result.type, result.box.size, {}};
  bool isBound = signature && bindKernelExtents(*signature, kernel.attributes,
                                                {&descs[0], &descs[1]}, {&resultDesc}, error);
  assert(isBound && "a kernel that the verifier refuses");
  if (!isBound)
    return result.bytes();
  Dims left = dimsOf(*signature, signature->operands[0], operands[0]),
       right = dimsOf(*signature, signature->operands[1], operands[1]),
       out = dimsOf(*signature, signature->results[0], result);
  std::string batch = select(left, right, true, out, true),
              rows = select(left, right, false, out, true),
              columns = select(right, left, false, out, true),
              sum = select(left, right, true, out, false);
  auto isStack = [&](const Dims &dims, const std::string &second, const std::string &third) {
    return merge(dims, batch) && merge(dims, second) && merge(dims, third);
  };
  bool isProduct = isStack(left, rows, sum) && isStack(right, sum, columns) &&
                   isStack(out, rows, columns) && select(left, right, false, out, false).empty() &&
                   select(right, left, false, out, false).empty();
  if (!isProduct)
    return result.bytes() + operands[0].bytes() + operands[1].bytes();
  Merged batchDim = *merge(out, batch), rowDim = *merge(out, rows),
         columnDim = *merge(out, columns);
  bool isInOrder = (columnDim.size == 1 || columnDim.stride == 1) &&
                   (rowDim.size == 1 || rowDim.stride == columnDim.size) &&
                   (batchDim.size == 1 || batchDim.stride == rowDim.size * columnDim.size);
  return (isInOrder || batchDim.size == 1 ? 1 : 2) * result.bytes();
}

} // namespace aceso
