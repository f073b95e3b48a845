//===- ExecDialect.cpp - The exec dialect and its attributes ----*- C++ -*-===//

#include "aceso/Dialect/Exec/Exec.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

#include "aceso/Dialect/Exec/ExecDialect.cpp.inc"
#include "aceso/Dialect/Exec/ExecEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "aceso/Dialect/Exec/ExecAttrs.cpp.inc"

/// Directive custom<Enum>: an enum with one blank in front; as an attribute of its own, which is
/// what formats print, it has two.
template <typename Attr> static ParseResult parseEnum(OpAsmParser &parser, Attr &attr) {
  auto value = FieldParser<decltype(attr.getValue())>::parse(parser);
  if (failed(value))
    return failure();
  attr = Attr::get(parser.getContext(), *value);
  return success();
}

template <typename Attr> static void printEnum(OpAsmPrinter &printer, Operation *, Attr attr) {
  printer << attr.getValue();
}

#define GET_OP_CLASSES
#include "aceso/Dialect/Exec/ExecOps.cpp.inc"

void ExecDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "aceso/Dialect/Exec/ExecAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "aceso/Dialect/Exec/ExecOps.cpp.inc"
      >();
}

LogicalResult ExecDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != AtAttr::attrName)
    return op->emitOpError("carries the unknown attribute ") << attribute.getName();
  if (!isa<AtAttr>(attribute.getValue()))
    return op->emitOpError("has an exec.at that is no #exec.at<...>");
  return success();
}

//===----------------------------------------------------------------------===//
// #exec.at
//===----------------------------------------------------------------------===//

Attribute AtAttr::parse(AsmParser &parser, Type) {
  int64_t stage = 0;
  StringRef keyword;
  SMLoc loc;
  if (parser.parseLess() || parser.parseInteger(stage) || parser.parseComma() ||
      parser.getCurrentLocation(&loc) || parser.parseKeyword(&keyword))
    return {};
  std::optional<Phase> phase = symbolizePhase(keyword);
  if (!phase) {
    parser.emitError(loc, "expected read, forward, backward or update, not '") << keyword << "'";
    return {};
  }
  bool recomputed = false;
  if (succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("recomputed"))
      return {};
    recomputed = true;
  }
  if (parser.parseGreater())
    return {};
  return get(parser.getContext(), stage, *phase, recomputed);
}

void AtAttr::print(AsmPrinter &printer) const {
  printer << "<" << getStage() << ", " << stringifyPhase(getPhase());
  if (getRecomputed())
    printer << ", recomputed";
  printer << ">";
}

//===----------------------------------------------------------------------===//
// #exec.layout
//===----------------------------------------------------------------------===//

static FailureOr<DenseI64ArrayAttr> parseDigits(AsmParser &parser) {
  llvm::SmallVector<int64_t> digits;
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                     [&] { return parser.parseInteger(digits.emplace_back()); }))
    return failure();
  return DenseI64ArrayAttr::get(parser.getContext(), digits);
}

static void printDigits(AsmPrinter &printer, DenseI64ArrayAttr digits) {
  printer << "[";
  llvm::interleaveComma(digits.asArrayRef(), printer);
  printer << "]";
}

Attribute exec::LayoutAttr::parse(AsmParser &parser, Type) {
  llvm::SmallVector<Attribute> dims;
  ReductionKind reduction = ReductionKind::Sum;
  MLIRContext *context = parser.getContext();
  if (parser.parseLess() || parser.parseKeyword("mesh") || parser.parseEqual())
    return {};
  FailureOr<DenseI64ArrayAttr> mesh = parseDigits(parser);
  if (failed(mesh) || parser.parseComma() || parser.parseKeyword("dims") || parser.parseEqual() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
        FailureOr<DenseI64ArrayAttr> digits = parseDigits(parser);
        dims.push_back(succeeded(digits) ? *digits : DenseI64ArrayAttr());
        return failure(failed(digits));
      }))
    return {};
  DenseI64ArrayAttr pending = DenseI64ArrayAttr::get(context, {});
  if (succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("pending") || parser.parseEqual())
      return {};
    if (succeeded(parser.parseOptionalKeyword("max")))
      reduction = ReductionKind::Max;
    FailureOr<DenseI64ArrayAttr> digits = parseDigits(parser);
    if (failed(digits))
      return {};
    pending = *digits;
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<exec::LayoutAttr>(context, *mesh, ArrayAttr::get(context, dims), pending,
                                             reduction);
}

void exec::LayoutAttr::print(AsmPrinter &printer) const {
  printer << "<mesh = ";
  printDigits(printer, getMesh());
  printer << ", dims = [";
  llvm::interleaveComma(getDims(), printer, [&](Attribute digits) {
    printDigits(printer, cast<DenseI64ArrayAttr>(digits));
  });
  printer << "]";
  if (!getPending().empty()) {
    printer << ", pending = " << (getReduction() == ReductionKind::Max ? "max " : "");
    printDigits(printer, getPending());
  }
  printer << ">";
}

