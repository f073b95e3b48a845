//===- ExecSynchronize.cpp - Pass exec-synchronize --------------*- C++ -*-===//
//
// Parameters from their home to where they are used, gradients home, norm, clipping, optimizer,
// reports. (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#include "aceso/Dialect/Exec/Transforms/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

namespace aceso::exec {
#define GEN_PASS_DEF_EXECSYNCHRONIZEPASS
#include "aceso/Dialect/Exec/Transforms/Passes.h.inc"
} // namespace aceso::exec

static RankedTensorType withElementType(Type type, Type elementType) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape(), elementType, tensor.getEncoding());
}

static RankedTensorType inLayout(Type type, const Mesh &mesh, const Layout &layout) {
  return localType(globalType(cast<RankedTensorType>(type)), mesh, layout);
}

static Layout layoutOf(Value value) { return getLayout(value.getType()).toLayout(); }

namespace {

/// One stage's slots of one parameter.
struct ParameterSlots {
  llvm::SmallVector<SlotOp> weights, gradients;
};

/// The read or update segment of a stage while it is built.
struct StageBuilder {
  StageOp stage;
  Mesh mesh;
  OpBuilder slots, read, update;
  llvm::MapVector<StringAttr, ParameterSlots> parameters;
  SlotOp loss;
  /// Of all slots.
  llvm::StringSet<> names;

  explicit StageBuilder(StageOp stage)
      : stage(stage), mesh(stage.toMesh()), slots(stage.getContext()), read(stage.getContext()),
        update(stage.getContext()) {
    SegmentOp forward = stage.getSegment(Phase::Forward);
    slots.setInsertionPoint(forward);
    auto readSegment = SegmentOp::create(slots, stage.getLoc(), Phase::Read);
    read.setInsertionPointToEnd(&readSegment.getBody().emplaceBlock());
    slots.setInsertionPoint(readSegment);
    OpBuilder end = OpBuilder::atBlockEnd(&stage.getBody().front());
    auto updateSegment = SegmentOp::create(end, stage.getLoc(), Phase::Update);
    update.setInsertionPointToEnd(&updateSegment.getBody().emplaceBlock());
    for (auto slot : stage.getBody().front().getOps<SlotOp>()) {
      names.insert(slot.getSymName());
      if (slot.getRole() == SlotRole::Metric)
        loss = slot;
      if (slot.getRole() == SlotRole::Weight)
        parameters[slot.getParameterAttr().getAttr()].weights.push_back(slot);
      if (slot.getRole() == SlotRole::Gradient)
        parameters[slot.getParameterAttr().getAttr()].gradients.push_back(slot);
    }
  }

  /// `value` in another layout of its mesh.
  static Value convert(OpBuilder &b, Value value, const Layout &layout) {
    RankedTensorType type = inLayout(value.getType(), getLayout(value.getType()).toMesh(), layout);
    return type == value.getType() ? value
                                   : ConvertOp::create(b, value.getLoc(), type, value).getResult();
  }

  static Value cast(OpBuilder &b, Value value, Type elementType) {
    RankedTensorType type = withElementType(value.getType(), elementType);
    return type == value.getType()
               ? value
               : CastOp::create(b, value.getLoc(), type, value, StringAttr()).getResult();
  }

  static Value load(OpBuilder &b, SlotOp slot) {
    return LoadOp::create(b, slot.getLoc(), slot.getType(), slot.getSymName());
  }

  SlotOp makeSlot(StringAttr parameter, StringRef suffix, SlotRole role, Type type) {
    std::string name = (parameter.getValue() + suffix).str();
    // A parameter may be called like another one's slot.
    for (unsigned count = 1; !names.insert(name).second; ++count)
      name = (parameter.getValue() + suffix + "#" + Twine(count)).str();
    return SlotOp::create(slots, stage.getLoc(), name, role, uint64_t(1),
                          FlatSymbolRefAttr::get(parameter), ::cast<RankedTensorType>(type));
  }
};

class Synchronizer {
public:
  Synchronizer(ProgramOp program, OptimizerAttr optimizer)
      : program(program), optimizer(optimizer) {
    for (auto stage : program.getBody().front().getOps<StageOp>())
      stages.push_back(std::make_unique<StageBuilder>(stage));
  }

