//===- AnchorCheck.cpp - Passes that found nothing to work on ---*- C++ -*-===//

#include "AnchorCheck.h"

#include "aceso/Dialect/Exec/Exec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace aceso;

/// An op on which passes work, and what makes one; empty for other ops.
static StringRef whatMakes(StringRef anchor) {
  if (anchor == par::PlanOp::getOperationName())
    return "convert-nn-to-par makes one from a model";
  if (anchor == exec::GraphOp::getOperationName())
    return "convert-par-to-exec makes one from a plan";
  if (anchor == exec::ProgramOp::getOperationName())
    return "lower-to-exec makes one from a plan";
  return "";
}

namespace {

/// Passes on one kind of op that stand side by side in the pipeline.
struct Group {
  std::string anchor, firstPass;
};

/// Notes on which kinds of op passes have run. MLIR calls it under a lock.
struct AnchorWatch : PassInstrumentation {
  explicit AnchorWatch(std::shared_ptr<llvm::StringSet<>> seen) : seen(std::move(seen)) {}

  void runBeforePipeline(std::optional<OperationName> name, const PipelineParentInfo &) override {
    if (name)
      seen->insert(name->getStringRef());
  }

  std::shared_ptr<llvm::StringSet<>> seen;
};

/// The last pass: what never ran?
struct AnchorCheckPass : PassWrapper<AnchorCheckPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AnchorCheckPass)

  AnchorCheckPass(std::vector<Group> groups, std::shared_ptr<llvm::StringSet<>> seen)
      : groups(std::move(groups)), seen(std::move(seen)) {}

  StringRef getArgument() const override { return "check-that-passes-ran"; }
  StringRef getDescription() const override {
    return "Fails if passes on an op found none in the module";
  }

  void runOnOperation() override {
    markAllAnalysesPreserved();
    for (const Group &group : groups)
      if (!seen->contains(group.anchor)) {
        emitError(getOperation()->getLoc())
            << "holds no " << group.anchor << ", on which " << group.firstPass << " works; "
            << whatMakes(group.anchor);
        return signalPassFailure();
      }
  }

  std::vector<Group> groups;
  std::shared_ptr<llvm::StringSet<>> seen;
};

} // namespace

/// Reads them off the text of a pipeline, "builtin.module(a,par.plan(b{x=1},c))": MLIR shows nested
/// pipelines in no other way. Text in braces belongs to options.
static std::vector<Group> readGroups(StringRef pipeline) {
  auto isNameChar = [](char c) { return llvm::isAlnum(c) || c == '.' || c == '-' || c == '_'; };
  std::vector<Group> groups;
  int depth = 0;
  for (size_t i = 0, start = 0; i < pipeline.size(); ++i) {
    char c = pipeline[i];
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (depth == 0 && c == '(') {
      StringRef anchor = pipeline.slice(start, i);
      StringRef pass = pipeline.substr(i + 1).take_while(isNameChar);
      if (!whatMakes(anchor).empty())
        groups.push_back({anchor.str(), pass.str()});
    }
    if (!isNameChar(c))
      start = i + 1;
  }
  return groups;
}

void aceso::addAnchorCheck(PassManager &manager) {
  // A plan at the top has no module around it: MLIR itself compares its name with the pipeline's.
  if (manager.getOpAnchorName() != ModuleOp::getOperationName() &&
      manager.getOpAnchorName() != OpPassManager::getAnyOpAnchorName())
    return;
  std::string text;
  llvm::raw_string_ostream os(text);
  manager.printAsTextualPipeline(os);
  std::vector<Group> groups = readGroups(text);
  if (groups.empty())
    return;
  auto seen = std::make_shared<llvm::StringSet<>>();
  manager.addInstrumentation(std::make_unique<AnchorWatch>(seen));
  manager.addPass(std::make_unique<AnchorCheckPass>(std::move(groups), std::move(seen)));
}
