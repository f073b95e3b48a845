//===- EinsumMemory.cpp - What a contraction holds ------------------------===//

#include "EinsumMemory.h"

#include "aceso/Program/KernelLetters.h"

#include <algorithm>
#include <cassert>

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

std::string lettersOf(const Dims &dims) {
  std::string letters;
  for (const LetterDim &dim : dims)
    if (dim.size != 1)
      letters += dim.letter;
  return letters;
}

/// The letters of `a` that are in `b` (or are not).
std::string select(const std::string &a, const std::string &b, bool contained) {
  std::string letters;
  for (char letter : a)
    if ((b.find(letter) != std::string::npos) == contained)
      letters += letter;
  return letters;
}

/// The dimensions of these letters, in this order, as one dimension: its stride (0 if it has one
/// element), or -1 if there is none.
int64_t mergedStride(const Dims &dims, const std::string &letters) {
  int64_t stride = 0, expected = 0;
  for (auto letter = letters.rbegin(); letter != letters.rend(); ++letter) {
    auto dim = std::find_if(dims.begin(), dims.end(),
                            [&](const LetterDim &dim) { return dim.letter == *letter; });
    if (stride == 0)
      stride = dim->stride;
    else if (dim->stride != expected)
      return -1;
    expected = dim->stride * dim->size;
  }
  return stride;
}

/// Whether an operand is seen as a batch of matrices, one of whose dimensions is contiguous.
bool isMatrices(const Dims &dims, const std::string &batch, const std::string &rows,
                const std::string &columns) {
  int64_t batchStride = mergedStride(dims, batch), rowStride = mergedStride(dims, rows),
          columnStride = mergedStride(dims, columns);
  return batchStride >= 0 && rowStride >= 0 && columnStride >= 0;
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
  std::string leftLetters = lettersOf(left), rightLetters = lettersOf(right),
              outLetters = lettersOf(out);
  std::string batch = select(select(outLetters, leftLetters, true), rightLetters, true);
  std::string rows = select(select(outLetters, leftLetters, true), rightLetters, false);
  std::string columns = select(select(outLetters, rightLetters, true), leftLetters, false);
  std::string sum = select(select(leftLetters, rightLetters, true), outLetters, false);
  int64_t copies = 0;
  if (!isMatrices(left, batch, rows, sum))
    copies += operands[0].bytes();
  if (!isMatrices(right, batch, sum, columns))
    copies += operands[1].bytes();
  int64_t reordered = batch + rows + columns == outLetters ? 0 : result.bytes();
  return result.bytes() + std::max(copies, reordered);
}

} // namespace aceso
