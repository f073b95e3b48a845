//===- UnitKinds.cpp - What units of one kind consist of ------------------===//

#include "UnitKinds.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <tuple>

using namespace mlir;
using namespace aceso;

/// Everything that primitives, letters and costs of a unit depend on: its name, types and
/// attributes, but for path, profile key and attributes of other dialects.
static Attribute identityOf(nn::NNOp unit) {
  NamedAttrList attributes;
  for (NamedAttribute attribute : unit->getAttrs())
    if (StringRef name = attribute.getName();
        name != "path" && name != "profile" && !name.contains('.'))
      attributes.append(attribute);
  MLIRContext *context = unit->getContext();
  auto type = FunctionType::get(context, unit->getOperandTypes(), unit->getResultTypes());
  return ArrayAttr::get(context, {unit->getName().getIdentifier(), TypeAttr::get(type),
                                  attributes.getDictionary(context)});
}

static std::vector<int64_t> shapeOf(Value value) {
  std::vector<int64_t> shape(cast<RankedTensorType>(value.getType()).getShape());
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size))
      size = ValueFacts::kDynamic;
  return shape;
}

namespace {

/// Takes the part of the gradient pass: hands out placeholders for gradients and remembers who got
/// one.
class GradientProbe : public nn::GradientBuilder {
public:
  /// Gradient ops and placeholders go into `block`.
  GradientProbe(OpBuilder &builder, Block &block) : GradientBuilder(builder), block(block) {
    builder.setInsertionPointToEnd(&block);
  }

  Value getGradient(Value value) override {
    return block.addArgument(value.getType(), value.getLoc());
  }
  bool needsGradient(Value value) override {
    return isa<FloatType>(cast<RankedTensorType>(value.getType()).getElementType());
  }
  void addGradient(Value value, Value) override {
    targets.insert(value);
    latest.insert(value);
  }

  Block &block;
  /// Who got a gradient: ever, and from the op that is differentiated.
  llvm::DenseSet<Value> targets, latest;
};

} // namespace

/// Notes that the gradient of primitive `index` reads `value`. What is neither its operand nor its
/// result belongs to a primitive that the same gradient covers, or to the one that gave it.
static void noteRead(UnitKind &kind, unsigned index, uint32_t value) {
  auto mark = [&](PrimitiveFacts &primitive, bool operandsOnly) {
    bool found = false;
    for (auto [i, operand] : llvm::enumerate(primitive.operands))
      if (operand == value)
        primitive.gradientReadsOperand[i] = found = true;
    for (auto [i, result] : llvm::enumerate(primitive.results))
      if (result == value && !operandsOnly)
        primitive.gradientReadsResult[i] = found = true;
    return found;
  };
  if (mark(kind.primitives[index], /*operandsOnly=*/false))
    return;
  for (PrimitiveFacts &covered : llvm::reverse(kind.primitives))
    if (!covered.hasOwnGradient && mark(covered, /*operandsOnly=*/true))
      return;
  for (PrimitiveFacts &primitive : kind.primitives)
    if (mark(primitive, /*operandsOnly=*/false))
      return;
}

/// Differentiates the primitives `ops` of a unit with results `results`, last one first as the
/// gradient pass does, and notes what that reads.
static void noteGradients(UnitKind &kind, ArrayRef<nn::NNOp> ops, ArrayRef<Value> results,
                          const llvm::DenseMap<Value, uint32_t> &ids, Region &region) {
  OpBuilder builder(ops.front()->getContext());
  GradientProbe probe(builder, region.emplaceBlock());
  for (Value result : results)
    if (probe.needsGradient(result))
      probe.targets.insert(result);
  std::vector<std::pair<unsigned, uint32_t>> reads;
  for (unsigned index = ops.size(); index-- > 0;) {
    nn::NNOp op = ops[index];
    Operation *last = probe.block.empty() ? nullptr : &probe.block.back();
    probe.latest.clear();
    if (llvm::any_of(op->getResults(), [&](Value v) { return probe.targets.contains(v); })) {
      [[maybe_unused]] LogicalResult built = op.buildGradient(probe);
      assert(succeeded(built) && "a unit of planning has a gradient");
    }
    kind.primitives[index].hasOwnGradient =
        llvm::any_of(op->getOperands(), [&](Value v) { return probe.latest.contains(v); });
    auto begin = last ? std::next(last->getIterator()) : probe.block.begin();
    for (Operation &gradient : llvm::make_range(begin, probe.block.end()))
      for (Value operand : gradient.getOperands())
        if (auto it = ids.find(operand); it != ids.end())
          reads.push_back({index, it->second});
  }
  for (auto [index, value] : reads)
    noteRead(kind, index, value);
}

