//===- ModelImport.cpp - Models from their configuration files ------------===//

#include "aceso/Target/ModelImport.h"

#include "ModelFamily.h"

#include "aceso/Dialect/NN/NN.h"
#include "aceso/Target/ShortErrors.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ManagedStatic.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace aceso;
using nlohmann::json;

namespace {
struct ModelOptions {
  llvm::cl::list<std::string> settings{"set", llvm::cl::desc("Replace a key of the model's file"),
                                       llvm::cl::value_desc("key=value")};
  llvm::cl::opt<std::string> dtype{
      "dtype", llvm::cl::desc("Element type of the model: f16, bf16, f32 or f64"),
      llvm::cl::value_desc("type")};
};
} // namespace

static llvm::ManagedStatic<ModelOptions> modelOptions;

void aceso::registerModelOptions() { *modelOptions; }

ModelOverrides aceso::getModelOverrides() {
  return {std::vector<std::string>(modelOptions->settings), modelOptions->dtype};
}

/// Applies --set and --dtype as if the file said so.
static LogicalResult applyOverrides(JsonObject &object, const ModelOverrides &overrides) {
  for (const std::string &setting : overrides.settings) {
    auto [key, value] = StringRef(setting).split('=');
    if (key.empty() || value.empty())
      return object.emitError() << "--set=" << setting << " must have the form --set=key=value";
    json parsed = json::parse(value.begin(), value.end(), nullptr, /*allow_exceptions=*/false);
    object.set(key, parsed.is_discarded() ? json(value.str()) : parsed, "--set=" + setting);
  }
  if (!overrides.dtype.empty())
    object.set("dtype", overrides.dtype, "--dtype=" + overrides.dtype);
  return success();
}

OwningOpRef<ModuleOp> aceso::importModel(StringRef fileName, StringRef text,
                                         const ModelOverrides &overrides, MLIRContext *context) {
  context->loadDialect<nn::NNDialect>();
  std::optional<JsonObject> object = JsonObject::parse(fileName, text, context);
  if (!object || failed(applyOverrides(*object, overrides)))
    return {};
  ModelKeys keys(*object);
  SmallVector<StringRef> types;
  for (const ModelFamily &family : getModelFamilies())
    types.push_back(family.modelType);
  // Without it no other key means anything.
  if (!object->find("model_type")) {
    object->emitError() << "lacks the key \"model_type\", which names the family of models: \""
                        << llvm::join(types, "\", \"") << "\"";
    return {};
  }
  std::string type = keys.getChoice("model_type", types);
  const ModelFamily *family =
      llvm::find_if(getModelFamilies(), [&](const ModelFamily &f) { return f.modelType == type; });
  if (keys.hasFailed())
    return {};
  OwningOpRef<ModuleOp> module = family->build(keys, context);
  if (!module || failed(verify(*module)))
    return {};
  return module;
}

OwningOpRef<ModuleOp> aceso::importModelFile(StringRef path, const ModelOverrides &overrides,
                                             MLIRContext *context) {
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(path, &error);
  if (!file) {
    emitError(UnknownLoc::get(context)) << error;
    return {};
  }
  return importModel(path, file->getBuffer(), overrides, context);
}

void aceso::registerImportModel() {
  registerModelOptions();
  static TranslateToMLIRRegistration registration(
      "import-model", "Build a model from its JSON file (docs/models.md)",
      [](llvm::SourceMgr &sources, MLIRContext *context) -> OwningOpRef<Operation *> {
        keepErrorsShort(context);
        const llvm::MemoryBuffer *file = sources.getMemoryBuffer(sources.getMainFileID());
        return importModel(file->getBufferIdentifier(), file->getBuffer(), getModelOverrides(),
                           context);
      });
}
