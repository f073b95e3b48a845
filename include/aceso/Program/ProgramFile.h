//===- ProgramFile.h - Programs as files ------------------------*- C++ -*-===//
//
// A program file is JSON: the version, a checksum of the content (FNV-1a, 64 bits, of the program's
// JSON without white space), and the program with the names of Program.h in lower case. Fields with
// their default value are left out. What is read has passed verifyProgram.
//
//===----------------------------------------------------------------------===//

#ifndef ACESO_PROGRAM_PROGRAMFILE_H
#define ACESO_PROGRAM_PROGRAMFILE_H

#include "aceso/Program/Program.h"
#include "aceso/Support/Result.h"

#include <string_view>

namespace aceso {

/// The content of a program file; one line for what fits on one line. The program must be legal
/// (verifyProgram): no number in it may be infinite.
std::string printProgram(const Program &program);

/// The program that `text` holds, not verified. Errors name `file`, the place in it (a JSON
/// pointer) and the remedy.
Result<Program> parseProgram(std::string_view text, const std::string &file);

/// Reads and verifies a program file.
Result<Program> readProgramFile(const std::string &file);

/// Writes a program file: whole or not at all. The error, or empty.
std::string writeProgramFile(const Program &program, const std::string &file);

} // namespace aceso

#endif // ACESO_PROGRAM_PROGRAMFILE_H
