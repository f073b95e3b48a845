//===- Registration.cpp - The options of --export-profile-set -------------===//

#include "aceso/Target/ProfileExport.h"

#include "aceso/Dialect/Exec/Exec.h"
#include "aceso/Target/ShortErrors.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ManagedStatic.h"

#include <limits>

using namespace mlir;
using namespace aceso;

namespace {

struct CommandLineOptions {
  llvm::cl::opt<int64_t> devices{
      "devices", llvm::cl::desc("Ranks that measure, all busy at once (--export-profile-set)")};
  llvm::cl::list<int64_t> samples{
      "samples", llvm::cl::CommaSeparated, llvm::cl::value_desc("n,n,..."),
      llvm::cl::desc("Samples of each replica, a row of the tables for each "
                     "(--export-profile-set)")};
  llvm::cl::list<int64_t> tps{
      "tp", llvm::cl::CommaSeparated, llvm::cl::value_desc("n,n,..."),
      llvm::cl::desc("Degrees of tensor parallelism, powers of two that divide the devices; "
                     "default: all of them (--export-profile-set)")};
  llvm::cl::list<int64_t> rules{"rules", llvm::cl::CommaSeparated, llvm::cl::value_desc("n,n,..."),
                                llvm::cl::desc("Rules; default: 0,1 (--export-profile-set)")};
};

} // namespace

static llvm::ManagedStatic<CommandLineOptions> commandLine;

/// The values of a list option, ascending; false after an error.
template <typename T>
static bool readList(Location loc, const llvm::cl::list<int64_t> &option, int64_t least,
                     int64_t most, std::vector<T> &values) {
  for (int64_t value : option) {
    if (value < least || value > most) {
      emitError(loc) << "--" << option.ArgStr << " names " << value << "; give numbers from "
                     << least << " to " << most;
      return false;
    }
    if (llvm::is_contained(values, static_cast<T>(value))) {
      emitError(loc) << "--" << option.ArgStr << " names " << value << " twice";
      return false;
    }
    values.push_back(static_cast<T>(value));
  }
  llvm::sort(values);
  return true;
}

/// The options, or none after an error.
static std::optional<ProfileSetOptions> readOptions(Location loc) {
  ProfileSetOptions options;
  const CommandLineOptions &given = *commandLine;
  if (given.devices.getNumOccurrences() == 0 || given.samples.empty()) {
    emitError(loc) << "--export-profile-set needs --devices, the number of ranks that measure, and "
                      "--samples, the samples of each replica (such as 1,2,4,8)";
    return std::nullopt;
  }
  constexpr int64_t mostDevices = std::numeric_limits<uint16_t>::max();
  constexpr int64_t mostSamples = 1 << 20;
  if (given.devices < 1 || given.devices > mostDevices) {
    emitError(loc) << "--devices=" << given.devices.getValue() << " must be from 1 to "
                   << mostDevices;
    return std::nullopt;
  }
  options.devices = given.devices;
  constexpr int64_t mostRules = std::numeric_limits<uint8_t>::max();
  if (!readList(loc, given.samples, 1, mostSamples, options.samples) ||
      !readList(loc, given.tps, 1, options.devices, options.tps) ||
      !readList(loc, given.rules, 0, mostRules, options.rules))
    return std::nullopt;
  std::vector<int64_t> allTps = defaultTps(options.devices);
  for (int64_t tp : options.tps)
    if (!llvm::is_contained(allTps, tp)) {
      emitError(loc) << "--tp names " << tp
                     << ", which is no power of two that divides --devices=" << options.devices;
      return std::nullopt;
    }
  if (options.tps.empty())
    options.tps = allTps;
  if (options.rules.empty())
    options.rules = {0, 1};
  return options;
}

static LogicalResult translate(ModuleOp module, llvm::raw_ostream &os) {
  auto models = llvm::to_vector(module.getOps<nn::ModelOp>());
  if (models.size() != 1)
    return emitError(module.getLoc())
           << "has " << models.size()
           << " models; --export-profile-set takes exactly one nn.model (aceso-translate "
              "--import-model makes it)";
  std::optional<ProfileSetOptions> options = readOptions(module.getLoc());
  if (!options)
    return failure();
  FailureOr<ProfileSet> set = exportProfileSet(models.front(), *options);
  if (failed(set))
    return failure();
  os << printProfileSet(*set);
  return success();
}

void aceso::registerExportProfileSet() {
  *commandLine;
  static TranslateFromMLIRRegistration registration(
      "export-profile-set",
      "Write the programs that measure each op of a model (with --devices and --samples)",
      translate, [](DialectRegistry &registry) {
        registry.insert<nn::NNDialect, par::ParDialect, exec::ExecDialect>();
        keepErrorsShort(registry);
      });
}
