//===- MatrixProduct.cpp - Sums of products as matrix products ------------===//

#include "MatrixProduct.h"

#include <ATen/Functions.h>

namespace aceso {

namespace {

/// One dimension made of several letters.
struct Dimension {
  int64_t size = 1, stride = 1;
};

bool has(const LetterView &view, char letter) {
  return view.letters.find(letter) != std::string::npos;
}

/// The letters of `view` for which `isWanted`, in their order in memory; letters of size 1 are
/// nowhere.
template <typename Predicate> std::string select(const LetterView &view, Predicate isWanted) {
  std::string letters;
  for (size_t i = 0; i < view.letters.size(); ++i)
    if (view.sizes[i] != 1 && isWanted(view.letters[i]))
      letters += view.letters[i];
  return letters;
}

/// `letters` as one dimension of the tensor: they must follow one another at equal distance.
std::optional<Dimension> merge(const LetterView &view, const std::string &letters) {
  std::optional<Dimension> merged;
  for (auto letter = letters.rbegin(); letter != letters.rend(); ++letter) {
    size_t place = view.letters.find(*letter);
    int64_t stride = 1;
    for (size_t i = place + 1; i < view.letters.size(); ++i)
      stride *= view.sizes[i];
    if (!merged)
      merged = Dimension{view.sizes[place], stride};
    else if (stride == merged->size * merged->stride)
      merged->size *= view.sizes[place];
    else
      return std::nullopt;
  }
  return merged ? merged : Dimension{};
}

} // namespace

std::optional<MatrixProduct> MatrixProduct::plan(const LetterView &left, const LetterView &right,
                                                 const LetterView &result) {
  for (const LetterView *operand : {&left, &right})
    for (char letter : operand->letters)
      if (!has(operand == &left ? right : left, letter) && !has(result, letter))
        return std::nullopt;
  // Every tensor must see the letters of a dimension in one order.
  std::string batch =
      select(left, [&](char letter) { return has(right, letter) && has(result, letter); });
  std::string rows = select(left, [&](char letter) { return !has(right, letter); });
  std::string columns = select(right, [&](char letter) { return !has(left, letter); });
  std::string summed =
      select(left, [&](char letter) { return has(right, letter) && !has(result, letter); });
  auto view = [&](const LetterView &tensor, const std::string &second,
                  const std::string &third) -> std::optional<View> {
    std::optional<Dimension> dims[] = {merge(tensor, batch), merge(tensor, second),
                                       merge(tensor, third)};
    if (!dims[0] || !dims[1] || !dims[2])
      return std::nullopt;
    // The stride of a dimension of size 1 is free, but some libraries look at it.
    if (dims[1]->size == 1)
      dims[1]->stride = dims[2]->size * dims[2]->stride;
    else if (dims[2]->size == 1)
      dims[2]->stride = dims[1]->stride == 1 ? dims[1]->size : 1;
    if (dims[0]->size == 1)
      dims[0]->stride = dims[1]->size * dims[2]->size;
    return View{{dims[0]->size, dims[1]->size, dims[2]->size},
                {dims[0]->stride, dims[1]->stride, dims[2]->stride}};
  };
  std::optional<View> leftView = view(left, rows, summed), rightView = view(right, summed, columns),
                      resultView = view(result, rows, columns);
  if (!leftView || !rightView || !resultView)
    return std::nullopt;
  MatrixProduct product;
  product.left = *leftView;
  product.right = *rightView;
  product.result = *resultView;
  return product;
}

at::Tensor MatrixProduct::View::of(const at::Tensor &tensor) const {
  return tensor.as_strided(sizes, strides);
}

bool MatrixProduct::View::isContiguous() const {
  return strides[2] == 1 && strides[1] == sizes[2] && strides[0] == sizes[1] * sizes[2];
}

void MatrixProduct::run(const at::Tensor &leftTensor, const at::Tensor &rightTensor,
                        const at::Tensor &resultTensor, double scale) const {
  at::Tensor a = left.of(leftTensor), b = right.of(rightTensor), c = result.of(resultTensor);
  if (result.sizes[0] == 1) {
    c[0].addmm_(a[0], b[0], /*beta=*/0, /*alpha=*/scale);
    return;
  }
  if (result.isContiguous()) {
    c.baddbmm_(a, b, /*beta=*/0, /*alpha=*/scale);
    return;
  }
  // Stacks are multiplied one by one if the result is strided; a copy is faster.
  at::Tensor product = at::empty(result.sizes, resultTensor.options());
  c.copy_(product.baddbmm_(a, b, /*beta=*/0, /*alpha=*/scale));
}

} // namespace aceso
