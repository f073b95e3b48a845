//===- ProfileExport.cpp - Programs that measure a model's ops ------------===//

#include "aceso/Target/ProfileExport.h"

#include "UnitPlan.h"

#include "aceso/Analysis/PlanFacts.h"
#include "aceso/Cost/RowSizes.h"
#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Program/ProgramFile.h"
#include "aceso/Program/VerifyProgram.h"
#include "aceso/Target/ProgramExport.h"
#include "aceso/Transforms/Pipelines.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace aceso;

std::vector<int64_t> aceso::defaultTps(int64_t devices) {
  std::vector<int64_t> tps;
  for (int64_t tp = 1; devices % tp == 0; tp *= 2)
    tps.push_back(tp);
  return tps;
}

/// What a program does, without names: programs that are equal in it take the same time.
static std::string withoutNames(Program program, const std::string &path) {
  program.planHash.clear();
  for (auto [index, parameter] : llvm::enumerate(program.parameters)) {
    parameter.path = "parameter" + std::to_string(index);
    parameter.init = aceso::InitKind::Zeros;
    parameter.deviation = 0;
  }
  for (StageProgram &stage : program.stages) {
    for (aceso::Slot &slot : stage.slots)
      slot.name.clear();
    for (Segment &segment : stage.segments)
      for (Instruction &instruction : segment.instructions)
        if (instruction.path == path)
          instruction.path = "unit";
  }
  return printProgram(program);
}

namespace {

class SetBuilder {
public:
  SetBuilder(nn::ModelOp model, const ProfileSetOptions &options)
      : model(model), options(options), facts(collectModelFacts(model)),
        passes(model.getContext()) {
    LowerToExecOptions lowering;
    lowering.optimizer = "sgd";
    buildLowerToExec(passes, lowering);
  }

  FailureOr<ProfileSet> build() {
    if (failed(findUnits()) || failed(describeModel()))
      return failure();
    for (int64_t samples : options.samples)
      for (int64_t tp : options.tps)
        for (uint32_t rule : options.rules) {
          std::vector<RowSizes> sizes = rowSizes(facts, samples, tp, rule);
          for (const auto &[key, index] : rows)
            if (failed(addEntry({key.str(), samples, tp, rule}, index, sizes[index])))
              return failure();
        }
    return std::move(set);
  }

private:
  /// The first unit of each profile key, and what depends on a parameter.
  LogicalResult findUnits() {
    llvm::StringMap<uint32_t> firsts;
    for (Operation &op : model.getBody().front()) {
      if (isa<nn::ParameterOp>(op) ||
          llvm::any_of(op.getOperands(), [&](Value v) { return trained.contains(v); }))
        trained.insert(op.result_begin(), op.result_end());
      auto unit = dyn_cast<nn::NNOp>(op);
      if (!unit)
        continue;
      StringRef key = unit.getProfileKey();
      if (key.empty())
        return unit.emitOpError(
            "has no profile key, so no row of a cost table can be its; give it the attribute "
            "'profile'");
      auto [first, isNew] = firsts.try_emplace(key, units.size());
      if (isNew)
        rows.push_back({key, units.size()});
      else if (nn::NNOp other = units[first->second]; !areAlike(unit, other))
        return unit.emitOpError("has the profile key \"")
                   .append(key, "\" of \"", other.getPath(),
                           "\", but is another kind of op or has other shapes or rules; one row of "
                           "a table cannot be true of both")
                   .attachNote(other.getLoc())
               << "the other one is here";
      units.push_back(unit);
    }
    return success();
  }

  static bool areAlike(nn::NNOp a, nn::NNOp b) {
    return a->getName() == b->getName() && a->getOperandTypes() == b->getOperandTypes() &&
           a->getResultTypes() == b->getResultTypes() &&
           a.getSignature().rules == b.getSignature().rules;
  }

