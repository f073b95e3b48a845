//===- Operations.h - Instructions, resolved for one rank -------*- C++ -*-===//
//
// An operation is an instruction of which everything is known that does not change from run to run.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_RUNTIME_EXECUTOR_OPERATIONS_H
#define ACESO_LIB_RUNTIME_EXECUTOR_OPERATIONS_H

#include "aceso/Runtime/Communicator.h"
#include "aceso/Runtime/Kernel.h"

#include <map>

namespace aceso {

/// What an operation works on while its segment runs.
struct Frame {
  std::vector<at::Tensor> values;             ///< by value index
  std::vector<std::vector<at::Tensor>> slots; ///< by slot and micro-batch mod depth
  const std::vector<at::Tensor> *inputs = nullptr;
  std::map<std::string, double> reports;
  /// By parameter, if they are kept: what the optimizer was given.
  std::vector<at::Tensor> gradients;
  int64_t microBatch = 0;
  StepContext context;

  at::Tensor &slot(Index index) {
    std::vector<at::Tensor> &entries = slots[index];
    return entries[microBatch % entries.size()];
  }
};

using Operation = std::function<void(Frame &)>;

/// Groups of this rank by their members; made before the first step.
using GroupMap = std::map<std::vector<uint32_t>, std::unique_ptr<Group>>;

/// Where a rank's instructions stand.
struct OperationBuilder {
  const Program &program;
  const StageProgram &stage;
  const Segment &segment;
  Mesh mesh;
  int64_t device;
  Communicator &communicator;
  const GroupMap &groups;
  bool keepsGradients;
  /// Of the value that a Load defines, the slot.
  std::map<Index, Index> loadedFrom;

  uint32_t rank() const { return stage.firstRank + device; }
  const TensorDesc &desc(Index value) const { return segment.values[value]; }
  Box box(Index value) const { return boxOf(mesh, desc(value).layout, desc(value).shape, device); }
  /// Whether instruction `index` is the last one to use `value`, but for its release.
  bool isLastUse(size_t index, Index value) const;
};

/// The members of the groups of a step, as ranks.
std::vector<std::vector<uint32_t>> stepMembers(const StageProgram &stage,
                                               const ConversionStep &step);

Operation makeKernelOperation(const OperationBuilder &builder, size_t index);
Operation makeConvertOperation(const OperationBuilder &builder, size_t index);
/// Send, Receive, WorldSum, Report.
Operation makeMessageOperation(const OperationBuilder &builder, size_t index);
/// Input, Load, Store, Accumulate, Release, ReleaseSlot.
Operation makeStorageOperation(const OperationBuilder &builder, size_t index);

/// Whether nobody else holds the tensor or its memory: `references` are the holders that are known.
bool isExclusive(const at::Tensor &tensor, size_t references = 1);

/// The part of a tensor that lies in `box`, both within `outer`, whose content the tensor is; a
/// view.
at::Tensor viewOfBox(const at::Tensor &tensor, const Box &outer, const Box &box);

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_EXECUTOR_OPERATIONS_H
