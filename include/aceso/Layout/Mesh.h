//===- Mesh.h - The devices of a stage as mixed-radix digits ----*- C++ -*-===//
//
// The D devices of a stage are numbered in a mixed radix, most significant digit first (nodes are
// the leading digits). Data parallelism takes the leading digits whose product is dp, tensor
// parallelism the rest; see Signature.h. (docs/rationale/Layout.md)
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_LAYOUT_MESH_H
#define ACESO_LAYOUT_MESH_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace aceso {

/// Index of a digit of a mesh; 0 is the most significant one.
using Digit = uint8_t;
using DigitList = std::vector<Digit>;

class Mesh {
public:
  /// One device: no digits.
  Mesh() = default;
  /// Radices, most significant first; each at least 2.
  explicit Mesh(std::vector<int64_t> radices);

  /// The mesh in which every one of `dps` is a product of leading radices, for `devices` devices of
  /// which `devicesPerNode` stand in one node. The radices are the primes of the successive
  /// quotients of the chain 1 | ... | devices that the values form, ascending within a quotient;
  /// for a power of two all are 2. The node count joins the chain where it fits: then the leading
  /// digits are the node. Where it does not (3 devices of 2 a node, or 4 nodes beside dp 6), only
  /// speed suffers. None if the values form no chain of divisors.
  static std::optional<Mesh> factorize(int64_t devices, int64_t devicesPerNode,
                                       const std::vector<int64_t> &dps);

  unsigned numDigits() const { return radices.size(); }
  int64_t radix(Digit digit) const { return radices[digit]; }
  const std::vector<int64_t> &getRadices() const { return radices; }
  int64_t numDevices() const { return devices; }

  /// Digits of a device, and back.
  std::vector<int64_t> coordinates(int64_t device) const;
  int64_t device(const std::vector<int64_t> &coordinates) const;

  /// Product of the radices of `digits`: the size of the group of devices that differ only in them.
  int64_t product(const DigitList &digits) const;

  /// The coordinates of `digits`, read as one mixed-radix number, first digit major: the place of a
  /// device in its group, and of its part in a dimension that `digits` split.
  int64_t position(const DigitList &digits, const std::vector<int64_t> &coordinates) const;

  /// How many leading digits dp takes; none if dp is no product of leading radices.
  std::optional<unsigned> numLeadingDigits(int64_t dp) const;

  bool operator==(const Mesh &other) const { return radices == other.radices; }

private:
  std::vector<int64_t> radices;
  int64_t devices = 1;
};

} // namespace aceso

#endif // ACESO_LAYOUT_MESH_H
