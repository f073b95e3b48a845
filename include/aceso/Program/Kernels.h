//===- Kernels.h - The kernels that programs may name -----------*- C++ -*-===//
//
// What the verifier, the runtime and the exporter know of a kernel beside its letters: how many
// operands and results of which class it has, which attributes it reads, what it consumes. The
// kernels of `nn` ops have the op's name and meaning; those of `exec` are described in Kernels.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PROGRAM_KERNELS_H
#define ACESO_PROGRAM_KERNELS_H

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace aceso {

enum class AttributeKind : uint8_t { Bool, Int, Float, String };
/// "boolean", "integer", "number", "text".
const char *toString(AttributeKind kind);

struct KernelAttribute {
  std::string_view name;
  AttributeKind kind;
  bool required = true;
};

struct KernelInfo {
  std::string_view name;
  /// One character for each operand: 'i' index, 'f' floating point of any type, 't' floating point
  /// of one type, which all 't' of a kernel have. After '|' the optional ones; a '*' at the end
  /// repeats the last one.
  std::string_view operands;
  /// The same for each result.
  std::string_view results;
  /// The letters of a kernel that takes dimensions by their place, and those of them that may not
  /// be split. Without letters it works element by element: all tensors but scalars have the same,
  /// in whatever order.
  std::string_view letters = {};
  std::string_view nosplit = {};
  /// A sum of products over any letters; those of the result are among those of the operands.
  bool isContraction = false;
  /// Operands whose storage the kernel may reuse, the k-th of them for result k; afterwards they
  /// may only be released.
  std::vector<unsigned> consumed = {};
  std::vector<KernelAttribute> attributes = {};
  /// The operand of labels by whose number the result is divided: it is read from the input of the
  /// program whose labels are counted.
  std::optional<unsigned> countedOperand = {};
  /// A sum of its operands (one, for a cast), which have one layout, that of the result too; they
  /// may pend.
  bool isSum = false;

  unsigned minOperands() const;
  /// UINT32_MAX if any number is taken.
  unsigned maxOperands() const;
  /// 'i', 'f' or 't'.
  char operandClass(unsigned index) const;
  bool consumes(unsigned operand) const;
};

/// All kernels, by name ascending.
std::span<const KernelInfo> allKernels();
/// The kernel of that name, or null.
const KernelInfo *findKernel(std::string_view name);

} // namespace aceso

#endif // ACESO_PROGRAM_KERNELS_H
