//===- ExecExpandConversions.cpp - Pass exec-expand-conversions -*- C++ -*-===//

#include "aceso/Dialect/Exec/Transforms/Passes.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECEXPANDCONVERSIONSPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

static Value buildStep(OpBuilder &b, Location loc, Value source, const ConversionStep &step,
                       RankedTensorType type) {
  auto list = [&](const DigitList &digits) {
    return b.getDenseI64ArrayAttr(llvm::SmallVector<int64_t>(digits.begin(), digits.end()));
  };
  DenseI64ArrayAttr digits = list(step.digits);
  auto dim = [&](int index) { return b.getI64IntegerAttr(index); };
  switch (step.kind) {
  case StepKind::Slice:
    return SliceOp::create(b, loc, type, source, digits, dim(step.toDim));
  case StepKind::Mask:
    return MaskOp::create(b, loc, type, source, digits);
  case StepKind::AllReduce:
    return AllReduceOp::create(b, loc, type, source, digits);
  case StepKind::ReduceScatter:
    return ReduceScatterOp::create(b, loc, type, source, digits, dim(step.toDim));
  case StepKind::AllGather:
    return AllGatherOp::create(b, loc, type, source, digits, dim(step.fromDim));
  case StepKind::AllToAll:
    return AllToAllOp::create(b, loc, type, source, digits, list(step.fromDigits),
                              dim(step.fromDim), dim(step.toDim));
  case StepKind::BoxExchange:
    return BoxExchangeOp::create(b, loc, type, source, digits);
  }
  llvm_unreachable("every kind of step is handled");
}

namespace {

struct ExecExpandConversionsPass
    : aceso::exec::impl::ExecExpandConversionsPassBase<ExecExpandConversionsPass> {
  void runOnOperation() override {
    getOperation().walk([](ConvertOp convert) {
      auto type = cast<RankedTensorType>(convert.getSource().getType());
      RankedTensorType global = globalType(type);
      exec::LayoutAttr from = getLayout(type), to = getLayout(convert.getType());
      Mesh mesh = from.toMesh();
      OpBuilder builder(convert);
      Value value = convert.getSource();
      for (const ConversionStep &step :
           convertLayout(mesh, from.toLayout(), to.toLayout(), global.getShape().vec()))
        value =
            buildStep(builder, convert.getLoc(), value, step, localType(global, mesh, step.after));
      convert.replaceAllUsesWith(value);
      convert.erase();
    });
  }
};

} // namespace
