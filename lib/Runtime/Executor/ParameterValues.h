//===- ParameterValues.h - Parameters made, gathered, cut -------*- C++ -*-===//

#ifndef ACESO_LIB_RUNTIME_EXECUTOR_PARAMETERVALUES_H
#define ACESO_LIB_RUNTIME_EXECUTOR_PARAMETERVALUES_H

#include "aceso/Program/Program.h"
#include "aceso/Runtime/Communicator.h"

namespace aceso {

/// The initial value of the box of a parameter that a device holds.
at::Tensor initialValue(const ProgramParameter &parameter, const TensorDesc &desc, const Box &box,
                        uint64_t seed);

/// A tensor that the ranks of one stage hold in the layout of `desc`, whole on rank 0 and undefined
/// elsewhere. Every rank of the program calls it; `own` is the own part on the ranks of that stage.
at::Tensor gatherToFirstRank(const Program &program, uint32_t stageIndex, const TensorDesc &desc,
                             const at::Tensor &own, Communicator &communicator);

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_EXECUTOR_PARAMETERVALUES_H
