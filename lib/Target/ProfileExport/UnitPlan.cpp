//===- UnitPlan.cpp - A plan around one unit ------------------------------===//

#include "UnitPlan.h"

#include "aceso/Conversion/NNToPar/NNToPar.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace aceso;

/// Micro-batches of a step: gradients are really accumulated, and the first is one among several.
static constexpr int64_t numMicroBatches = 4;

static bool isFloat(Value value) {
  return isa<FloatType>(cast<RankedTensorType>(value.getType()).getElementType());
}

//===----------------------------------------------------------------------===//
// Letters
//===----------------------------------------------------------------------===//

namespace {

/// A tensor as an elementwise op sees it that is to split it like the unit does.
struct TensorView {
  std::string letters; ///< "s b k"
  std::string rules;   ///< the letter that tp splits, or "-"
  bool hasBatch = false;

  TensorView(const PrimitiveFacts &primitive, const TensorLetters &tensor, unsigned rule) {
    char split = primitive.signature.rules[rule];
    rules = "-";
    for (const std::string &dim : tensor.dims) {
      // A product is split like its major letter.
      letters += std::string(letters.empty() ? "" : " ") + dim.front();
      if (dim.front() == split)
        rules = std::string(1, split);
      hasBatch |= dim.front() == batchLetter;
    }
  }
};

} // namespace

/// An operand or result of the unit, as the first of its primitives that has it takes or leaves it.
static TensorView viewOf(const OpFacts &facts, ValueId value, unsigned rule) {
  for (const PrimitiveFacts &primitive : facts.primitives) {
    const Signature &signature = primitive.signature;
    for (auto [id, letters] : llvm::zip_equal(primitive.operands, signature.operands))
      if (id == value)
        return TensorView(primitive, letters, rule);
    for (auto [id, letters] : llvm::zip_equal(primitive.results, signature.results))
      if (id == value)
        return TensorView(primitive, letters, rule);
  }
  llvm_unreachable("a unit uses its operands and gives its results");
}

/// A result that can be what a model returns.
static bool isLoss(Value result) {
  auto type = cast<RankedTensorType>(result.getType());
  return type.getRank() == 0 && (type.getElementType().isF32() || type.getElementType().isF64());
}

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

namespace {

class UnitPlanBuilder {
public:
  UnitPlanBuilder(nn::NNOp unit, const OpFacts &facts, const UnitConfiguration &configuration,
                  const llvm::DenseSet<Value> &trained)
      : unit(unit), facts(facts), configuration(configuration), trained(trained),
        builder(unit.getContext()) {}

