//===- ProgramExport.cpp - From exec.program to what ranks read -*- C++ -*-===//

#include "aceso/Target/ProgramExport.h"

#include "InstructionExport.h"

#include "aceso/Program/ProgramFile.h"
#include "aceso/Program/VerifyProgram.h"
#include "aceso/Target/ShortErrors.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::exec;

/// Roles and kinds stand in the same order in both enumerations.
static_assert(static_cast<unsigned>(exec::SlotRole::Metric) ==
              static_cast<unsigned>(aceso::SlotRole::Metric));
static_assert(static_cast<unsigned>(exec::Phase::Update) ==
              static_cast<unsigned>(SegmentKind::Update));
static_assert(static_cast<unsigned>(nn::InitKind::Normal) ==
              static_cast<unsigned>(aceso::InitKind::Normal));
static_assert(static_cast<unsigned>(exec::OptimizerKind::AdamW) ==
              static_cast<unsigned>(aceso::OptimizerKind::AdamW));

static FailureOr<std::vector<ScheduleItem>> exportSchedule(Block &items,
                                                           const std::map<Phase, Index> &segments) {
  std::vector<ScheduleItem> result;
  for (Operation &op : items) {
    ScheduleItem item;
    if (auto loop = dyn_cast<RepeatOp>(op)) {
      FailureOr<std::vector<ScheduleItem>> body = exportSchedule(loop.getBody().front(), segments);
      if (failed(body))
        return failure();
      item.kind = ScheduleItem::Kind::Repeat;
      item.count = loop.getCount();
      item.body = std::move(*body);
    } else if (auto run = dyn_cast<RunOp>(op)) {
      auto segment = segments.find(run.getPhase());
      if (segment == segments.end())
        return run.emitOpError("runs ")
                   << stringifyPhase(run.getPhase()) << ", which the stage does not have",
               failure();
      item.segment = segment->second;
    } else {
      return op.emitOpError("stands in a schedule, which holds exec.run and exec.repeat only"),
             failure();
    }
    result.push_back(std::move(item));
  }
  return result;
}

static FailureOr<StageProgram> exportStage(StageOp stage, ProgramSymbols &symbols) {
  StageProgram result;
  result.firstRank = stage.getFirstRank();
  result.mesh = stage.getMesh().vec();
  symbols.slots.clear();
  for (auto slot : stage.getBody().front().getOps<SlotOp>()) {
    FailureOr<TensorDesc> tensor = exportTensor(slot, slot.getType());
    if (failed(tensor))
      return failure();
    symbols.slots[slot.getSymName()] = result.slots.size();
    Index parameter = 0;
    if (slot.getParameter() && failed(findSymbol(slot, symbols.parameters, "parameter", "program",
                                                 *slot.getParameter(), parameter)))
      return failure();
    result.slots.push_back({slot.getSymName().str(), static_cast<aceso::SlotRole>(slot.getRole()),
                            *tensor, static_cast<uint32_t>(slot.getDepth()), parameter});
  }
  std::map<Phase, Index> segments;
  for (auto segment : stage.getBody().front().getOps<SegmentOp>()) {
    FailureOr<Segment> exported = exportSegment(segment, symbols);
    if (failed(exported))
      return failure();
    segments[segment.getPhase()] = result.segments.size();
    result.segments.push_back(std::move(*exported));
  }
  ScheduleOp schedule = stage.getSchedule();
  if (!schedule)
    return stage.emitOpError("has no schedule; run exec-schedule (lower-to-exec does)"), failure();
  FailureOr<std::vector<ScheduleItem>> items = exportSchedule(schedule.getBody().front(), segments);
  if (failed(items))
    return failure();
  result.schedule = std::move(*items);
  return result;
}

FailureOr<Program> aceso::exportProgram(exec::ProgramOp op) {
  Program program;
  program.name = op.getSymName();
  program.planHash = op.getPlanHash();
  program.globalBatch = op.getGlobalBatch();
  program.microBatch = op.getMicroBatch();
  program.devicesPerNode = op.getCluster().getDevicesPerNode();
  std::optional<OptimizerAttr> optimizer = op.getOptimizer();
  if (!optimizer)
    return op.emitOpError("has no optimizer; run exec-synchronize (lower-to-exec does)"), failure();
  auto number = [](FloatAttr value) { return value.getValueAsDouble(); };
  program.optimizer = {static_cast<aceso::OptimizerKind>(optimizer->getKind()),
                       number(optimizer->getBeta1()),
                       number(optimizer->getBeta2()),
                       number(optimizer->getEps()),
                       number(optimizer->getWeightDecay()),
                       number(optimizer->getMomentum()),
                       number(optimizer->getClipGrad())};

  ProgramSymbols symbols;
  symbols.pieces = matchMessages(op);
  for (auto input : op.getBody().front().getOps<InputOp>()) {
    auto type = cast<RankedTensorType>(input.getType());
    FailureOr<ElementType> elementType = exportElementType(input, type.getElementType());
    if (failed(elementType))
      return failure();
    symbols.inputs[input.getSymName()] = program.inputs.size();
    program.inputs.push_back({input.getSymName().str(), *elementType, type.getShape().vec(),
                              static_cast<uint32_t>(input.getBatchDim()), input.getCounted()});
  }
  for (auto parameter : op.getBody().front().getOps<ParameterOp>()) {
    auto type = cast<RankedTensorType>(parameter.getType());
    FailureOr<ElementType> elementType = exportElementType(parameter, type.getElementType());
    if (failed(elementType))
      return failure();
    symbols.parameters[parameter.getSymName()] = program.parameters.size();
    program.parameters.push_back({parameter.getSymName().str(), *elementType, type.getShape().vec(),
                                  static_cast<aceso::InitKind>(parameter.getInit().getKind()),
                                  parameter.getInit().getDeviation(), parameter.getNoDecay()});
  }
  for (auto stage : op.getBody().front().getOps<StageOp>()) {
    FailureOr<StageProgram> exported = exportStage(stage, symbols);
    if (failed(exported))
      return failure();
    program.stages.push_back(std::move(*exported));
  }
  return program;
}

void aceso::registerExportProgram() {
  static TranslateFromMLIRRegistration registration(
      "export-program", "Write the program that the ranks run (from an exec.program)",
      [](ModuleOp module, llvm::raw_ostream &os) -> LogicalResult {
        auto programs = llvm::to_vector(module.getOps<exec::ProgramOp>());
        if (programs.size() != 1)
          return module.emitError("has ")
                 << programs.size()
                 << " exec.program ops; --export-program writes exactly one (make it with "
                    "aceso-opt --lower-to-exec)";
        FailureOr<Program> program = exportProgram(programs.front());
        if (failed(program))
          return failure();
        if (std::string problem = verifyProgram(*program); !problem.empty())
          return programs.front().emitOpError("gives a program that cannot run: ") << problem;
        os << printProgram(*program);
        return success();
      },
      [](DialectRegistry &registry) {
        registry.insert<nn::NNDialect, par::ParDialect, exec::ExecDialect>();
        keepErrorsShort(registry);
      });
}
