//===- MatrixProduct.h - Sums of products as matrix products ----*- C++ -*-===//
//
// A contraction of two tensors ("s b o, s b k -> o k") is one product of matrices, or of stacks of
// them, if letters that play the same part lie side by side in memory. Then both operands and the
// result are seen as matrices without a copy, which at::einsum makes.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_RUNTIME_KERNELS_MATRIXPRODUCT_H
#define ACESO_LIB_RUNTIME_KERNELS_MATRIXPRODUCT_H

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace aceso {

/// How a contiguous tensor is seen with a dimension for each letter.
struct LetterView {
  std::string letters;
  std::vector<int64_t> sizes;
};

class MatrixProduct {
public:
  /// None if an operand would have to be copied, or a letter is in one operand only and not in the
  /// result.
  static std::optional<MatrixProduct> plan(const LetterView &left, const LetterView &right,
                                           const LetterView &result);

  /// result = scale * left x right; all contiguous, in the sizes that were planned with.
  void run(const at::Tensor &left, const at::Tensor &right, const at::Tensor &result,
           double scale) const;

private:
  /// A stack of matrices in the memory of a tensor.
  struct View {
    std::array<int64_t, 3> sizes, strides;
    at::Tensor of(const at::Tensor &tensor) const;
    bool isContiguous() const;
  };

  View left, right, result;
};

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_KERNELS_MATRIXPRODUCT_H