  UnitPlan build() {
    plan.module = ModuleOp::create(unit.getLoc());
    builder.setInsertionPointToStart(plan.module->getBody());
    auto original = unit->getParentOfType<nn::ModelOp>();
    auto type = builder.getFunctionType({}, {});
    auto model =
        nn::ModelOp::create(builder, unit.getLoc(), original.getSymNameAttr(), TypeAttr::get(type),
                            DictionaryAttr(), StringAttr(), ArrayAttr(), ArrayAttr());
    body = &model.getBody().emplaceBlock();
    builder.setInsertionPointToStart(body);
    for (auto [index, operand] : llvm::enumerate(unit->getOperands()))
      if (!operands.contains(operand))
        operands.map(operand, makeOperand(index, operand));
    Operation *copy = builder.clone(*unit, operands);
    Value loss = makeLoss(copy);
    nn::ReturnOp::create(builder, unit.getLoc(), loss);
    model.setFunctionType(builder.getFunctionType(body->getArgumentTypes(), {loss.getType()}));
    model.setArgAttrsAttr(builder.getArrayAttr(inputAttributes));
    makePlan(model, copy);
    return std::move(plan);
  }

private:
  Value addInput(Type type, StringAttr name, int64_t bound) {
    inputAttributes.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr(nn::NNDialect::getInputNameAttrName(), name)));
    plan.inputBounds.push_back(bound);
    return body->addArgument(type, unit.getLoc());
  }

  Value addParameter(const Twine &path, nn::InitAttr init, Type type) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(body);
    return nn::ParameterOp::create(builder, unit.getLoc(), type, builder.getStringAttr(path), init,
                                   UnitAttr());
  }

  Value makeOperand(unsigned index, Value operand) {
    if (auto parameter = operand.getDefiningOp<nn::ParameterOp>())
      return builder.clone(*parameter)->getResult(0);
    std::string number = std::to_string(index);
    if (!trained.contains(operand)) {
      // An input of the model, or what is calculated from inputs alone: no gradient is wanted.
      auto model = unit->getParentOfType<nn::ModelOp>();
      auto argument = dyn_cast<BlockArgument>(operand);
      auto name = argument ? model.getArgAttrOfType<StringAttr>(
                                 argument.getArgNumber(), nn::NNDialect::getInputNameAttrName())
                           : StringAttr();
      return addInput(operand.getType(), name ? name : builder.getStringAttr("operand" + number),
                      isFloat(operand) ? 0 : unit.getIndexBound(index));
    }
    TensorView view = viewOf(facts, facts.operands[index], configuration.degrees.rule);
    // Without samples in it, it is to the unit what a parameter is.
    if (!view.hasBatch)
      return addParameter(
          "profile.operand" + number,
          nn::InitAttr::get(builder.getContext(), nn::InitKind::Normal, builder.getF64FloatAttr(1)),
          operand.getType());
    Value input = addInput(operand.getType(), builder.getStringAttr("operand" + number), 0);
    std::string path = "profile.source" + number;
    Type elementType = cast<RankedTensorType>(operand.getType()).getElementType();
    Value factor = addParameter(
        path + ".factor", nn::InitAttr::get(builder.getContext(), nn::InitKind::Ones, FloatAttr()),
        RankedTensorType::get({}, nn::accumulationType(elementType)));
    return nn::ScaleOp::create(
        builder, unit.getLoc(), operand.getType(), builder.getStringAttr(path), input, factor,
        builder.getStringAttr(view.letters), builder.getStringAttr(view.rules), StringAttr());
  }

  /// A loss whose gradient with respect to each result is an input.
  Value makeLoss(Operation *copy) {
    if (copy->getNumResults() == 1 && isLoss(copy->getResult(0)))
      return copy->getResult(0);
    std::vector<std::pair<TensorView, Value>> results;
    for (auto [index, result] : llvm::enumerate(copy->getResults()))
      if (isFloat(result))
        results.push_back(
            {viewOf(facts, facts.results[index], configuration.degrees.rule), result});
    // Sums over fewer devices first: a scalar then never has to be reduced for the next probe.
    llvm::stable_sort(results, [](const auto &a, const auto &b) {
      return (a.first.rules != "-") < (b.first.rules != "-");
    });
    Value loss;
    for (auto &[view, result] : results) {
      std::string number = std::to_string(cast<OpResult>(result).getResultNumber());
      Value cotangent = addInput(result.getType(), builder.getStringAttr("gradient" + number), 0);
      Type elementType = cast<RankedTensorType>(result.getType()).getElementType();
      loss = nn::DotOp::create(
          builder, unit.getLoc(), RankedTensorType::get({}, nn::accumulationType(elementType)),
          builder.getStringAttr("profile.probe" + number), result, cotangent, loss,
          builder.getStringAttr(view.letters), builder.getStringAttr(view.rules), StringAttr());
    }
    return loss;
  }

  void makePlan(nn::ModelOp model, Operation *copy) {
    const Degrees &degrees = configuration.degrees;
    CompactPlan compact;
    int64_t devices = degrees.tp * degrees.dp;
    // A plan says a memory limit; here nobody asks for it.
    constexpr int64_t memoryMiB = 1;
    compact.cluster = {1, devices, memoryMiB, ""};
    compact.microBatch = configuration.samples * degrees.dp;
    compact.globalBatch = numMicroBatches * compact.microBatch;
    for (auto op : body->getOps<nn::NNOp>()) {
      uint8_t rule = op.getOperation() == copy ? degrees.rule : 0;
      compact.ops.push_back({static_cast<uint16_t>(degrees.tp), static_cast<uint16_t>(degrees.dp),
                             rule, /*recompute=*/false});
    }
    compact.stages = {{static_cast<uint32_t>(compact.ops.size()), static_cast<uint32_t>(devices)}};
    convertToPlan(model, compact);
  }

  nn::NNOp unit;
  const OpFacts &facts;
  const UnitConfiguration &configuration;
  const llvm::DenseSet<Value> &trained;
  OpBuilder builder;
  UnitPlan plan;
  Block *body = nullptr;
  IRMapping operands;
  SmallVector<Attribute> inputAttributes;
};

} // namespace

std::string aceso::checkUnitPlan(nn::NNOp unit, const OpFacts &facts,
                                 const UnitConfiguration &configuration) {
  const Degrees &degrees = configuration.degrees;
  if (std::string problem = checkOpDegrees(facts, degrees, configuration.samples * degrees.dp);
      !problem.empty())
    return problem;
  for (auto [index, operand] : llvm::enumerate(unit->getOperands()))
    if (!isFloat(operand) && unit.getIndexBound(index) < 1)
      return "op '" + facts.path + "' does not say how many indices there are for its operand " +
             std::to_string(index) + ", so none can be made up";
  if (unit->getNumResults() == 1 && isLoss(unit->getResult(0)))
    return "";
  bool hasResult = false;
  for (auto [index, result] : llvm::enumerate(unit->getResults())) {
    if (!isFloat(result))
      continue;
    hasResult = true;
    if (!viewOf(facts, facts.results[index], degrees.rule).hasBatch)
      return "result " + std::to_string(index) + " of op '" + facts.path +
             "' has no samples, so no gradient of it can be an input of a step";
  }
  return hasResult ? "" : "op '" + facts.path + "' has no result with a gradient";
}

UnitPlan aceso::buildUnitPlan(nn::NNOp unit, const OpFacts &facts,
                              const UnitConfiguration &configuration,
                              const llvm::DenseSet<Value> &trained) {
  return UnitPlanBuilder(unit, facts, configuration, trained).build();
}
