//===- CorruptProgram.h - Damages program files -----------------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_PROGRAM_CORRUPTPROGRAM_H
#define ACESO_TEST_UNIT_PROGRAM_CORRUPTPROGRAM_H

#include <optional>
#include <random>
#include <string>

namespace aceso::test {

class Corrupter {
public:
  explicit Corrupter(unsigned seed) : random(seed) {}

  /// One to three bytes changed.
  std::string flipBytes(std::string text);
  /// One value of the program changed to something near or far, the checksum made right again.
  std::string changeValue(const std::string &text);
  /// The same file with the right checksum; none if it is no JSON.
  std::optional<std::string> repairChecksum(const std::string &text);

private:
  std::mt19937 random;
};

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_PROGRAM_CORRUPTPROGRAM_H
