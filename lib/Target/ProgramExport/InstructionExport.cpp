//===- InstructionExport.cpp - Segments as plain instructions ---*- C++ -*-===//

#include "InstructionExport.h"

#include "aceso/Program/KernelLetters.h"
#include "aceso/Program/Kernels.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

LogicalResult aceso::findSymbol(Operation *op, const llvm::StringMap<Index> &symbols,
                                const char *kind, const char *owner, StringRef name, Index &index) {
  auto symbol = symbols.find(name);
  if (symbol == symbols.end())
    return op->emitOpError("names ")
           << kind << " @" << name << ", which the " << owner << " does not have";
  index = symbol->second;
  return success();
}

//===----------------------------------------------------------------------===//
// Types and messages
//===----------------------------------------------------------------------===//

FailureOr<ElementType> aceso::exportElementType(Operation *op, Type type) {
  if (type.isF16())
    return ElementType::F16;
  if (type.isBF16())
    return ElementType::BF16;
  if (type.isF32())
    return ElementType::F32;
  if (type.isF64())
    return ElementType::F64;
  if (type.isInteger(32))
    return ElementType::I32;
  if (type.isInteger(64))
    return ElementType::I64;
  return op->emitOpError("is of element type ") << type << ", which programs do not have",
         failure();
}

FailureOr<TensorDesc> aceso::exportTensor(Operation *op, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  exec::LayoutAttr layout = getLayout(tensor);
  if (!layout)
    return op->emitOpError("is of ")
               << type << ", which says no layout; run exec-place (lower-to-exec does)",
           failure();
  FailureOr<ElementType> elementType = exportElementType(op, tensor.getElementType());
  if (failed(elementType))
    return failure();
  return TensorDesc{*elementType, globalType(tensor).getShape().vec(), layout.toLayout()};
}

