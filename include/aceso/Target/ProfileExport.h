//===- ProfileExport.h - Programs that measure a model's ops ----*- C++ -*-===//
//
// The compiler half of the profiler (docs/rationale/Profile.md).
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_TARGET_PROFILEEXPORT_H
#define ACESO_TARGET_PROFILEEXPORT_H

#include "aceso/Dialect/NN/NN.h"
#include "aceso/Program/ProfileSet.h"

#include "mlir/Support/LogicalResult.h"

namespace aceso {

/// For which configurations there are to be rows. Lists are ascending.
struct ProfileSetOptions {
  /// Ranks that measure, all of them busy at once: each tp runs in devices / tp replicas.
  int64_t devices = 1;
  std::vector<int64_t> samples; ///< of each replica
  std::vector<int64_t> tps;     ///< divisors of `devices`
  std::vector<uint32_t> rules;
};

/// The powers of two that divide `devices`, ascending.
std::vector<int64_t> defaultTps(int64_t devices);

/// A row for each profile key of `model` in each configuration, with programs of the ordinary
/// lowering. A configuration that an op cannot run in is skipped, with the reason. Fails with a
/// diagnostic if no table could describe the model. `model` stays as it is.
mlir::FailureOr<ProfileSet> exportProfileSet(nn::ModelOp model, const ProfileSetOptions &options);

/// Registers --export-profile-set: the set of a module's one nn.model.
void registerExportProfileSet();

} // namespace aceso

#endif // ACESO_TARGET_PROFILEEXPORT_H