LogicalResult exec::LayoutAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                                       DenseI64ArrayAttr mesh, ArrayAttr dims,
                                       DenseI64ArrayAttr pending, ReductionKind) {
  if (std::string error = checkRadices(mesh.asArrayRef()); !error.empty())
    return emitError() << error;
  llvm::SmallVector<bool> used(mesh.size(), false);
  auto use = [&](int64_t digit) -> LogicalResult {
    if (digit < 0 || digit >= static_cast<int64_t>(mesh.size()))
      return emitError() << "names digit " << digit << " of a mesh of " << mesh.size() << " digits";
    if (used[digit])
      return emitError() << "uses digit " << digit << " twice";
    used[digit] = true;
    return success();
  };
  for (Attribute dim : dims) {
    auto digits = dyn_cast_or_null<DenseI64ArrayAttr>(dim);
    if (!digits)
      return emitError() << "dims must be lists of digits";
    for (int64_t digit : digits.asArrayRef())
      if (failed(use(digit)))
        return failure();
  }
  if (!llvm::is_sorted(pending.asArrayRef()))
    return emitError() << "pending digits stand in ascending order";
  for (int64_t digit : pending.asArrayRef())
    if (failed(use(digit)))
      return failure();
  return success();
}

LogicalResult
exec::LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                                 llvm::function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != getDims().size())
    return emitError() << "a layout of " << getDims().size() << " dimensions on a tensor of "
                       << shape.size();
  if (ShapedType::isDynamicShape(shape))
    return emitError() << "a layout on a tensor with dynamic dimensions";
  return success();
}

exec::LayoutAttr exec::LayoutAttr::get(MLIRContext *context, const Mesh &mesh,
                                       const Layout &layout) {
  auto digits = [&](const DigitList &list) {
    return DenseI64ArrayAttr::get(context, llvm::SmallVector<int64_t>(list.begin(), list.end()));
  };
  llvm::SmallVector<Attribute> dims;
  for (const DigitList &dim : layout.dims)
    dims.push_back(digits(dim));
  ReductionKind reduction = !layout.pending.empty() && layout.reduction == Reduction::Max
                                ? ReductionKind::Max
                                : ReductionKind::Sum;
  return get(context, DenseI64ArrayAttr::get(context, mesh.getRadices()),
             ArrayAttr::get(context, dims), digits(layout.pending), reduction);
}

Mesh exec::LayoutAttr::toMesh() const {
  return Mesh(std::vector<int64_t>(getMesh().asArrayRef().begin(), getMesh().asArrayRef().end()));
}

Layout exec::LayoutAttr::toLayout() const {
  auto digits = [](DenseI64ArrayAttr list) {
    return DigitList(list.asArrayRef().begin(), list.asArrayRef().end());
  };
  Layout layout;
  for (Attribute dim : getDims())
    layout.dims.push_back(digits(cast<DenseI64ArrayAttr>(dim)));
  layout.pending = digits(getPending());
  layout.reduction = getReduction() == ReductionKind::Max ? Reduction::Max : Reduction::Sum;
  return layout;
}

exec::LayoutAttr exec::getLayout(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? dyn_cast_or_null<LayoutAttr>(tensor.getEncoding()) : LayoutAttr();
}

RankedTensorType exec::localType(RankedTensorType global, const Mesh &mesh, const Layout &layout) {
  std::vector<int64_t> shape = localShape(mesh, layout, global.getShape().vec());
  return RankedTensorType::get(shape, global.getElementType(),
                               LayoutAttr::get(global.getContext(), mesh, layout));
}

RankedTensorType exec::globalType(RankedTensorType local) {
  LayoutAttr encoding = getLayout(local);
  llvm::SmallVector<int64_t> shape(local.getShape());
  if (encoding) {
    Mesh mesh = encoding.toMesh();
    for (auto [size, digits] : llvm::zip_equal(shape, encoding.toLayout().dims))
      size *= mesh.product(digits);
  }
  return RankedTensorType::get(shape, local.getElementType());
}

//===----------------------------------------------------------------------===//
// #exec.optimizer
//===----------------------------------------------------------------------===//

LogicalResult OptimizerAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                                    OptimizerKind, FloatAttr beta1, FloatAttr beta2, FloatAttr eps,
                                    FloatAttr weightDecay, FloatAttr momentum, FloatAttr clipGrad) {
  for (auto [name, value] : {std::pair("beta1", beta1),
                             {"beta2", beta2},
                             {"momentum", momentum},
                             {"eps", eps},
                             {"weight_decay", weightDecay},
                             {"clip_grad", clipGrad}})
    if (std::string problem = checkOptimizerNumber(name, value.getValueAsDouble());
        !problem.empty())
      return emitError() << name << " " << problem;
  return success();
}

std::string exec::checkOptimizerNumber(StringRef field, double value) {
  bool isShare = field == "beta1" || field == "beta2" || field == "momentum";
  if (value >= 0 && std::isfinite(value) && (!isShare || value < 1))
    return "";
  const char *limit = isShare ? " and below 1" : std::isinf(value) ? " and finite" : "";
  std::string text;
  llvm::raw_string_ostream(text) << "must be at least 0" << limit << ", not "
                                 << llvm::format("%g", value);
  return text;
}