  void run() {
    llvm::SmallVector<ParameterOp> parameters =
        llvm::to_vector(program.getBody().front().getOps<ParameterOp>());
    for (ParameterOp parameter : parameters)
      readParameter(parameter);
    for (ParameterOp parameter : parameters)
      gatherGradient(parameter);
    clipAndReport();
    for (Home &home : homes)
      updateParameter(home);
  }

private:
  /// Where a parameter and its optimizer state live, and its whole gradient there.
  struct Home {
    ParameterOp parameter;
    StageBuilder *stage;
    SlotOp slot;
    Value gradient;
  };

  /// Home is the stage of the first use, in the layout that this use wants, with nothing pending.
  /// From there one transfer to each other stage that reads it.
  void readParameter(ParameterOp parameter) {
    StringAttr path = parameter.getSymNameAttr();
    Type modelType = cast<RankedTensorType>(parameter.getType()).getElementType();
    Home home{parameter, nullptr, {}, {}};
    Value atHome;
    for (auto &stage : stages) {
      auto it = stage->parameters.find(path);
      if (it == stage->parameters.end() || it->second.weights.empty())
        continue;
      llvm::SmallVector<SlotOp> &weights = it->second.weights;
      Layout wanted = getLayout(weights.front().getType()).toLayout().withoutPending();
      Value local;
      if (!home.stage) {
        home.stage = stage.get();
        RankedTensorType type = inLayout(weights.front().getType(), stage->mesh, wanted);
        home.slot = stage->makeSlot(path, "", SlotRole::Parameter,
                                    withElementType(type, nn::accumulationType(modelType)));
        // Cast first: what moves is then in the narrower type.
        local = atHome =
            StageBuilder::cast(stage->read, StageBuilder::load(stage->read, home.slot), modelType);
      } else {
        local = transfer(atHome, *home.stage, &StageBuilder::read, *stage, &StageBuilder::read,
                         wanted, path.getValue());
      }
      for (SlotOp weight : weights) {
        Value value =
            StageBuilder::convert(stage->read, local, getLayout(weight.getType()).toLayout());
        StoreOp::create(stage->read, weight.getLoc(), value, weight.getSymName());
      }
    }
    if (home.stage)
      homes.push_back(home);
  }

  /// `value` of one stage on another, in layout `wanted`.
  Value transfer(Value value, StageBuilder &source, OpBuilder StageBuilder::*from,
                 StageBuilder &destination, OpBuilder StageBuilder::*to, const Layout &wanted,
                 StringRef name) {
    Location loc = value.getLoc();
    RankedTensorType global = globalType(cast<RankedTensorType>(value.getType()));
    Transfer plan = planTransfer(source.mesh, layoutOf(value), destination.mesh, wanted,
                                 global.getShape().vec());
    OpBuilder &sender = source.*from, &receiver = destination.*to;
    Value sent = StageBuilder::convert(sender, value, plan.sent);
    SendOp::create(sender, loc, sender.getStringAttr(name), sent,
                   sender.getI64IntegerAttr(destination.stage.getIndex()));
    Value received = ReceiveOp::create(
        receiver, loc, localType(global, destination.mesh, plan.received),
        receiver.getStringAttr(name), receiver.getI64IntegerAttr(source.stage.getIndex()));
    return StageBuilder::convert(receiver, received, wanted);
  }

  /// Contributions of one stage, those of one layout added while pending, in layout `want`.
  static Value sumSlots(StageBuilder &stage, ArrayRef<SlotOp> slots, StringRef path,
                        const Layout &want) {
    llvm::SmallVector<Value> values;
    for (SlotOp slot : slots)
      values.push_back(
          StageBuilder::convert(stage.update, StageBuilder::load(stage.update, slot), want));
    return addAll(stage, values, path);
  }

  static Value addAll(StageBuilder &stage, ArrayRef<Value> values, StringRef path) {
    if (values.size() == 1)
      return values.front();
    OpBuilder &b = stage.update;
    return nn::SumOp::create(b, values.front().getLoc(), values.front().getType(),
                             b.getStringAttr(path), values);
  }

