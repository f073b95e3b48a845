//===- Mesh.cpp - The devices of a stage as mixed-radix digits ------------===//

#include "aceso/Layout/Mesh.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace aceso {

Mesh::Mesh(std::vector<int64_t> radices) : radices(std::move(radices)) {
  assert(this->radices.size() <= std::numeric_limits<Digit>::max() && "a digit is one byte");
  for (int64_t radix : this->radices) {
    assert(radix >= 2 && "a digit of radix 1 says nothing");
    devices *= radix;
  }
}

/// Appends the primes of `number`, ascending.
static void appendPrimes(int64_t number, std::vector<int64_t> &primes) {
  for (int64_t prime = 2; prime * prime <= number; ++prime)
    for (; number % prime == 0; number /= prime)
      primes.push_back(prime);
  if (number > 1)
    primes.push_back(number);
}

/// The radices of the chain 1 | ... | devices through `values`; none if they form no chain.
static std::optional<std::vector<int64_t>> radicesOfChain(int64_t devices,
                                                          std::vector<int64_t> values) {
  values.push_back(devices);
  std::sort(values.begin(), values.end());
  std::vector<int64_t> radices;
  int64_t previous = 1;
  for (int64_t value : values) {
    if (value < 1 || value > devices || value % previous != 0)
      return std::nullopt;
    appendPrimes(value / previous, radices);
    previous = value;
  }
  return radices;
}

std::optional<Mesh> Mesh::factorize(int64_t devices, int64_t devicesPerNode,
                                    const std::vector<int64_t> &dps) {
  if (devices < 1)
    return std::nullopt;
  if (devicesPerNode >= 1 && devices > devicesPerNode && devices % devicesPerNode == 0) {
    std::vector<int64_t> values = dps;
    values.push_back(devices / devicesPerNode);
    if (std::optional<std::vector<int64_t>> radices = radicesOfChain(devices, values))
      return Mesh(std::move(*radices));
  }
  if (std::optional<std::vector<int64_t>> radices = radicesOfChain(devices, dps))
    return Mesh(std::move(*radices));
  return std::nullopt;
}

std::vector<int64_t> Mesh::coordinates(int64_t device) const {
  assert(device >= 0 && device < devices && "no such device");
  std::vector<int64_t> result(radices.size());
  for (size_t digit = radices.size(); digit-- > 0; device /= radices[digit])
    result[digit] = device % radices[digit];
  return result;
}

int64_t Mesh::device(const std::vector<int64_t> &coordinates) const {
  assert(coordinates.size() == radices.size() && "one coordinate for each digit");
  int64_t result = 0;
  for (size_t digit = 0; digit < radices.size(); ++digit)
    result = result * radices[digit] + coordinates[digit];
  return result;
}

int64_t Mesh::product(const DigitList &digits) const {
  int64_t result = 1;
  for (Digit digit : digits)
    result *= radices[digit];
  return result;
}

int64_t Mesh::position(const DigitList &digits, const std::vector<int64_t> &coordinates) const {
  int64_t result = 0;
  for (Digit digit : digits)
    result = result * radices[digit] + coordinates[digit];
  return result;
}

std::optional<unsigned> Mesh::numLeadingDigits(int64_t dp) const {
  int64_t product = 1;
  for (unsigned count = 0;; ++count) {
    if (product == dp)
      return count;
    if (product > dp || count == radices.size())
      return std::nullopt;
    product *= radices[count];
  }
}

} // namespace aceso