  LogicalResult describeModel() {
    set.model = model.getSymName();
    set.devices = options.devices;
    if (units.empty())
      return error() << "computes nothing";
    if (!model.getProfileAttr())
      return error() << "does not say what the names of its cost tables begin with; give it the "
                        "attribute 'profile'";
    uint32_t numRules = 0;
    for (const OpFacts &op : facts.ops)
      numRules = std::max(numRules, op.numRules);
    for (uint32_t rule : options.rules)
      if (rule >= numRules)
        return error() << "has no op with a rule " << rule << "; rules are 0 to " << numRules - 1;
    set.tablePrefix = *model.getProfile();
    for (nn::NNOp unit : units)
      for (Value result : unit->getResults()) {
        Type type = cast<RankedTensorType>(result.getType()).getElementType();
        if (!isa<FloatType>(type))
          continue;
        FailureOr<ElementType> exported = exportElementType(unit, type);
        if (failed(exported))
          return failure();
        set.type = *exported;
        return success();
      }
    llvm_unreachable("a unit gives floating-point values");
  }

  /// A message about the model, without its text.
  InFlightDiagnostic error() {
    return emitError(model.getLoc()) << "model '" << model.getSymName() << "' ";
  }

  LogicalResult addEntry(const ProfileKey &key, uint32_t index, const RowSizes &sizes) {
    nn::NNOp unit = units[index];
    const OpFacts &op = facts.ops[index];
    UnitConfiguration configuration;
    configuration.samples = key.samples;
    // An op that lacks the rule follows its first one, in every table.
    configuration.degrees = {key.tp, options.devices / key.tp,
                             key.rule < op.numRules ? key.rule : 0};
    if (std::string problem = checkUnitPlan(unit, op, configuration); !problem.empty()) {
      set.skipped.push_back({key, problem});
      return success();
    }
    ProfileEntry entry;
    entry.key = key;
    entry.path = op.path;
    entry.inputBytes = sizes.input;
    entry.outputBytes = sizes.output;
    entry.weightBytes = sizes.weights;
    UnitPlan plan = buildUnitPlan(unit, op, configuration, trained);
    FailureOr<Program> program = lower(*plan.module, key);
    if (failed(program))
      return failure();
    auto [same, isNew] = programs.try_emplace(
        {key.samples, key.tp, plan.inputBounds, withoutNames(*program, entry.path)},
        set.entries.size());
    if (isNew) {
      entry.program = std::move(*program);
      entry.inputBounds = std::move(plan.inputBounds);
    } else {
      entry.sameAs = same->second;
    }
    set.entries.push_back(std::move(entry));
    return success();
  }

  FailureOr<Program> lower(ModuleOp module, const ProfileKey &key) {
    auto fail = [&]() -> InFlightDiagnostic {
      return error() << "has no program that measures " << describeProfileKey(key);
    };
    if (failed(verify(module)) || failed(passes.run(module)))
      return fail();
    FailureOr<Program> program = exportProgram(*module.getOps<exec::ProgramOp>().begin());
    if (failed(program))
      return fail();
    if (std::string problem = verifyProgram(*program); !problem.empty())
      return fail() << ": " << problem;
    return program;
  }

  nn::ModelOp model;
  const ProfileSetOptions &options;
  ModelFacts facts;
  PassManager passes;
  std::vector<nn::NNOp> units;
  /// Profile keys in order, each with its first unit.
  std::vector<std::pair<StringRef, uint32_t>> rows;
  llvm::DenseSet<Value> trained;
  ProfileSet set;
  /// The first entry of each program.
  std::map<std::tuple<int64_t, int64_t, std::vector<int64_t>, std::string>, size_t> programs;
};

} // namespace

FailureOr<ProfileSet> aceso::exportProfileSet(nn::ModelOp model, const ProfileSetOptions &options) {
  model.getContext()->loadDialect<par::ParDialect, exec::ExecDialect>();
  return SetBuilder(model, options).build();
}
