//===- StagePlacer.cpp - The values of one stage in their layouts -*- C++ -*-===//

#include "StagePlacer.h"

#include "aceso/Dialect/NN/ModelLike.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

static SegmentOp makeSegment(StageOp stage, Phase phase) {
  OpBuilder builder = OpBuilder::atBlockEnd(&stage.getBody().front());
  auto segment = SegmentOp::create(builder, stage.getLoc(), phase);
  segment.getBody().emplaceBlock();
  return segment;
}

StagePlacer::StagePlacer(StageOp stage, Mesh mesh)
    : stage(stage), mesh(std::move(mesh)), slots(stage.getContext()), forward(stage.getContext()),
      backward(stage.getContext()) {
  SegmentOp forwardSegment = makeSegment(stage, Phase::Forward);
  forward.setInsertionPointToEnd(&forwardSegment.getBody().front());
  backward.setInsertionPointToEnd(&makeSegment(stage, Phase::Backward).getBody().front());
  slots.setInsertionPoint(forwardSegment);
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

static Degrees degreesOf(nn::NNOp op) {
  par::ShardAttr shard = par::getShard(op);
  return {shard.getTp(), shard.getDp(), static_cast<unsigned>(shard.getRule())};
}

Layout StagePlacer::wanted(nn::NNOp op, unsigned operand) const {
  Signature signature = op.getSignature();
  return wantedLayout(signature, assignDigits(signature, mesh, degreesOf(op)), operand);
}

Layout StagePlacer::left(nn::NNOp op, unsigned result) const {
  Signature signature = op.getSignature();
  return leftLayout(signature, assignDigits(signature, mesh, degreesOf(op)), result);
}

RankedTensorType StagePlacer::localTypeOf(Value global, const Layout &layout) const {
  return localType(cast<RankedTensorType>(global.getType()), mesh, layout);
}

static std::vector<int64_t> shapeOf(Value global) {
  return cast<RankedTensorType>(global.getType()).getShape().vec();
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

SlotOp StagePlacer::makeSlot(const llvm::Twine &name, SlotRole role, Type type,
                             StringAttr parameter) {
  std::string symbol = name.str();
  for (unsigned count = 1; !names.insert(symbol).second; ++count)
    symbol = (name + "#" + llvm::Twine(count)).str();
  return SlotOp::create(slots, stage.getLoc(), symbol, role, /*depth=*/uint64_t(1),
                        parameter ? FlatSymbolRefAttr::get(parameter) : FlatSymbolRefAttr(),
                        cast<RankedTensorType>(type));
}

/// A name that a reader connects with the value: the path of its op, or that of a copied one.
StringRef StagePlacer::symbolOf(Value global) const {
  while (auto copy = global.getDefiningOp<CopyOp>())
    global = copy.getSource();
  if (auto unit = dyn_cast_if_present<nn::NNOp>(global.getDefiningOp()))
    return unit.getPath();
  return "value";
}

//===----------------------------------------------------------------------===//
// Forms on demand
//===----------------------------------------------------------------------===//

Value StagePlacer::convert(Value local, RankedTensorType type, Phase phase) {
  if (local.getType() == type)
    return local;
  return ConvertOp::create(builder(phase), local.getLoc(), type, local);
}

Value StagePlacer::materialize(Value value, size_t index, Phase phase) {
  Form &form = forms[value][index];
  if (form.phase == phase)
    return form.local;
  assert(phase == Phase::Backward && "forward uses no value of backward");
  if (!form.loaded) {
    SlotOp slot =
        makeSlot(symbolOf(value) + ".activation", SlotRole::Activation, form.local.getType());
    auto reference = FlatSymbolRefAttr::get(slot.getSymNameAttr());
    OpBuilder afterDefinition(form.local.getContext());
    afterDefinition.setInsertionPointAfterValue(form.local);
    StoreOp::create(afterDefinition, form.local.getLoc(), form.local, reference);
    form.loaded = LoadOp::create(backward, form.local.getLoc(), form.local.getType(), reference);
  }
  return form.loaded;
}

size_t StagePlacer::cheapest(Value value, llvm::function_ref<Layout(const Layout &)> target) const {
  const llvm::SmallVector<Form> &existing = forms.find(value)->second;
  std::vector<int64_t> shape = shapeOf(value);
  size_t best = 0;
  ConversionCost bestCost;
  for (size_t index = 0; index < existing.size(); ++index) {
    const Layout &from = existing[index].layout;
    ConversionCost cost =
        conversionCost(mesh, convertLayout(mesh, from, target(from), shape), shape);
    if (index == 0 || cost < bestCost) {
      best = index;
      bestCost = cost;
    }
  }
  return best;
}

Value StagePlacer::get(Value value, const Layout &want, Phase phase) {
  if (auto parameter = value.getDefiningOp<nn::ParameterOp>())
    return getParameter(parameter, want, phase);
  if (auto input = dyn_cast<BlockArgument>(value))
    return getInput(input, want, phase);
  if (!forms.contains(value))
    return getSum(value, want, phase);
  llvm::SmallVector<Form> &existing = forms[value];
  for (size_t index = 0; index < existing.size(); ++index)
    if (existing[index].layout == want)
      return materialize(value, index, phase);
  size_t from = cheapest(value, [&](const Layout &) { return want; });
  Value local = convert(materialize(value, from, phase), localTypeOf(value, want), phase);
  forms[value].push_back({want, local, phase, {}});
  return local;
}

Value StagePlacer::getParameter(nn::ParameterOp parameter, const Layout &want, Phase phase) {
  RankedTensorType type = localTypeOf(parameter, want);
  SlotOp &slot = weights[{parameter, type}];
  if (!slot)
    slot =
        makeSlot(parameter.getPath() + ".weight", SlotRole::Weight, type, parameter.getPathAttr());
  // One load a phase; the forms of a parameter are what was loaded.
  llvm::SmallVector<Form> &existing = forms[parameter];
  for (Form &form : existing)
    if (form.phase == phase && form.layout == want)
      return form.local;
  Value local = LoadOp::create(builder(phase), parameter.getLoc(), type,
                               FlatSymbolRefAttr::get(slot.getSymNameAttr()));
  existing.push_back({want, local, phase, {}});
  return local;
}

Value StagePlacer::getInput(BlockArgument input, const Layout &want, Phase phase) {
  llvm::SmallVector<Form> &existing = forms[input];
  for (Form &form : existing)
    if (form.phase == phase && form.layout == want)
      return form.local;
  auto graph = cast<GraphOp>(input.getOwner()->getParentOp());
  Value local = ReadInputOp::create(builder(phase), input.getLoc(), localTypeOf(input, want),
                                    nn::inputName(graph, input.getArgNumber()));
  existing.push_back({want, local, phase, {}});
  return local;
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

void StagePlacer::collectContributions(Value value,
                                       llvm::SmallVectorImpl<Value> &contributions) const {
  auto sum = sums.find(value);
  if (sum == sums.end() || forms.contains(value)) {
    contributions.push_back(value);
    return;
  }
  for (Value input : sum->second)
    collectContributions(input, contributions);
}

Value StagePlacer::addLocals(ArrayRef<Value> locals, StringRef path, Phase phase) {
  if (locals.size() == 1)
    return locals.front();
  OpBuilder &b = builder(phase);
  return nn::SumOp::create(b, locals.front().getLoc(), locals.front().getType(),
                           b.getStringAttr(path), locals);
}

/// Contributions of one layout are added first, pending ones too, then each group is converted.
Value StagePlacer::getSum(Value value, const Layout &want, Phase phase) {
  auto op = value.getDefiningOp<nn::SumOp>();
  assert(op && "a value without a form is a sum");
  llvm::SmallVector<Value> contributions;
  collectContributions(value, contributions);
  llvm::SmallVector<std::pair<Layout, llvm::SmallVector<Value>>> groups;
  for (Value contribution : contributions) {
    const llvm::SmallVector<Form> &existing = forms[contribution];
    size_t index = 0;
    for (size_t other = 0; other < existing.size(); ++other)
      if (existing[other].layout == want)
        index = other;
    Layout layout = existing[index].layout;
    auto group = llvm::find_if(groups, [&](auto &entry) { return entry.first == layout; });
    if (group == groups.end())
      group = groups.insert(groups.end(), {layout, {}});
    group->second.push_back(materialize(contribution, index, phase));
  }
  llvm::SmallVector<Value> converted;
  for (auto &[layout, locals] : groups) {
    Value sum = addLocals(locals, op.getPath(), phase);
    if (groups.size() == 1 && !(layout == want))
      forms[value].push_back({layout, sum, phase, {}});
    converted.push_back(convert(sum, localTypeOf(value, want), phase));
  }
  Value result = addLocals(converted, op.getPath(), phase);
  forms[value].push_back({want, result, phase, {}});
  return result;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

void StagePlacer::place(nn::NNOp op, Phase phase) {
  Signature signature = op.getSignature();
  Assignment assignment = assignDigits(signature, mesh, degreesOf(op));
  llvm::SmallVector<Value> operands;
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    operands.push_back(get(operand, wantedLayout(signature, assignment, index), phase));
  Operation *local = op->cloneWithoutRegions();
  local->removeAttr(AtAttr::attrName);
  local->removeAttr("profile");
  local->setOperands(operands);
  builder(phase).insert(local);
  for (auto [index, result] : llvm::enumerate(op->getResults())) {
    Layout layout = leftLayout(signature, assignment, index);
    local->getResult(index).setType(localTypeOf(result, layout));
    forms[result].push_back({layout, local->getResult(index), phase, {}});
  }
}

void StagePlacer::placeLossSeed(LossSeedOp op) {
  Layout replicated = Layout::replicated(0);
  Value local = LossSeedOp::create(backward, op.getLoc(), localTypeOf(op, replicated));
  forms[op.getResult()].push_back({replicated, local, Phase::Backward, {}});
}

void StagePlacer::placeAccumulate(AccumulateOp op) {
  auto parameter = op.getParameter().getDefiningOp<nn::ParameterOp>();
  llvm::SmallVector<Value> contributions;
  collectContributions(op.getGradient(), contributions);
  for (Value contribution : contributions) {
    // As it was left: conversion commutes with addition, so one conversion a step will do.
    Value local = materialize(contribution, 0, Phase::Backward);
    auto unit = dyn_cast_if_present<nn::NNOp>(contribution.getDefiningOp());
    StringAttr path = unit ? backward.getStringAttr(unit.getPath()) : StringAttr();
    auto type = cast<RankedTensorType>(local.getType());
    Type elementType = nn::accumulationType(type.getElementType());
    if (elementType != type.getElementType()) {
      type = RankedTensorType::get(type.getShape(), elementType, type.getEncoding());
      local = CastOp::create(backward, op.getLoc(), type, local, path);
    }
    SlotOp &slot = gradients[{parameter, type}];
    if (!slot)
      slot = makeSlot(parameter.getPath() + ".gradient", SlotRole::Gradient, type,
                      parameter.getPathAttr());
    AddToSlotOp::create(backward, op.getLoc(), local, FlatSymbolRefAttr::get(slot.getSymNameAttr()),
                        path);
  }
}

void StagePlacer::placeLoss(Value loss) {
  Value local = materialize(loss, 0, Phase::Forward);
  SlotOp slot = makeSlot("loss", SlotRole::Metric, local.getType());
  AddToSlotOp::create(forward, loss.getLoc(), local, FlatSymbolRefAttr::get(slot.getSymNameAttr()),
                      StringAttr());
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

Layout StagePlacer::cheapestToOwn(Value value) const {
  llvm::SmallVector<Value> contributions;
  collectContributions(value, contributions);
  Value first = contributions.front();
  std::vector<int64_t> shape = shapeOf(first);
  size_t index =
      first == value
          ? cheapest(value, [&](const Layout &from) { return ownedLayout(mesh, from, shape); })
          : 0;
  return forms.find(first)->second[index].layout;
}

void StagePlacer::send(Value value, const Layout &sent, int64_t peer, StringRef name, Phase phase) {
  OpBuilder &b = builder(phase);
  Value local = get(value, sent, phase);
  SendOp::create(b, value.getLoc(), b.getStringAttr(name), local, b.getI64IntegerAttr(peer));
}

void StagePlacer::receive(Value value, const Layout &received, int64_t peer, StringRef name,
                          Phase phase) {
  OpBuilder b(value.getContext());
  Operation *&last = lastReceive[static_cast<unsigned>(phase)];
  if (last)
    b.setInsertionPointAfter(last);
  else
    b.setInsertionPointToStart(builder(phase).getInsertionBlock());
  auto op = ReceiveOp::create(b, value.getLoc(), localTypeOf(value, received),
                              b.getStringAttr(name), b.getI64IntegerAttr(peer));
  last = op;
  forms[value].push_back({received, op.getResult(), phase, {}});
}
