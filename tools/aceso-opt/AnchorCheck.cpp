//===- AnchorCheck.cpp - Passes that found nothing to work on ---*- C++ -*-===//

#include "AnchorCheck.h"

#include "aceso/Dialect/Exec/Exec.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace aceso;

/// What makes an op on which passes work; empty where this tool does not know.
static StringRef whatMakes(StringRef anchor) {
  if (anchor == nn::ModelOp::getOperationName())
    return "; aceso-translate --import-model makes one from a model file";
  if (anchor == par::PlanOp::getOperationName())
    return "; convert-nn-to-par makes one from a model";
  if (anchor == exec::GraphOp::getOperationName())
    return "; convert-par-to-exec makes one from a plan";
  if (anchor == exec::ProgramOp::getOperationName())
    return "; lower-to-exec makes one from a plan";
  return "";
}

namespace {

/// Passes on one kind of op inside another.
struct NestedPipeline {
  StringRef anchor, firstPass;
};

/// MLIR runs nested pipelines by passes of its own (adaptors), one for those that stand side by
/// side. Fails an adaptor that has found no op for one of them. MLIR calls it under a lock.
struct AnchorWatch : PassInstrumentation {
  void runBeforePipeline(std::optional<OperationName> name,
                         const PipelineParentInfo &parent) override {
    if (name)
      found[parent.parentPass].insert(name->getStringRef());
  }
  void runAfterPass(Pass *pass, Operation *op) override;

  /// By adaptor, on which kinds of op it has run something.
  llvm::DenseMap<Pass *, llvm::StringSet<>> found;
};

} // namespace

/// The pipelines in the text of an adaptor, "par.plan(a{x=1},b),exec.graph(c)": it shows them in no
/// other way. Text in braces are options.
static SmallVector<NestedPipeline> nestedPipelines(StringRef text) {
  SmallVector<NestedPipeline> pipelines;
  size_t start = 0;
  int depth = 0, braces = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    braces += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    if (braces > 0)
      continue;
    if (text[i] == '(' && depth++ == 0)
      pipelines.push_back({text.slice(start, i), text.drop_front(i + 1).take_until([](char c) {
                             return StringRef("{(),").contains(c);
                           })});
    else if (text[i] == ')')
      --depth;
    else if (text[i] == ',' && depth == 0)
      start = i + 1;
  }
  return pipelines;
}

void AnchorWatch::runAfterPass(Pass *pass, Operation *op) {
  // Every pass but an adaptor has a name on the command line.
  if (!pass->getArgument().empty())
    return;
  llvm::StringSet<> ran = std::move(found[pass]);
  found.erase(pass);
  std::string text;
  llvm::raw_string_ostream os(text);
  pass->printAsTextualPipeline(os);
  for (const NestedPipeline &nested : nestedPipelines(text)) {
    if (nested.anchor == OpPassManager::getAnyOpAnchorName() || ran.contains(nested.anchor))
      continue;
    emitError(op->getLoc()) << "holds no " << nested.anchor << ", on which " << nested.firstPass
                            << " works" << whatMakes(nested.anchor);
    return signalPassFailure(pass);
  }
}

void aceso::addAnchorCheck(PassManager &manager) {
  manager.addInstrumentation(std::make_unique<AnchorWatch>());
}