  void gatherGradient(ParameterOp parameter) {
    auto it = llvm::find_if(homes, [&](Home &home) { return home.parameter == parameter; });
    if (it == homes.end())
      return;
    Home &home = *it;
    StringAttr path = parameter.getSymNameAttr();
    Layout homeLayout = getLayout(home.slot.getType()).toLayout();
    llvm::SmallVector<Value> contributions;
    for (auto &stage : stages) {
      auto slots = stage->parameters.find(path);
      if (slots == stage->parameters.end() || slots->second.gradients.empty())
        continue;
      llvm::SmallVector<SlotOp> &gradients = slots->second.gradients;
      if (stage.get() == home.stage) {
        contributions.push_back(sumSlots(*stage, gradients, path, homeLayout));
        continue;
      }
      // Reduced straight into the form in which it is sent.
      RankedTensorType global = globalType(cast<RankedTensorType>(gradients.front().getType()));
      Layout owned = ownedLayout(stage->mesh, getLayout(gradients.front().getType()).toLayout(),
                                 global.getShape().vec());
      Value sum = sumSlots(*stage, gradients, path, owned);
      contributions.push_back(transfer(sum, *stage, &StageBuilder::update, *home.stage,
                                       &StageBuilder::update, homeLayout, path.getValue()));
    }
    if (!contributions.empty())
      home.gradient = addAll(*home.stage, contributions, path);
  }

  /// Every stage adds its squares, each element once: devices that hold copies are masked.
  void clipAndReport() {
    Type scalarType = Float32Type::get(program.getContext());
    for (Home &home : homes)
      if (home.gradient && cast<RankedTensorType>(home.gradient.getType()).getElementType().isF64())
        scalarType = Float64Type::get(program.getContext());
    for (auto &stage : stages) {
      OpBuilder &b = stage->update;
      Location loc = stage->stage.getLoc();
      RankedTensorType global = RankedTensorType::get({}, scalarType);
      Layout everywhere = Layout::replicated(0);
      for (unsigned digit = 0; digit < stage->mesh.numDigits(); ++digit)
        everywhere.pending.push_back(digit);
      llvm::SmallVector<Value> squares;
      for (Home &home : homes) {
        if (home.stage != stage.get() || !home.gradient)
          continue;
        Layout pending = Layout::replicated(0);
        for (const DigitList &dim : layoutOf(home.gradient).dims)
          pending.pending.insert(pending.pending.end(), dim.begin(), dim.end());
        llvm::sort(pending.pending);
        Value square =
            SquareSumOp::create(b, loc, localType(global, stage->mesh, pending), home.gradient);
        squares.push_back(StageBuilder::convert(b, square, everywhere));
      }
      auto zero = [&](RankedTensorType type) {
        Value value = ZeroOp::create(b, loc, localType(type, stage->mesh, Layout::replicated(0)));
        return StageBuilder::convert(b, value, everywhere);
      };
      auto worldSum = [&](Value value, RankedTensorType type) -> Value {
        return WorldSumOp::create(b, loc, localType(type, stage->mesh, Layout::replicated(0)),
                                  value);
      };
      Value total = worldSum(
          squares.empty() ? zero(global) : addAll(*stage, squares, "gradient_norm"), global);
      auto clip = ClipCoefficientOp::create(b, loc, TypeRange{total.getType(), total.getType()},
                                            total, optimizer.getClipGrad());
      coefficients[stage.get()] = clip.getCoefficient();

      RankedTensorType lossGlobal = lossType();
      Value loss = stage->loss
                       ? StageBuilder::convert(b, StageBuilder::load(b, stage->loss), everywhere)
                       : zero(lossGlobal);
      Value totalLoss = worldSum(loss, lossGlobal);
      ReportOp::create(b, loc, b.getStringAttr("loss"), totalLoss);
      ReportOp::create(b, loc, b.getStringAttr("grad_norm"), clip.getNorm());
    }
  }

  RankedTensorType lossType() {
    for (auto &stage : stages)
      if (stage->loss)
        return globalType(cast<RankedTensorType>(stage->loss.getType()));
    llvm_unreachable("a program has a loss");
  }