/// Expands and differentiates a copy of `unit`. Does not set the id.
static std::unique_ptr<UnitKind> takeApart(nn::NNOp unit) {
  auto kind = std::make_unique<UnitKind>();
  Signature whole = unit.getSignature();
  kind->numRules = whole.rules.size();
  nn::OpCost cost = unit.getCost(/*microBatch=*/1, Degrees());
  kind->forwardFlopsPerSample = cost.forwardFlops;
  kind->backwardFlopsPerSample = cost.backwardFlops;

  // Gradient ops use values of the forward region, so theirs goes first.
  Region forward, backward;
  Block &block = forward.emplaceBlock();
  OpBuilder builder(unit.getContext());
  builder.setInsertionPointToEnd(&block);
  auto clone = cast<nn::NNOp>(builder.clone(*unit));
  // One argument for each operand, also where a value is two of them: another unit's may differ.
  for (OpOperand &operand : clone->getOpOperands())
    operand.set(block.addArgument(operand.get().getType(), unit.getLoc()));
  SmallVector<Value> results(clone->getResults());
  if (clone.isComposite())
    results = nn::expandComposite(clone);

  llvm::DenseMap<Value, uint32_t> ids;
  auto addValue = [&](Value value, ValueKind valueKind) {
    ids.try_emplace(value, kind->values.size());
    unsigned bits = cast<RankedTensorType>(value.getType()).getElementTypeBitWidth();
    kind->values.push_back({valueKind, shapeOf(value), {}, bits / 8, {}});
    return uint32_t(kind->values.size() - 1);
  };
  for (Value operand : block.getArguments())
    addValue(operand, ValueKind::Input);
  SmallVector<nn::NNOp> ops;
  for (auto op : block.getOps<nn::NNOp>()) {
    ops.push_back(op);
    PrimitiveFacts primitive;
    primitive.signature = op.getSignature();
    primitive.signature.extents.erase(batchLetter);
    for (Value operand : op->getOperands())
      primitive.operands.push_back(ids.at(operand));
    for (Value result : op->getResults())
      primitive.results.push_back(addValue(result, ValueKind::Activation));
    primitive.gradientReadsOperand.assign(primitive.operands.size(), false);
    primitive.gradientReadsResult.assign(primitive.results.size(), false);
    kind->primitives.push_back(std::move(primitive));
  }
  for (Value result : results)
    kind->results.push_back(ids.at(result));
  noteGradients(*kind, ops, results, ids, backward);

  // A dimension that anybody sees as one letter can be split like one.
  auto noteMajors = [&](const PrimitiveFacts &primitive, uint32_t id,
                        const TensorLetters &letters) {
    ValueFacts &value = kind->values[id];
    value.majors.resize(value.shape.size(), ValueFacts::kDynamic);
    for (size_t dim = 0; dim < value.shape.size(); ++dim)
      if (value.shape[dim] != ValueFacts::kDynamic)
        value.majors[dim] =
            std::max(value.majors[dim], primitive.signature.extent(letters.dims[dim].front()));
  };
  for (const PrimitiveFacts &primitive : kind->primitives) {
    for (auto [id, letters] : llvm::zip_equal(primitive.operands, primitive.signature.operands))
      noteMajors(primitive, id, letters);
    for (auto [id, letters] : llvm::zip_equal(primitive.results, primitive.signature.results))
      noteMajors(primitive, id, letters);
  }
  return kind;
}

//===----------------------------------------------------------------------===//
// Kinds
//===----------------------------------------------------------------------===//

/// All but the ids.
static bool isSame(const UnitKind &a, const UnitKind &b) {
  auto contentsOf = [](const UnitKind &kind) {
    return std::tie(kind.values, kind.primitives, kind.numRules, kind.results,
                    kind.forwardFlopsPerSample, kind.backwardFlopsPerSample);
  };
  return contentsOf(a) == contentsOf(b);
}

const UnitKind &UnitKinds::get(nn::NNOp unit) {
  const UnitKind *&kind = known[identityOf(unit)];
  if (kind)
    return *kind;
  std::unique_ptr<UnitKind> made = takeApart(unit);
  auto like = llvm::find_if(kinds, [&](const auto &other) { return isSame(*other, *made); });
  if (like == kinds.end()) {
    made->id = kinds.size();
    like = kinds.insert(kinds.end(), std::move(made));
  }
  return *(kind = like->get());
}
