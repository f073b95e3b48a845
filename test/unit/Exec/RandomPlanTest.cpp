//===- RandomPlanTest.cpp - Every legal plan lowers -------------*- C++ -*-===//
//
// No plan that the verifier accepts is refused for its layouts, the exported program passes the
// plain verifier, and a program from which one conversion is missing never passes.
//
//===----------------------------------------------------------------------===//

#include "RandomPlan.h"

#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Dialect/Exec/Transforms/Passes.h"
#include "aceso/Program/VerifyProgram.h"
#include "aceso/Registration.h"
#include "aceso/Target/ProgramExport.h"
#include "aceso/Transforms/Pipelines.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace aceso;
using namespace aceso::test;

namespace {

class RandomPlanTest : public testing::Test {
protected:
  RandomPlanTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
  }

  /// A module with the plan of a seed; null where the draw gives a stage that no degrees serve.
  OwningOpRef<ModuleOp> plan(unsigned seed, PlanTraits &traits, int64_t maxRanks = 8) {
    OwningOpRef<ModuleOp> module = loadTinyModel(&context);
    std::mt19937 generator(seed);
    RandomPlanOptions options;
    options.maxRanks = maxRanks;
    if (!makeRandomPlan(*module, generator, options, traits))
      return {};
    return module;
  }

  LogicalResult lower(ModuleOp module) {
    PassManager manager(&context);
    LowerToExecOptions options;
    options.clipGrad = 1.0;
    buildLowerToExec(manager, options);
    return manager.run(module);
  }

  static std::string print(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream os(text);
    module.print(os);
    return text;
  }

  MLIRContext context;
};

TEST_F(RandomPlanTest, EveryLegalPlanLowersAndItsProgramVerifies) {
  unsigned plans = 0, cut = 0, mixed = 0, rule1 = 0, recompute = 0;
  for (unsigned seed = 0; seed < 120; ++seed) {
    PlanTraits traits;
    OwningOpRef<ModuleOp> module = plan(seed, traits);
    if (!module || failed(verify(*module, /*verifyRecursively=*/false)))
      continue;
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    if (failed(verify(*module)))
      continue; // degrees without a common factorisation
    std::string text = print(*module);
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      ADD_FAILURE() << "seed " << seed << ": " << diagnostic.str();
      return success();
    });
    ASSERT_TRUE(succeeded(lower(*module))) << text;
    FailureOr<Program> program = exportProgram(*module->getOps<exec::ProgramOp>().begin());
    ASSERT_TRUE(succeeded(program)) << text;
    EXPECT_EQ(verifyProgram(*program), "") << "seed " << seed << "\n" << text;
    ++plans;
    cut += traits.cutsLayer;
    mixed += traits.mixesDegrees;
    rule1 += traits.usesRule1;
    recompute += traits.recomputesPart;
  }
  std::cout << plans << " plans: " << cut << " cut a layer, " << mixed << " mix degrees, " << rule1
            << " use rule 1, " << recompute << " recompute\n";
  EXPECT_GE(plans, 60u);
  EXPECT_GE(cut, 30u);
  EXPECT_GE(mixed, 20u);
  EXPECT_GE(rule1, 30u);
  EXPECT_GE(recompute, 30u);
}

/// Order, slots and communication carry meaning: what generic passes may do to them is nothing.
TEST_F(RandomPlanTest, GenericPassesLeavePlansAndProgramsAlone) {
  auto expectUnchanged = [&](ModuleOp module, unsigned seed, const char *level) {
    std::string before = print(module);
    PassManager manager(&context);
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
    manager.addPass(createLoopInvariantCodeMotionPass());
    ASSERT_TRUE(succeeded(manager.run(module)));
    EXPECT_EQ(print(module), before) << "seed " << seed << ", " << level;
  };
  unsigned checked = 0;
  for (unsigned seed = 200; seed < 230; ++seed) {
    PlanTraits traits;
    OwningOpRef<ModuleOp> module = plan(seed, traits);
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    if (!module || failed(verify(*module)))
      continue;
    expectUnchanged(*module, seed, "plan");
    ASSERT_TRUE(succeeded(lower(*module)));
    expectUnchanged(*module, seed, "program");
    ++checked;
  }
  EXPECT_GE(checked, 15u);
}

/// Takes every conversion step out in turn; the verifiers must object each time.
TEST_F(RandomPlanTest, MissingConversionIsAlwaysCaught) {
  unsigned removed = 0;
  for (unsigned seed = 0; seed < 12; ++seed) {
    PlanTraits traits;
    OwningOpRef<ModuleOp> module = plan(seed, traits, /*maxRanks=*/4);
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    if (!module || failed(verify(*module)) || failed(lower(*module)))
      continue;
    unsigned numSteps = 0;
    auto isStep = [](Operation *op) {
      return isa<exec::SliceOp, exec::MaskOp, exec::AllReduceOp, exec::ReduceScatterOp,
                 exec::AllGatherOp, exec::AllToAllOp, exec::BoxExchangeOp>(op);
    };
    module->walk([&](Operation *op) { numSteps += isStep(op); });
    for (unsigned victim = 0; victim < numSteps; ++victim) {
      OwningOpRef<ModuleOp> broken = module->clone();
      unsigned index = 0;
      Operation *step = nullptr;
      broken->walk([&](Operation *op) {
        if (isStep(op) && index++ == victim)
          step = op;
      });
      std::string name = step->getName().getStringRef().str();
      // Its value is released once, by whoever comes last.
      for (Operation *user : llvm::make_early_inc_range(step->getResult(0).getUsers()))
        if (auto release = dyn_cast<exec::ReleaseOp>(user)) {
          llvm::SmallVector<Value> rest;
          for (Value value : release.getValues())
            if (value != step->getResult(0))
              rest.push_back(value);
          OpBuilder b(release);
          exec::ReleaseOp::create(b, release.getLoc(), rest);
          release.erase();
        }
      step->getResult(0).replaceAllUsesWith(step->getOperand(0));
      step->erase();
      PassManager manager(&context);
      manager.nest<exec::ProgramOp>().addPass(exec::createExecVerifyCompletePass());
      EXPECT_TRUE(failed(verify(*broken)) || failed(manager.run(*broken)))
          << "seed " << seed << ": a missing " << name << " went unnoticed";
      ++removed;
    }
  }
  std::cout << removed << " conversions taken out\n";
  EXPECT_GE(removed, 100u);
}

} // namespace
