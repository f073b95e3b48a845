//===- KernelLetters.h - Letters of a kernel instruction --------*- C++ -*-===//
//
// A kernel instruction carries the letters of its op as text. Programs come from files, so these
// functions take any text and say what is wrong with it.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PROGRAM_KERNELLETTERS_H
#define ACESO_PROGRAM_KERNELLETTERS_H

#include "aceso/Layout/Signature.h"
#include "aceso/Program/Program.h"

#include <optional>

namespace aceso {

/// The signature that a kernel instruction states, without extents; none with a reason in `error`.
std::optional<Signature> parseLetters(const std::string &letters, const std::string &nosplit,
                                      std::string &error);

/// Sizes of all letters from the global shapes of operands and results (both in order), of products
/// from the attributes "extents.x" and from each other. False if the tensors disagree or a letter
/// remains without a size, with a reason in `error`.
bool bindKernelExtents(Signature &signature, const AttributeMap &attributes,
                       const std::vector<const TensorDesc *> &operands,
                       const std::vector<const TensorDesc *> &results, std::string &error);

/// The digits that split each letter, from the layouts of operands and results. Empty error if the
/// layouts are those that one assignment gives (wantedLayout, leftLayout): only then does the
/// kernel compute the op on boxes.
std::string checkKernelLayouts(const Signature &signature,
                               const std::vector<const TensorDesc *> &operands,
                               const std::vector<const TensorDesc *> &results);

/// Letters of an elementwise kernel of the given operands and results: dimension k is named by the
/// k-th capital letter; a tensor of rank 0 is a scalar beside them.
std::string elementwiseLetters(const std::vector<unsigned> &operandRanks,
                               const std::vector<unsigned> &resultRanks);

} // namespace aceso

#endif // ACESO_PROGRAM_KERNELLETTERS_H
