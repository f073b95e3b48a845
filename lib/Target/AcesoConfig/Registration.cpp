//===- Registration.cpp - The two translations of plan files ----*- C++ -*-===//

#include "aceso/Target/AcesoConfig.h"

#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Target/ModelImport.h"
#include "aceso/Target/ShortErrors.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ManagedStatic.h"
#include "llvm/Support/SourceMgr.h"

#include <nlohmann/json.hpp>

using namespace mlir;
using namespace aceso;
using nlohmann::ordered_json;

namespace {

struct ConfigOptions {
  llvm::cl::opt<std::string> model{"model",
                                   llvm::cl::desc("The model's file (--import-aceso-config)"),
                                   llvm::cl::value_desc("file")};
  llvm::cl::opt<int64_t> nodes{"nodes",
                               llvm::cl::desc("Nodes of the cluster (--import-aceso-config)")};
  llvm::cl::opt<int64_t> devicesPerNode{
      "devices-per-node", llvm::cl::desc("Devices in each node (--import-aceso-config)")};
  llvm::cl::opt<int64_t> memoryMiB{
      "memory-mb", llvm::cl::desc("Memory limit of a device in MiB (--import-aceso-config)")};
  llvm::cl::opt<std::string> device{"device",
                                    llvm::cl::desc("Label of the devices (--import-aceso-config)")};
};

} // namespace

static llvm::ManagedStatic<ConfigOptions> configOptions;

/// The cluster that the options describe; none after an error that names what is missing or wrong.
static std::optional<ClusterDesc> getCluster(Location loc) {
  ConfigOptions &options = *configOptions;
  SmallVector<StringRef> missing;
  if (options.model.empty())
    missing.push_back(options.model.ArgStr);
  for (llvm::cl::opt<int64_t> *option :
       {&options.nodes, &options.devicesPerNode, &options.memoryMiB}) {
    if (option->getNumOccurrences() == 0) {
      missing.push_back(option->ArgStr);
    } else if (*option < 1 || *option > par::ClusterAttr::most) {
      emitError(loc) << "--" << option->ArgStr << "=" << option->getValue()
                     << " must be at least 1 and at most " << par::ClusterAttr::most;
      return std::nullopt;
    }
  }
  if (!missing.empty()) {
    emitError(loc)
        << "a plan file says nothing of the vocabulary, the cluster and its memory: give --"
        << llvm::join(missing, ", --");
    return std::nullopt;
  }
  return ClusterDesc{options.nodes, options.devicesPerNode, options.memoryMiB, options.device};
}

static OwningOpRef<Operation *> importConfig(llvm::SourceMgr &sources, MLIRContext *context) {
  keepErrorsShort(context);
  const llvm::MemoryBuffer *file = sources.getMemoryBuffer(sources.getMainFileID());
  Location loc = FileLineColLoc::get(context, file->getBufferIdentifier(), 0, 0);
  std::optional<ClusterDesc> cluster = getCluster(loc);
  if (!cluster)
    return {};
  OwningOpRef<ModuleOp> module =
      importModelFile(configOptions->model, getModelOverrides(), context);
  if (!module)
    return {};
  nn::ModelOp model = *module->getOps<nn::ModelOp>().begin();
  if (!importAcesoConfig(file->getBufferIdentifier(), file->getBuffer(), model, *cluster) ||
      failed(verify(*module)))
    return {};
  return module;
}

/// One field a line, lists of lists one list a line.
static void printConfig(const ordered_json &config, llvm::raw_ostream &os) {
  os << "{";
  for (auto it = config.begin(); it != config.end(); ++it) {
    os << (it == config.begin() ? "\n" : ",\n") << "  " << ordered_json(it.key()).dump() << ": ";
    const ordered_json &value = it.value();
    if (!value.is_array() || value.empty() || !value.front().is_array()) {
      os << value.dump();
      continue;
    }
    os << "[";
    for (size_t i = 0; i < value.size(); ++i)
      os << (i ? ",\n    " : "\n    ") << value[i].dump();
    os << "\n  ]";
  }
  os << "\n}\n";
}

static LogicalResult exportConfig(ModuleOp module, llvm::raw_ostream &os) {
  auto plans = llvm::to_vector(module.getOps<par::PlanOp>());
  if (plans.size() != 1)
    return emitError(module.getLoc())
           << "has " << plans.size()
           << " plans; --export-aceso-config writes exactly one (aceso-opt --par-search or "
              "--convert-nn-to-par makes one of a model)";
  std::optional<ordered_json> config = exportAcesoConfig(plans.front());
  if (!config)
    return failure();
  printConfig(*config, os);
  return success();
}

void aceso::registerAcesoConfig() {
  registerModelOptions();
  *configOptions;
  static TranslateToMLIRRegistration toMLIR(
      "import-aceso-config",
      "Read a plan in the published JSON format (with --model and the cluster)", importConfig);
  // The dialect of programs is there to say that they hold no plan.
  static TranslateFromMLIRRegistration fromMLIR(
      "export-aceso-config", "Write a plan in the published JSON format", exportConfig,
      [](DialectRegistry &registry) {
        registry.insert<nn::NNDialect, par::ParDialect, exec::ExecDialect>();
        keepErrorsShort(registry);
      });
}