MessagePieces aceso::matchMessages(exec::ProgramOp program) {
  // Sends by source, destination and phase, in order; each receive takes the next.
  std::map<std::tuple<int64_t, int64_t, Phase>, std::vector<SendOp>> sends;
  for (auto stage : program.getBody().front().getOps<StageOp>())
    for (auto segment : stage.getBody().front().getOps<SegmentOp>())
      for (auto send : segment.getBody().front().getOps<SendOp>())
        sends[{stage.getIndex(), send.getPeer(), segment.getPhase()}].push_back(send);
  auto stages = llvm::to_vector(program.getBody().front().getOps<StageOp>());
  std::map<std::tuple<int64_t, int64_t, Phase>, size_t> next;
  MessagePieces pieces;
  for (StageOp stage : stages)
    for (auto segment : stage.getBody().front().getOps<SegmentOp>())
      for (auto receive : segment.getBody().front().getOps<ReceiveOp>()) {
        std::tuple key(static_cast<int64_t>(receive.getPeer()),
                       static_cast<int64_t>(stage.getIndex()), segment.getPhase());
        std::vector<SendOp> &queue = sends[key];
        size_t position = next[key]++;
        if (position >= queue.size())
          continue; // the program's verifier reports it
        SendOp send = queue[position];
        StageOp source = stages[receive.getPeer()];
        auto from = cast<RankedTensorType>(send.getValue().getType()),
             to = cast<RankedTensorType>(receive.getType());
        exec::LayoutAttr sent = getLayout(from), received = getLayout(to);
        // Nor what cannot be one value, whole on its way.
        if (!sent || !received || !received.getPending().empty() ||
            globalType(from).getShape() != globalType(to).getShape())
          continue;
        Transfer plan = planTransfer(sent.toMesh(), sent.toLayout(), received.toMesh(),
                                     received.toLayout(), globalType(to).getShape().vec());
        for (BoxPiece &piece : plan.messages) {
          piece.source += source.getFirstRank();
          piece.destination += stage.getFirstRank();
        }
        pieces[send] = plan.messages;
        pieces[receive] = plan.messages;
      }
  return pieces;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// Letters of a tensor as Signature::parse reads them.
static std::string patternOf(const TensorLetters &tensor) {
  std::string text;
  for (const std::string &dim : tensor.dims) {
    text += text.empty() ? "" : " ";
    if (dim.size() == 1) {
      text += dim;
      continue;
    }
    text += "(";
    for (size_t i = 0; i < dim.size(); ++i)
      text += std::string(i ? " " : "") + dim[i];
    text += ")";
  }
  return text.empty() ? "()" : text;
}

static std::string patternOf(const Signature &signature) {
  std::string text;
  for (const TensorLetters &operand : signature.operands)
    text +=
        (text.empty() ? "" : ", ") + std::string(operand.additive ? "+" : "") + patternOf(operand);
  text += " ->";
  for (size_t i = 0; i < signature.results.size(); ++i)
    text += (i ? ", " : " ") +
            std::string(signature.results[i].reduction == Reduction::Max ? "max:" : "") +
            patternOf(signature.results[i]);
  return text;
}

/// Optimizer and scalar kernels work element by element.
static std::string elementwisePattern(Operation *op) {
  auto ranks = [](ValueRange values) {
    std::vector<unsigned> result;
    for (Value value : values)
      result.push_back(cast<RankedTensorType>(value.getType()).getRank());
    return result;
  };
  return elementwiseLetters(ranks(op->getOperands()), ranks(op->getResults()));
}

/// What the kernel reads; what the letters say already is left out. A dictionary's keys come after
/// a dot.
static AttributeMap attributesOf(Operation *op) {
  AttributeMap attributes;
  auto add = [&](const std::string &name, Attribute value) {
    // A boolean is an integer of one bit, too.
    if (auto boolean = dyn_cast<BoolAttr>(value))
      attributes[name] = boolean.getValue();
    else if (auto integer = dyn_cast<IntegerAttr>(value))
      attributes[name] = integer.getInt();
    else if (auto number = dyn_cast<FloatAttr>(value))
      attributes[name] = number.getValueAsDouble();
    else if (isa<UnitAttr>(value))
      attributes[name] = true;
  };
  for (NamedAttribute attribute : op->getAttrs()) {
    StringRef name = attribute.getName();
    if (auto dictionary = dyn_cast<DictionaryAttr>(attribute.getValue())) {
      for (NamedAttribute entry : dictionary)
        add((name + "." + entry.getName().strref()).str(), entry.getValue());
    } else {
      auto unit = dyn_cast<nn::NNOp>(op);
      add(unit ? unit.getKernelAttributeName(name) : name.str(), attribute.getValue());
    }
  }
  return attributes;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

static DigitList toDigits(ArrayRef<int64_t> digits) {
  return DigitList(digits.begin(), digits.end());
}

/// The step of a conversion op; none for other ops.
static std::optional<ConversionStep> exportStep(Operation *op) {
  auto step = [&](StepKind kind, ArrayRef<int64_t> digits) {
    ConversionStep result;
    result.kind = kind;
    result.digits = toDigits(digits);
    result.before = getLayout(op->getOperand(0).getType()).toLayout();
    result.after = getLayout(op->getResult(0).getType()).toLayout();
    return result;
  };
  return llvm::TypeSwitch<Operation *, std::optional<ConversionStep>>(op)
      .Case([&](SliceOp slice) {
        ConversionStep result = step(StepKind::Slice, slice.getDigits());
        result.toDim = slice.getDim();
        return result;
      })
      .Case([&](MaskOp mask) { return step(StepKind::Mask, mask.getDigits()); })
      .Case([&](AllReduceOp reduce) { return step(StepKind::AllReduce, reduce.getDigits()); })
      .Case([&](ReduceScatterOp scatter) {
        ConversionStep result = step(StepKind::ReduceScatter, scatter.getDigits());
        result.toDim = scatter.getDim();
        return result;
      })
      .Case([&](AllGatherOp gather) {
        ConversionStep result = step(StepKind::AllGather, gather.getDigits());
        result.fromDim = gather.getDim();
        return result;
      })
      .Case([&](AllToAllOp exchange) {
        ConversionStep result = step(StepKind::AllToAll, exchange.getDigits());
        result.fromDigits = toDigits(exchange.getFromDigits());
        result.fromDim = exchange.getFrom();
        result.toDim = exchange.getTo();
        return result;
      })
      .Case(
          [&](BoxExchangeOp exchange) { return step(StepKind::BoxExchange, exchange.getDigits()); })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

namespace {

class SegmentExporter {
public:
  explicit SegmentExporter(const ProgramSymbols &symbols) : symbols(symbols) {}

  FailureOr<Segment> run(SegmentOp segment) {
    result.kind = static_cast<SegmentKind>(segment.getPhase());
    for (Operation &op : segment.getBody().front()) {
      if (auto release = dyn_cast<ReleaseOp>(op)) {
        for (Value value : release.getValues()) {
          Instruction instruction;
          instruction.kind = InstructionKind::Release;
          instruction.operands = {indices.lookup(value)};
          result.instructions.push_back(std::move(instruction));
        }
        continue;
      }
      Instruction instruction;
      for (Value operand : op.getOperands())
        instruction.operands.push_back(indices.lookup(operand));
      for (Value value : op.getResults()) {
        FailureOr<TensorDesc> tensor = exportTensor(&op, value.getType());
        if (failed(tensor))
          return failure();
        indices[value] = result.values.size();
        instruction.results.push_back(result.values.size());
        result.values.push_back(std::move(*tensor));
      }
      if (auto path = op.getAttrOfType<StringAttr>("path"))
        instruction.path = path.getValue();
      if (failed(fill(&op, instruction)))
        return failure();
      result.instructions.push_back(std::move(instruction));
    }
    return std::move(result);
  }

private:
  LogicalResult fill(Operation *op, Instruction &instruction) {
    if (std::optional<ConversionStep> step = exportStep(op)) {
      instruction.kind = InstructionKind::Convert;
      instruction.step = std::move(*step);
      return success();
    }
    auto slot = [&](InstructionKind kind, StringRef name) {
      instruction.kind = kind;
      return findSymbol(op, symbols.slots, "slot", "stage", name, instruction.index);
    };
    auto message = [&](InstructionKind kind, StringRef name, int64_t peer) {
      instruction.kind = kind;
      instruction.name = name;
      instruction.peer = peer;
      instruction.pieces = symbols.pieces.lookup(op);
      return success();
    };
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](ReadInputOp input) {
          instruction.kind = InstructionKind::Input;
          return findSymbol(op, symbols.inputs, "input", "program", input.getInput(),
                            instruction.index);
        })
        .Case([&](LoadOp load) { return slot(InstructionKind::Load, load.getSlot()); })
        .Case([&](StoreOp store) { return slot(InstructionKind::Store, store.getSlot()); })
        .Case([&](AddToSlotOp add) { return slot(InstructionKind::Accumulate, add.getSlot()); })
        .Case([&](ReleaseSlotOp release) {
          return slot(InstructionKind::ReleaseSlot, release.getSlot());
        })
        .Case([&](SendOp send) {
          return message(InstructionKind::Send, send.getName(), send.getPeer());
        })
        .Case([&](ReceiveOp receive) {
          return message(InstructionKind::Receive, receive.getName(), receive.getPeer());
        })
        .Case([&](WorldSumOp) {
          instruction.kind = InstructionKind::WorldSum;
          return success();
        })
        .Case([&](ReportOp report) {
          instruction.kind = InstructionKind::Report;
          instruction.name = report.getName();
          return success();
        })
        .Default([&](Operation *) { return fillKernel(op, instruction); });
  }

  static LogicalResult fillKernel(Operation *op, Instruction &instruction) {
    instruction.kind = InstructionKind::Kernel;
    instruction.name = op->getName().getStringRef();
    if (!findKernel(instruction.name))
      return op->emitOpError("is nothing that a rank can run; lower it first (lower-to-exec does)");
    instruction.attributes = attributesOf(op);
    if (auto unit = dyn_cast<nn::NNOp>(op)) {
      Signature signature = unit.getSignature();
      instruction.letters = patternOf(signature);
      instruction.nosplit = signature.nosplit;
    } else {
      instruction.letters = elementwisePattern(op);
    }
    return success();
  }

  const ProgramSymbols &symbols;
  Segment result;
  llvm::DenseMap<Value, Index> indices;
};

} // namespace

FailureOr<Segment> aceso::exportSegment(SegmentOp segment, const ProgramSymbols &symbols) {
  return SegmentExporter(symbols).run(segment);
}
