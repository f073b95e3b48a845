//===- MoveOptions.h - From pass options to moves ---------------*- C++ -*-===//
//
// What the passes around moves share: options in the types of moves, errors for those that cannot
// be.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LIB_DIALECT_PAR_TRANSFORMS_MOVEOPTIONS_H
#define ACESO_LIB_DIALECT_PAR_TRANSFORMS_MOVEOPTIONS_H

#include "aceso/Dialect/Par/Transforms/Moves.h"

#include <optional>

namespace aceso::par {

/// The numbers that a move takes; none, after an error that names the option, if one is negative or
/// too large.
std::optional<uint32_t> toPosition(PlanOp plan, llvm::StringRef option, int64_t value);
std::optional<std::vector<uint32_t>> toPositions(PlanOp plan, llvm::StringRef option,
                                                 llvm::ArrayRef<int64_t> values);
std::optional<std::vector<DeviceAxis>> toAxes(PlanOp plan, llvm::StringRef option,
                                              llvm::ArrayRef<std::string> names);
/// Empty text is an empty set, about which the move itself decides.
std::optional<OpRanges> toOpRanges(PlanOp plan, llvm::StringRef text);

} // namespace aceso::par

#endif // ACESO_LIB_DIALECT_PAR_TRANSFORMS_MOVEOPTIONS_H
