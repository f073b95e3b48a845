//===- NNInterfaces.cpp - What follows from the letters of an op -*- C++ -*-===//

#include "aceso/Dialect/NN/NNInterfaces.h"

#include "aceso/Dialect/NN/NN.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::nn;

#include "aceso/Dialect/NN/NNInterfaces.cpp.inc"

std::vector<std::vector<int64_t>> nn::shapesOf(ValueRange values) {
  std::vector<std::vector<int64_t>> shapes;
  for (Value value : values) {
    std::vector<int64_t> shape;
    for (int64_t size : cast<RankedTensorType>(value.getType()).getShape())
      shape.push_back(ShapedType::isDynamic(size) ? dynamicExtent : size);
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

bool nn::isUnit(Operation *op) {
  return isa<NNOp>(op) && !op->hasTrait<GradientOp>() && !op->hasTrait<PrimitiveOp>();
}

Signature nn::bindSignature(Operation *op, StringRef pattern, StringRef rules, StringRef nosplit,
                            ArrayRef<std::pair<char, int64_t>> minor) {
  Signature signature =
      Signature::parse({pattern.data(), pattern.size()}, {rules.data(), rules.size()},
                       {nosplit.data(), nosplit.size()});
  for (auto [letter, extent] : minor)
    signature.extents[letter] = extent;
  std::string ignored; // the verifier binds again and reports
  (void)signature.bindShapes(shapesOf(op->getOperands()), shapesOf(op->getResults()), ignored);
  return signature;
}

Type nn::accumulationType(Type elementType) {
  return elementType.isF64() ? elementType : Float32Type::get(elementType.getContext());
}

OpCost nn::costFromLetters(Operation *op, int64_t microBatch, const Degrees &degrees) {
  OpCost cost;
  auto unit = cast<NNOp>(op);
  for (Signature signature : unit.getPrimitiveSignatures()) {
    char split = degrees.rule < signature.rules.size() ? signature.rules[degrees.rule] : '-';
    double points = 1;
    for (char letter : signature.letters()) {
      double extent =
          letter == batchLetter ? double(microBatch) / degrees.dp : signature.extent(letter);
      points *= letter == split ? extent / degrees.tp : extent;
    }
    double flops = signature.flopsPerPoint * points;
    cost.forwardFlops += flops;
    cost.backwardFlops += signature.isContraction ? 2 * flops : flops;
  }
  Signature whole = unit.getSignature();
  char split = degrees.rule < whole.rules.size() ? whole.rules[degrees.rule] : '-';
  auto localBytes = [&](Value value, const TensorLetters &letters) {
    auto type = cast<RankedTensorType>(value.getType());
    int64_t elements = 1;
    for (auto [size, dim] : llvm::zip_equal(type.getShape(), letters.dims)) {
      int64_t extent = ShapedType::isDynamic(size) ? microBatch / degrees.dp : size;
      elements *= dim.front() == split ? extent / degrees.tp : extent;
    }
    return elements * type.getElementTypeBitWidth() / 8;
  };
  for (auto [operand, letters] : llvm::zip_equal(op->getOperands(), whole.operands))
    if (operand.getDefiningOp<ParameterOp>())
      cost.parameterBytes += localBytes(operand, letters);
  for (auto [result, letters] : llvm::zip_equal(op->getResults(), whole.results))
    cost.savedBytes += localBytes(result, letters);
  return cost;
}
