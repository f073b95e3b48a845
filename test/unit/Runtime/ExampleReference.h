//===- ExampleReference.h - The example trained by autograd -----*- C++ -*-===//
//
// What ExampleProgram computes, written once more without anything of ours: LibTorch's functions
// and autograd on one device and the whole global batch, masks from at::Philox4_32, the optimizers
// as formulas.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TEST_UNIT_RUNTIME_EXAMPLEREFERENCE_H
#define ACESO_TEST_UNIT_RUNTIME_EXAMPLEREFERENCE_H

#include "ExampleProgram.h"

#include <ATen/core/Tensor.h>

namespace aceso::test {

class ExampleReference {
public:
  /// Parameters in the order of ExampleParameter; f64.
  ExampleReference(const ExampleOptions &options, std::vector<at::Tensor> parameters,
                   uint64_t maskKey);

  /// One step on ids and labels of the global batch.
  void step(const at::Tensor &ids, const at::Tensor &labels, double learningRate);

  std::vector<at::Tensor> parameters, gradients;
  double loss = 0, gradNorm = 0;

private:
  at::Tensor lossOf(const std::vector<at::Tensor> &variables, const at::Tensor &ids,
                    const at::Tensor &labels) const;
  void update(size_t parameter, const at::Tensor &gradient, double learningRate);

  ExampleOptions options;
  uint64_t maskKey;
  int64_t numSteps = 0;
  std::vector<at::Tensor> firstMoments, secondMoments;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_RUNTIME_EXAMPLEREFERENCE_H