  void updateParameter(Home &home) {
    if (!home.gradient)
      return; // nothing depends on it
    StageBuilder &stage = *home.stage;
    OpBuilder &b = stage.update;
    Location loc = home.parameter.getLoc();
    StringAttr path = home.parameter.getSymNameAttr();
    Type type = home.slot.getType();
    Value parameter = StageBuilder::load(b, home.slot);
    Value coefficient = coefficients[&stage];
    FloatAttr decay =
        home.parameter.getNoDecay() ? b.getF64FloatAttr(0) : optimizer.getWeightDecay();
    auto store = [&](Value value, SlotOp slot) {
      StoreOp::create(b, loc, value, slot.getSymName());
    };
    if (optimizer.getKind() == OptimizerKind::AdamW) {
      SlotOp first = stage.makeSlot(path, ".moment1", SlotRole::Moment1, type);
      SlotOp second = stage.makeSlot(path, ".moment2", SlotRole::Moment2, type);
      auto op =
          AdamWOp::create(b, loc, TypeRange{type, type, type}, parameter, home.gradient,
                          StageBuilder::load(b, first), StageBuilder::load(b, second), coefficient,
                          optimizer.getBeta1(), optimizer.getBeta2(), optimizer.getEps(), decay);
      store(op.getNewParameter(), home.slot);
      store(op.getNewMoment1(), first);
      store(op.getNewMoment2(), second);
    } else if (optimizer.getMomentum().getValueAsDouble() > 0) {
      SlotOp moment = stage.makeSlot(path, ".moment1", SlotRole::Moment1, type);
      auto op = SGDMomentumOp::create(b, loc, TypeRange{type, type}, parameter, home.gradient,
                                      StageBuilder::load(b, moment), coefficient,
                                      optimizer.getMomentum(), decay);
      store(op.getNewParameter(), home.slot);
      store(op.getNewMoment(), moment);
    } else {
      store(SGDOp::create(b, loc, type, parameter, home.gradient, coefficient, decay), home.slot);
    }
  }

  ProgramOp program;
  OptimizerAttr optimizer;
  std::vector<std::unique_ptr<StageBuilder>> stages;
  std::vector<Home> homes;
  llvm::DenseMap<StageBuilder *, Value> coefficients;
};

struct ExecSynchronizePass : aceso::exec::impl::ExecSynchronizePassBase<ExecSynchronizePass> {
  using ExecSynchronizePassBase::ExecSynchronizePassBase;

  void runOnOperation() override {
    ProgramOp program = getOperation();
    std::optional<OptimizerKind> kind = symbolizeOptimizerKind(optimizer.getValue());
    if (!kind) {
      program.emitError("unknown optimizer '") << optimizer.getValue() << "'; choose adamw or sgd";
      return signalPassFailure();
    }
    if (failed(checkNumbers()) || failed(checkLoss()))
      return signalPassFailure();
    Builder b(&getContext());
    auto number = [&](double value) { return b.getF64FloatAttr(value); };
    auto settings =
        OptimizerAttr::get(&getContext(), *kind, number(beta1), number(beta2), number(epsilon),
                           number(weightDecay), number(momentum), number(clipGrad));
    program.setOptimizerAttr(settings);
    Synchronizer(program, settings).run();
  }

private:
  LogicalResult checkLoss() {
    for (auto stage : getOperation().getBody().front().getOps<StageOp>())
      for (auto slot : stage.getBody().front().getOps<SlotOp>())
        if (slot.getRole() == SlotRole::Metric)
          return success();
    return getOperation().emitOpError(
        "has no slot of role metric, which holds the loss; exec-place "
        "makes it");
  }

  /// As the attribute does it, but by the names of the options.
  LogicalResult checkNumbers() {
    for (Option<double> *option : {&beta1, &beta2, &epsilon, &weightDecay, &momentum, &clipGrad}) {
      std::string field = option->getArgStr().str();
      llvm::replace(field, '-', '_');
      if (std::string problem = checkOptimizerNumber(field, option->getValue()); !problem.empty())
        return getOperation().emitError("the option '") << option->getArgStr() << "' " << problem;
    }
    return success();
  }
};

} // namespace
